"""What time does: offers end, parked work comes back, browsers that vanished free their work.

Also the sweeper of promise 5: whatever is held by nobody who is here waits again, and that is reported."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from portevoix.actions import (
    contacts,
    conversations,
    floor,
    floor_acts,
    handled,
    presence,
    uploads,
    vocabulary,
)
from portevoix.bus import HERE
from portevoix.runners.base import Rounds, setup_logging
from portevoix.runners.signs import Signs
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

REPAIR_SECONDS: Final = 15.0
CLEAR_SECONDS: Final = 900.0
LEARN_SECONDS: Final = 2.0
WATCH_SECONDS: Final = 2.0


class Timers:
    """One round every half second; each step is a fenced statement, so two timers do no harm."""

    def __init__(self, rounds: Rounds) -> None:
        self._bus = rounds.bus
        self._clock = DatabaseClock()
        self._signs = Signs(rounds.bus, HERE)
        self._repaired = float("-inf")
        self._cleared = float("-inf")
        self._learned = float("-inf")
        self._watched = float("-inf")
        self._counted = float("-inf")

    def round(self, conn: Connection) -> None:
        """Everything that is due now."""
        at = self._clock.now(conn)
        expired = contacts.expire_offers(conn, at)
        for _, account_id in expired:
            presence.missed(conn, account_id, at)
        done = bool(expired)
        done |= bool(contacts.wake_due(conn, at))
        presence.seen_many(conn, self._signs.to_write(), at)
        done |= bool(presence.sweep(conn, at, self._signs.silent()))
        done |= bool(presence.end_wrap_ups(conn, at))
        done |= bool(floor.end_pauses(conn, at))
        done |= bool(floor_acts.end_skills(conn, at))
        done |= self._repair(conn, at)
        if time.monotonic() - self._watched > WATCH_SECONDS:
            self._watched = time.monotonic()
            done |= bool(floor.watch(conn, at))
        if done:
            self._bus.poke()
        self._clear(conn, at)
        if time.monotonic() - self._learned > LEARN_SECONDS:
            # One batch at a time: after a flood of mail it catches up behind everything that matters more.
            self._learned = time.monotonic()
            vocabulary.learn(conn)
        if time.monotonic() - self._counted > LEARN_SECONDS and not handled.learn(conn):
            self._counted = time.monotonic()

    def _clear(self, conn: Connection, at: datetime) -> None:
        """Files that nobody sent, old signs of writing, parents that never came."""
        if time.monotonic() - self._cleared > CLEAR_SECONDS:
            self._cleared = time.monotonic()
            uploads.sweep(conn, at)
            conversations.forget_writing(conn, at)
            conversations.forget_awaited(conn, at)

    def _repair(self, conn: Connection, at: datetime) -> bool:
        if time.monotonic() - self._repaired < REPAIR_SECONDS:
            return False
        self._repaired = time.monotonic()
        freed = presence.repair(conn, at)
        if freed:
            log.warning("timers: contacts %s were held by somebody who is not here: they wait again", freed)
        return bool(freed)


def main() -> None:
    """Run until told to stop."""
    setup_logging()
    rounds = Rounds("timers", every=0.5)
    rounds.run(Timers(rounds).round)


if __name__ == "__main__":
    main()
