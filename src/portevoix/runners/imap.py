"""Mail in by IMAP, where a mailbox stays with a provider: a thread per door, so a broken one holds up no other.

A mail is marked in the mailbox only after it is committed; one that was committed but not marked (a crash between
the two) is known again by its idempotency key. So a full look at the mailbox is always safe, and is taken at
every connection.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg

from portevoix.actions import mailroom
from portevoix.actions.intake import put_aside, take_in
from portevoix.bus import NatsBus
from portevoix.channels.mail.imap import (
    FETCHED,
    KEYWORD,
    SEEN,
    Mailbox,
    MailboxError,
    Session,
    Trouble,
    envelope,
)
from portevoix.channels.mail.limits import DEFAULT, MEGABYTE
from portevoix.runners.base import Rounds, secret, setup_logging
from portevoix.runners.canary import REASON, Canary
from portevoix.store import db, live
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from portevoix.actions.inbound import Inbound
    from portevoix.bus import Bus
    from portevoix.channels.mail.imap import Fetched
    from portevoix.store.db import Connection, Pool

log = logging.getLogger(__name__)

BATCH: Final = 16
BATCH_BYTES: Final = 8 * MEGABYTE
#: Mailboxes looked at, and mails in memory, at the same time.
CONNECTIONS: Final = 4
_READ_SECONDS: Final = 2.0
_CHECK_SECONDS: Final = 30.0  # a look without being told: servers forget to tell, and some cannot
_SLICE_SECONDS: Final = 0.5
_SLOWEST_SECONDS: Final = 300.0
_LOGIN_SECONDS: Final = 30.0  # providers lock an account after a few wrong passwords a minute


@dataclass(frozen=True, slots=True)
class Post:
    """A door with its mailbox: when anything of it changes, its thread is replaced."""

    door: mailroom.Door
    box: Mailbox


class Office:
    """What the threads share."""

    def __init__(self, pool: Pool, bus: Bus, canary: Canary) -> None:
        self.pool = pool
        self.bus = bus
        self.canary = canary
        self.secret = secret()
        self.centre: mailroom.Centre | None = None
        self.clock = DatabaseClock()
        #: Large mailboxes must not fill the memory together.
        self.hands = threading.BoundedSemaphore(CONNECTIONS)


class Carrier(threading.Thread):
    """Fetches for one door until told to stop."""

    def __init__(self, office: Office, post: Post) -> None:
        super().__init__(name=f"imap {post.door.address}", daemon=True)
        self.post = post
        self._office = office
        self._halt = threading.Event()
        self._failures = 0
        self.status: dict[str, Any] = {"state": "connecting", "taken": 0}

    def halt(self) -> None:
        """Stop after the batch in hand."""
        self._halt.set()

    def run(self) -> None:
        """Connect, fetch, wait; after trouble later again."""
        while not self._halt.is_set():
            try:
                self._visit()
            except MailboxError as error:
                self._fail(error.trouble.value, str(error), login=error.trouble is Trouble.LOGIN)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._fail("database away", str(error))
            except Exception as error:
                log.exception("imap: %s", self.post.door.address)
                self._fail("local error", type(error).__name__)

    def _fail(self, state: str, words: str, *, login: bool = False) -> None:
        if self._halt.is_set():
            return
        if self.status["state"] != state:
            log.warning("imap: %s: %s %s", self.post.door.address, state, words)
        self.status = self.status | {"state": state, "words": words[:200]}
        self._failures += 1
        slowest = 2.0 if state == "database away" else _SLOWEST_SECONDS
        delay = min(2.0 ** (self._failures - 1), slowest) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        self._halt.wait(max(delay, _LOGIN_SECONDS) if login else delay)

    def _visit(self) -> None:
        if not self.post.box.password:
            raise MailboxError(Trouble.UNSET)
        session = Session(self.post.box)
        try:
            self._fetch_all(session, set())
            words = (
                ""
                if session.mark == self.post.box.mark
                else "no keywords: mails read elsewhere are not taken"
            )
            self.status = {"state": "ok", "words": words, "taken": self.status["taken"]}
            self._failures = 0
            while not self._halt.is_set():
                self._wait(session)
                # Whatever a mail's UID was, what carries no mark is looked at: ``seen`` only ends one round.
                self._fetch_all(session, set())
        finally:
            session.close()

    def _wait(self, session: Session) -> None:
        until = time.monotonic() + _CHECK_SECONDS
        if session.idles:
            session.idle()
        told = False
        while not told and not self._halt.is_set() and (left := until - time.monotonic()) > 0:
            if session.idles:
                told = session.told(min(_SLICE_SECONDS, left))
            else:
                self._halt.wait(left)
        if session.idles:
            session.idle_done()
        else:
            session.noop()

    # --- mails --------------------------------------------------------------------------------------

    def _fetch_all(self, session: Session, seen: set[int]) -> None:
        """Until the mailbox holds nothing new. A server that forgets our mark makes no endless round of it."""
        while not self._halt.is_set():
            uids = [uid for uid in session.new() if uid not in seen]
            if not uids:
                return
            seen.update(uids)
            for start in range(0, len(uids), 500):
                sizes = session.sizes(uids[start : start + 500])
                for batch in _batches(sizes):
                    if self._halt.is_set():
                        return
                    with self._office.hands:
                        self._take(session, batch, sizes)

    def _take(self, session: Session, uids: Sequence[int], sizes: dict[int, int]) -> None:
        size = sizes[uids[0]]
        if len(uids) == 1 and size > FETCHED:
            begun = session.beginning(uids[0], size)
            mails = [begun] if begun else []
        else:
            mails = session.fetch(uids)
        if not mails:
            return
        with self._office.pool.connection() as conn:
            if self._office.centre is None:
                self._office.centre = mailroom.Centre.read(conn)
            items = [item for mail in mails if (item := self._item(conn, mail)) is not None]
            if items:
                take_in(conn, items)
        self._office.bus.poke()
        session.taken([mail.uid for mail in mails])
        self.status["taken"] += len(mails)

    def _item(self, conn: Connection, mail: Fetched) -> Inbound | None:
        """What is to be stored, or None when the mail was put aside."""
        if mail.size > DEFAULT.size:
            words = f"too-big: {mail.size / MEGABYTE:.1f} MB"
            self._aside(
                conn, mail, words if mail.whole else f"{words}, only its beginning; it stays in the mailbox"
            )
            return None
        canary, centre = self._office.canary, self._office.centre
        assert centre is not None
        if canary.deadly(mail.raw):
            self._aside(conn, mail, REASON)
            return None
        slot, understood = canary.enter(mail.raw), False
        try:
            return_path, recipients = envelope(mail.raw)
            item = mailroom.inbound(
                mail.raw,
                self.post.door,
                centre,
                secret=self._office.secret,
                at=self._office.clock.now(conn),
                recipient=mailroom.addressed(self.post.door, recipients),
                return_path=return_path,
            )
            understood = True
        except Exception as error:  # one bad mail never holds up the next
            log.exception("imap: a mail was not understood")
            self._aside(conn, mail, f"not-understood: {type(error).__name__}")
            return None
        finally:
            canary.leave(slot, understood=understood)
        return item

    def _aside(self, conn: Connection, mail: Fetched, reason: str) -> None:
        try:
            sender, recipients = envelope(mail.raw)
        except Exception:  # noqa: BLE001 - the mail is kept whatever its header is
            sender, recipients = None, []
        door = self.post.door
        put_aside(
            conn,
            raw=mail.raw,
            door_id=door.id,
            sender=sender or "",
            recipient=mailroom.addressed(door, recipients),
            reason=reason,
            at=self._office.clock.now(conn),
        )


def _batches(sizes: dict[int, int]) -> Iterator[list[int]]:
    """UIDs to fetch together: few, and small together; a large mail alone."""
    batch: list[int] = []
    held = 0
    for uid in sorted(sizes):
        if batch and (len(batch) >= BATCH or held + sizes[uid] > BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(uid)
        held += sizes[uid]
    if batch:
        yield batch


def _posts(conn: Connection) -> dict[int, Post]:
    mark = SEEN if os.environ.get("PORTEVOIX_IMAP_MARK") == "seen" else KEYWORD
    move_to = os.environ.get("PORTEVOIX_IMAP_MOVE", "")
    posts = {}
    for row in live.rows(conn, "mailboxes"):
        name = row["imap_secret"].upper().replace("-", "_")
        box = Mailbox(
            host=row["imap_host"],
            port=row["imap_port"],
            tls=row["imap_tls"],
            user=row["imap_user"] or row["address"],
            password=os.environ.get(f"PORTEVOIX_IMAP_{name}", "") if name else "",
            folder=row["imap_folder"] or "INBOX",
            mark=mark,
            move_to=move_to,
        )
        posts[row["id"]] = Post(mailroom.Door(row["id"], row["line_id"], row["address"]), box)
    return posts


class Fetching:
    """Keeps one carrier per mailbox, as the configuration says now."""

    def __init__(self, office: Office, rounds: Rounds) -> None:
        self._office = office
        self._rounds = rounds
        self._carriers: dict[int, Carrier] = {}
        self._leaving: list[Carrier] = []
        self._read = float("-inf")

    def round(self, conn: Connection) -> None:
        """Read the configuration now and then, start and stop carriers, note how they do."""
        if time.monotonic() - self._read > _READ_SECONDS:
            self._office.centre = mailroom.Centre.read(conn)
            self._office.clock.now(conn)
            self._follow(_posts(conn))
            self._read = time.monotonic()
        self._rounds.detail = {
            "doors": {c.post.door.address: dict(c.status) for c in self._carriers.values()}
        }

    def _follow(self, posts: dict[int, Post]) -> None:
        for door_id, carrier in list(self._carriers.items()):
            if posts.get(door_id) != carrier.post:
                carrier.halt()
                self._leaving.append(self._carriers.pop(door_id))
        self._leaving = [carrier for carrier in self._leaving if carrier.is_alive()]
        for door_id, post in posts.items():
            if door_id not in self._carriers:
                carrier = self._carriers[door_id] = Carrier(self._office, post)
                carrier.start()

    def close(self) -> None:
        """Stop all; what was begun is finished."""
        self._follow({})
        for carrier in self._leaving:
            carrier.join(10)


def main() -> None:
    """Run until told to stop."""
    setup_logging()
    logging.getLogger("imapclient").setLevel(logging.WARNING)
    rounds = Rounds("imap", every=_READ_SECONDS)
    pool = db.pool(size=CONNECTIONS, name="portevoix imap")
    office = Office(pool, NatsBus(name="imap"), Canary())
    fetching = Fetching(office, rounds)
    try:
        rounds.run(fetching.round)
    finally:
        fetching.close()
        office.bus.close()
        pool.close()


if __name__ == "__main__":
    main()
