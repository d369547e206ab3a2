"""The herald follows the log and tells browsers that something is new: which event, about what, to whom.

It starts at the end of the log, and says so: whatever happened before was perhaps not told, so open pages fetch what
they show anew. The same after the bus was away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from portevoix.bus import RESYNC
from portevoix.runners.base import Rounds, setup_logging
from portevoix.store import live, log

if TYPE_CHECKING:
    from portevoix.store.db import Connection


class Herald:
    """Where it stands in the log, and the bus it tells."""

    def __init__(self, rounds: Rounds) -> None:
        self._bus = rounds.bus
        self._log: log.Follower | None = None
        self._bus.when_connected(self._resync)

    def _resync(self) -> None:
        self._bus.tell(RESYNC, b"{}")

    def begin(self, conn: Connection) -> None:
        """Start at the end of the log; after an outage go on from where it stood."""
        if self._log is None:
            self._log = log.Follower(log.head(conn))
            self._resync()

    def round(self, conn: Connection) -> None:
        """Tell everything that is new."""
        while self._log is not None and (news := self._log.news(conn)):
            for recorded in news:
                self._tell(recorded)

    def _tell(self, recorded: log.Recorded) -> None:
        push = {
            "seq": recorded.cursor.id,
            "kind": recorded.event.kind,
            "id": recorded.conversation_id,
            "contact": recorded.contact_id,
        }
        body = recorded.event.body()
        # `account.*` comes first in this order, and a connection gives an event once: a browser knows that it is
        # about its own person, and the other two hundred on the line need not fetch their work again.
        for topic in sorted(live.topics(recorded.event.kind, recorded.line_id, body, recorded.actor_id)):
            self._bus.tell(topic, orjson.dumps(push | {"mine": topic.startswith("account.")}))


def main() -> None:
    """Run until told to stop."""
    setup_logging()
    rounds = Rounds("herald", every=1.0)
    herald = Herald(rounds)
    rounds.run(herald.round, begin=herald.begin)


if __name__ == "__main__":
    main()
