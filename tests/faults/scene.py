"""Two routers and the timers on one floor on which a crew works, for the tests that break them."""

from __future__ import annotations

import contextlib
import os

from crew import Crew, people_in
from services.ports import until
from watch import idle, watch

from portevoix.store import db

PEOPLE = int(os.environ.get("PORTEVOIX_FAULT_PEOPLE", "20"))


class Scene:
    """Begins with a queue: more waits than all hands can hold. ``router``: another command than the product's."""

    def __init__(self, centre, ledger, *, router=None, **environment):
        self.centre, self.url = centre, centre.environment["DATABASE_URL"]
        self.crew = Crew(self.url, centre.environment["NATS_URL"], ledger, PEOPLE)
        with self.connect() as conn:
            people_in(conn, PEOPLE)
        self.crew.arrive()
        until(lambda: len(ledger.acked) >= self.crew.backlog)
        self.routers = [
            centre.start("router", known_as=f"router {number}", keep=True, command=router, **environment)
            for number in (1, 2)
        ]
        centre.start("timers", **environment)
        self.crew.work()

    @contextlib.contextmanager
    def connect(self):
        with contextlib.closing(db.connect(self.url)) as conn:
            yield conn

    def idle(self):
        """Who is idle beside work of theirs."""
        with self.connect() as conn:
            return idle(conn)

    def calm(self):
        """No hand moves: whoever could have something has it, and it stays so."""
        self.crew.rest()
        until(lambda: not self.idle(), seconds=60, why="somebody idles beside work of theirs")
        self.crew.go_on()

    def faults(self):
        """What is wrong so far; what has not ended yet is among it."""
        with self.connect() as conn:
            return watch(conn, self.crew)

    def verdict(self):
        """What is wrong after everything that came was finished: nothing, if all is well."""
        with self.connect() as conn:
            self.crew.finish(conn)
        return self.faults()
