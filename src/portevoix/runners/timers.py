"""What time does: offers end, parked work comes back, browsers that vanished free their work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.actions import contacts, presence
from portevoix.runners.base import Rounds, setup_logging
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from portevoix.store.db import Connection


class Timers:
    """One round every half second; each step is a fenced statement, so two timers do no harm."""

    def __init__(self, rounds: Rounds) -> None:
        self._bus = rounds.bus
        self._clock = DatabaseClock()

    def round(self, conn: Connection) -> None:
        """Everything that is due now."""
        at = self._clock.now(conn)
        done = bool(contacts.expire_offers(conn, at))
        done |= bool(contacts.wake_due(conn, at))
        done |= bool(presence.sweep(conn, at))
        if done:
            self._bus.poke()


def main() -> None:
    """Run until told to stop."""
    setup_logging()
    rounds = Rounds("timers", every=0.5)
    rounds.run(Timers(rounds).round)


if __name__ == "__main__":
    main()
