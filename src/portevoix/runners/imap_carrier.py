"""The thread that fetches for one door: connect, look, wait to be told, look again; after trouble later."""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg

from portevoix.channels.mail.imap import Session
from portevoix.channels.mail.imap_connection import CHECK_SECONDS, After, Mailbox, MailboxError, Trouble
from portevoix.runners.imap_taking import Hand, Office, batches

if TYPE_CHECKING:
    from portevoix.actions import mailroom
    from portevoix.channels.mail.imap import Listed

log = logging.getLogger(__name__)

_WHOLE_SECONDS: Final = 600.0  # a look at the whole mailbox where the server keeps no marks
_SLICE_SECONDS: Final = 0.5
_SLOWEST_SECONDS: Final = 300.0
_LOGIN_SECONDS: Final = 30.0  # providers lock an account after a few wrong passwords a minute
_LISTED: Final = 500  # mails described by one answer of the server


@dataclass(frozen=True, slots=True)
class Post:
    """A door with its mailbox: when anything of it changes, its thread is replaced."""

    door: mailroom.Door
    box: Mailbox


class Carrier(threading.Thread):
    """Fetches for one door until told to stop."""

    def __init__(self, office: Office, post: Post) -> None:
        super().__init__(name=f"imap {post.door.address}", daemon=True)
        self.post = post
        self._office = office
        self._halt = threading.Event()
        self._failures = 0
        self._top = 0  # the highest UID seen in this session
        self._not_ours: set[int] = set()  # UIDs of this session that arrived too early
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
            hand = Hand(self._office, self.post.door, session)
            self._top, self._not_ours = 0, set()
            whole = self._look_at_all(session, hand)
            while not self._halt.is_set():
                self._wait(session)
                if session.keeps or time.monotonic() - whole > _WHOLE_SECONDS:
                    # Whatever a mail's UID is, what carries no mark is looked at.
                    whole = self._look_at_all(session, hand)
                else:
                    self._fetch(session, hand, above=self._top)
                    self._well(session, hand)
        finally:
            session.close()

    def _well(self, session: Session, hand: Hand) -> None:
        words = hand.words
        if not words and not session.keeps and self.post.box.after is not After.LEAVE:
            words = "the server keeps no keywords: what was taken is remembered here"
        self.status = {"state": "ok", "words": words[:200], "taken": self.status["taken"]}
        self._failures = 0

    def _wait(self, session: Session) -> None:
        # A look without being told: servers forget to tell, and some cannot.
        until = time.monotonic() + CHECK_SECONDS
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

    def _look_at_all(self, session: Session, hand: Hand) -> float:
        """The whole mailbox; gives when. Where the server keeps no marks, also what was taken is listed."""
        listed = self._fetch(session, hand)
        if not self._halt.is_set():
            hand.tidy(listed)
            self._well(session, hand)
        return time.monotonic()

    def _fetch(self, session: Session, hand: Hand, above: int = 0) -> dict[int, Listed]:
        """Until the mailbox holds nothing new. A server that forgets our mark makes no endless round of it."""
        seen: dict[int, Listed] = {}
        asked: set[int] = set()
        while not self._halt.is_set():
            uids = [uid for uid in session.new(above) if uid not in asked and uid not in self._not_ours]
            if not uids:
                break
            asked.update(uids)
            self._top = max(self._top, uids[-1])
            for start in range(0, len(uids), _LISTED):
                listed = session.listed(uids[start : start + _LISTED])
                seen |= listed
                self._not_ours.update(uid for uid, mail in listed.items() if not session.wants(mail))
                for batch in batches(hand.fresh(listed)):
                    if self._halt.is_set():
                        return seen
                    self.status["taken"] += hand.take(batch)
        return seen
