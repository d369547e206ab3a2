"""The way out under fault: answers of an adviser, the mailbox they arrive in, and what both must show in the end."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import uuid
from collections import Counter, defaultdict
from datetime import UTC, datetime

import psycopg
from centre_rows import came
from ledger import breaches
from services.ports import until
from sink import Sink

from portevoix.actions import acknowledge, messages
from portevoix.store import db

DOMAIN = "centre.example"
ADVISER = """insert into account (id, password, is_superuser, email, full_name, public_name, role, language, theme,
  density, font, sound, shortcuts, mail_capacity, is_active, is_staff, created_at)
values (1, '!', false, 'a@x.example', 'A', 'A', 'adviser', 'fr', 'auto', 'comfortable', 'default', true, true, 3, true,
  false, now())"""
AWAY = (psycopg.OperationalError, psycopg.InterfaceError)


def secret() -> bytes:
    return os.environ["PORTEVOIX_SECRET"].encode()


class Post:
    """A centre with one adviser who answers, and a relay that keeps what it takes."""

    def __init__(self, conn, centre, **sink):
        self.conn, self.url = conn, centre.environment["DATABASE_URL"]
        self.sink = Sink(**sink)
        conn.execute(ADVISER)
        conn.execute("insert into adviser_line (account_id, line_id) values (1, 1)")
        conn.execute("update line set ack_active = false")
        self.centre = centre
        centre.environment |= {
            "PORTEVOIX_RELAY": f"127.0.0.1:{self.sink.port}",
            "PORTEVOIX_DOMAIN": DOMAIN,
            "PORTEVOIX_TESTING": "1",
        }

    def question(self, client: str) -> int:
        """A mail came in; its conversation."""
        return came(self.conn, client, at=datetime.now(UTC)).conversation_id

    def answer(self, conversation: int, to: str, body: str = "Bonjour", conn=None, token="") -> int:
        """An answer that is due at once."""
        return messages.reply(
            conn or self.conn,
            conversation_id=conversation,
            account_id=1,
            body=body,
            upload_ids=[],
            recipients=[{"name": "", "address": to, "as": "to"}],
            token=token or uuid.uuid4().hex,
            secret=secret(),
            domain=DOMAIN,
            at=datetime.now(UTC),
            undo_seconds=0,
        )

    def acknowledge(self) -> None:
        """What any outbox process does first: read on in the log and write what is owed."""
        acknowledge.follow(self.conn, secret=secret(), domain=DOMAIN, at=datetime.now(UTC))

    def insist(self, conversation: int, to: str, body: str) -> None:
        """Answer until the centre says that it has it, as a browser's form does: the same token each time."""
        token = uuid.uuid4().hex

        def tried() -> bool:
            try:
                with db.connect(self.url) as conn:
                    self.answer(conversation, to, body, conn, token)
            except AWAY:
                return False
            return True

        until(tried, seconds=60)

    # --- what became of it ----------------------------------------------------------------------------

    def left(self) -> int:
        """How many have not reached their end."""
        row = self.conn.execute(
            "select count(*) as n from outgoing where state in ('held', 'due', 'sending')"
        ).fetchone()
        return row["n"]

    def all_left(self, seconds: float = 60) -> None:
        until(lambda: self.left() == 0, seconds=seconds)

    def time_passes(self) -> None:
        """Every lease ends and everything is due: what three, or eleven, minutes bring."""
        self.conn.execute("update outgoing set lease_until = now() where state = 'sending'")
        self.conn.execute("update outgoing set not_before = now() where state in ('held', 'due')")

    def copies(self) -> Counter[str]:
        """How often each Message-ID arrived; all copies of one are the same bytes to the same people."""
        seen: dict[str, set[str]] = defaultdict(set)
        times: Counter[str] = Counter()
        for name, (sender, people, content) in zip(self.sink.names, self.sink.taken, strict=True):
            seen[name].add(hashlib.sha256(repr((sender, people, content)).encode()).hexdigest())
            times[name] += 1
        assert all(len(kinds) == 1 for kinds in seen.values()), "two copies of a mail differ"
        return times

    def doubled(self) -> list[str]:
        return [name for name, times in self.copies().items() if times > 1]

    def settled(self) -> None:
        """Everything the adviser sees was sent, and is at the relay; nothing is there that nobody sees."""
        rows = self.conn.execute(
            "select m.external_id, m.status, o.state, o.content from message m left join outgoing o on o.message_id = m.id"
            " where m.kind = 'out' or m.source_id like 'ack:%'"
        ).fetchall()
        assert {(row["status"], row["state"]) for row in rows} <= {("sent", "sent")}
        names = [f"<{row['external_id']}>" for row in rows]
        assert len(names) == len(set(names))
        assert set(names) == set(self.copies())
        kept = {f"<{row['external_id']}>": row["content"] for row in rows}
        for name, (_, _, content) in zip(self.sink.names, self.sink.taken, strict=True):
            assert content == kept[name], "what left is not what is kept"
        assert breaches(self.conn) == []


def doctor(url: str) -> list[str]:
    """What ``portevoix doctor`` itself says is wrong with a centre on this database, as an operator calls it.

    The test's server has fsync off on purpose, and its processes were killed on purpose.
    """
    import json

    env = os.environ | {"DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "portevoix", "doctor", "--json", "--data", "/nonexistent"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    checks = json.loads(done.stdout)["checks"]
    ours = ("durable", "signs of life", "set aside", "bus")
    return [
        f"{c['name']}: {c['findings']}" for c in checks if c["result"] == "failed" and c["name"] not in ours
    ]
