"""F28: the wall clock of a process steps an hour or a day, forward and back, while it works. Nothing ends, wakes or leaves
before its time or after it, nothing happens twice, and what is written bears the database's time."""

import os
import shutil
import struct
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from ledger import Sender, check
from post import Post, doctor
from services.ports import until

from portevoix.actions import contacts, presence

HOUR, DAY = 3600, 86400
#: The full run (PORTEVOIX_FAULT_STEPS=all) steps there and back by both.
STEPS = (HOUR, 0, -HOUR, DAY, -DAY, 0) if os.environ.get("PORTEVOIX_FAULT_STEPS") == "all" else (DAY, -HOUR)
PROCESSES = ("mail", "router", "timers", "outbox")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("gcc") is None, reason="needs Debian's gcc for the clock that is wrong"),
]


class WrongClock:
    """Preloaded into a process; ``step`` changes the time it sees at once."""

    def __init__(self, place: Path) -> None:
        self._file = place / "wrong"
        library = place / "wrong_clock.so"
        source = Path(__file__).with_name("wrong_clock.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        self.step(0)
        self.environment = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self._file)}

    def step(self, seconds: int) -> None:
        """From now on wrong by so much. The file is changed in place: processes have it mapped."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))


@pytest.fixture
def clock(tmp_path):
    return WrongClock(tmp_path)


def now(conn):
    return conn.execute("select clock_timestamp() as at").fetchone()["at"]


def test_the_wrong_clock_is_wrong(clock):
    clock.step(DAY)
    said = subprocess.run(
        [sys.executable, "-c", "import time, datetime; print(int(time.time()), datetime.datetime.now().timestamp())"],
        env=os.environ | clock.environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    right = subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True).stdout
    assert all(abs(float(one) - float(right) - DAY) < 30 for one in said.split())


class Standing:
    """What must stay as it is: work set aside, an offer on a screen, an answer that may still be undone."""

    def __init__(self, post):
        self.post, conn = post, post.conn
        conn.execute("update line set offer_seconds = 1800, preferred_seconds = 1800")
        conn.execute("update account set mail_capacity = 1")
        talks = [post.question(f"{name}@client.example") for name in ("parked", "held")]
        ids = {
            row["conversation_id"]: row["id"]
            for row in conn.execute("select id, conversation_id from contact").fetchall()
        }
        at = now(conn)
        presence.set_state(conn, 1, "available", "", at)
        for talk in talks:
            contacts.offer(conn, [contacts.Offer(ids[talk], 1, {})], at)
            contacts.accept(conn, ids[talk], 1, at)
        contacts.park(conn, ids[talks[0]], 1, at + timedelta(hours=6), at)
        post.answer(talks[1], "held@client.example", "Encore un instant.")
        conn.execute("update outgoing set state = 'held', not_before = now() + interval '40 minutes'")
        conn.execute("update message set status = 'held' where kind = 'out'")
        contacts.close(conn, ids[talks[1]], 1, subject_id=None, at=at)

    def seen(self):
        """The adviser's browser lives, and this is what stands."""
        conn = self.post.conn
        presence.seen(conn, 1, now(conn))
        return {
            "parked": conn.execute("select id, wake_at from contact where state = 'parked'").fetchall(),
            "offered": conn.execute("select contact_id, account_id, expires_at from seat where state = 'offered'").fetchall(),
            "held": conn.execute("select message_id, not_before from outgoing where state = 'held'").fetchall(),
            "here": conn.execute("select state from presence").fetchall(),
        }  # fmt: skip


def lived(conn, since):
    beats = conn.execute("select process from heartbeat where at > %s", [since]).fetchall()
    return {row["process"] for row in beats} >= set(PROCESSES)


def test_the_clock_of_each_process_steps_while_it_works(conn, centre, clock, ledger):
    post = Post(conn, centre)
    standing = Standing(post)
    for name in PROCESSES:
        centre.start(name, **clock.environment)
    sender, talk = Sender(ledger, centre.port), post.question("talk@client.example")
    until(lambda: standing.seen()["offered"], seconds=20)
    before = standing.seen()
    assert all(before.values())
    for group, step in enumerate(STEPS):
        clock.step(step)
        since = now(conn)
        for number in range(3):
            sender.send(group, number)
        post.answer(talk, "talk@client.example", f"Réponse {group}.")
        until(
            lambda: post.left() == 1, seconds=30, why=f"clock wrong by {step}: only the held one may be here"
        )
        until(lambda: lived(conn, since), seconds=30)  # noqa: B023
        assert standing.seen() == before, f"clock wrong by {step}"
    wrong = conn.execute(
        "select kind, at from event where abs(extract(epoch from clock_timestamp() - at)) > 300"
    ).fetchall()
    assert wrong == []
    assert check(conn, ledger).faults() == {}
    conn.execute("update outgoing set not_before = now() where state = 'held'")
    until(lambda: post.left() == 0, seconds=30)
    post.settled()
    assert post.doubled() == []
    post.sink.stop()
    assert doctor(centre.environment["DATABASE_URL"]) == []
