"""From a mail in a mailbox to a committed contact: a batch is fetched, understood, stored, then marked as taken."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from portevoix.actions import mailroom
from portevoix.actions.intake import put_aside, take_in
from portevoix.actions.mailboxes import Memory
from portevoix.channels.mail.imap import FETCHED, envelope
from portevoix.channels.mail.limits import DEFAULT, MEGABYTE
from portevoix.runners.base import secret
from portevoix.runners.canary import REASON, Canary
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from portevoix.actions.inbound import Inbound
    from portevoix.bus import Bus
    from portevoix.channels.mail.imap import Fetched, Listed, Session
    from portevoix.store.db import Connection, Pool

log = logging.getLogger(__name__)

BATCH: Final = 16
BATCH_BYTES: Final = 8 * MEGABYTE
#: Mailboxes looked at, and mails in memory, at the same time.
CONNECTIONS: Final = 4


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


class Hand:
    """Takes the mails of one door out of one session's mailbox."""

    def __init__(self, office: Office, door: mailroom.Door, session: Session) -> None:
        self._office = office
        self._door = door
        self._session = session
        self.words = ""  # what the server refused to do with mails that are taken
        self._memory: Memory | None = None
        if not session.keeps:
            with office.pool.connection() as conn:
                self._memory = Memory(conn, door.id, session.place)

    def fresh(self, listed: Mapping[int, Listed]) -> list[Listed]:
        """Of the mails listed those to take: arrived late enough, and not known."""
        memory = self._memory
        return [
            mail
            for mail in listed.values()
            if self._session.wants(mail) and not (memory and memory.knows(mail.uid, mail.likeness))
        ]

    def take(self, mails: Sequence[Listed]) -> int:
        """Take one batch; when this returns it is committed and marked. Gives how many were there."""
        with self._office.hands:
            fetched = self._fetch(mails)
            if not fetched:
                return 0
            with self._office.pool.connection() as conn:
                if self._office.centre is None:
                    self._office.centre = mailroom.Centre.read(conn)
                items = [item for mail in fetched if (item := self._item(conn, mail)) is not None]
                if items:
                    take_in(conn, items)
                if self._memory:
                    here = {mail.uid for mail in fetched}
                    self._memory.add(conn, {mail.uid: mail.likeness for mail in mails if mail.uid in here})
        self._office.bus.poke()
        self.words = self._session.taken([mail.uid for mail in fetched])
        return len(fetched)

    def tidy(self, listed: Mapping[int, Listed]) -> None:
        """After a look at the whole mailbox: finish what a crash between commit and move left; forget what is gone."""
        memory = self._memory
        if memory:
            with self._office.pool.connection() as conn:
                memory.keep_only(conn, listed)
        if not self._session.moving:
            return
        if memory:
            left = [uid for uid, mail in listed.items() if memory.knows(uid, mail.likeness)]
        else:
            left = self._session.marked()
        if left:
            self.words = self._session.taken(left)

    def _fetch(self, mails: Sequence[Listed]) -> list[Fetched]:
        first = mails[0]
        if len(mails) == 1 and first.size > FETCHED:
            begun = self._session.beginning(first.uid, first.size)
            return [begun] if begun else []
        return self._session.fetch([mail.uid for mail in mails])

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
                self._door,
                centre,
                secret=self._office.secret,
                at=self._office.clock.now(conn),
                recipient=mailroom.addressed(self._door, recipients),
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
        put_aside(
            conn,
            raw=mail.raw,
            door_id=self._door.id,
            sender=sender or "",
            recipient=mailroom.addressed(self._door, recipients),
            reason=reason,
            at=self._office.clock.now(conn),
        )


def batches(mails: Sequence[Listed]) -> Iterator[list[Listed]]:
    """Mails to fetch together: few, and small together; a large mail alone."""
    batch: list[Listed] = []
    held = 0
    for mail in sorted(mails, key=lambda one: one.uid):
        if batch and (len(batch) >= BATCH or held + mail.size > BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(mail)
        held += mail.size
    if batch:
        yield batch
