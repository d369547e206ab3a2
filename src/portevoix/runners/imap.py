"""Mail in by IMAP, where a mailbox stays with a provider: a thread per door, so a broken one holds up no other.

A mail is marked in the mailbox only after it is committed; one that was committed but not marked (a crash between
the two) is known again by its idempotency key. So a full look at the mailbox is always safe, and is taken at
every connection.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from portevoix.actions import mailroom
from portevoix.actions.mailboxes import mailbox
from portevoix.bus import NatsBus
from portevoix.runners.base import READ_SECONDS, Rounds, on_configuration, setup_logging
from portevoix.runners.canary import Canary
from portevoix.runners.imap_carrier import Carrier, Post
from portevoix.runners.imap_taking import CONNECTIONS, Office
from portevoix.store import db, live

if TYPE_CHECKING:
    from portevoix.store.db import Connection

_ROUND_SECONDS: Final = 2.0


def _posts(conn: Connection) -> dict[int, Post]:
    return {
        row["id"]: Post(mailroom.Door(row["id"], row["line_id"], row["address"]), mailbox(row))
        for row in live.rows(conn, "mailboxes")
    }


class Fetching:
    """Keeps one carrier per mailbox, as the configuration says now."""

    def __init__(self, office: Office, rounds: Rounds) -> None:
        self._office = office
        self._rounds = rounds
        self._carriers: dict[int, Carrier] = {}
        self._leaving: list[Carrier] = []
        self._read = float("-inf")
        on_configuration(rounds.bus, self._changed)

    def _changed(self) -> None:
        self._read = float("-inf")
        self._rounds.stop.wake()

    def round(self, conn: Connection) -> None:
        """Read the configuration now and then, start and stop carriers, note how they do."""
        if time.monotonic() - self._read > READ_SECONDS:
            self._read = time.monotonic()  # first: a change told of while we read is read again
            self._office.centre = mailroom.Centre.read(conn)
            self._office.clock.now(conn)
            self._follow(_posts(conn))
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
    rounds = Rounds("imap", every=_ROUND_SECONDS)
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
