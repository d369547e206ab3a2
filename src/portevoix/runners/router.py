"""The live router: one process at a time decides who gets what, by the very rules of ``domain/routing``.

It holds an advisory lock on the connection on which it writes its offers, so a router that lost the lock
cannot commit. Another one follows what happens without deciding anything, and takes over in a second. The log says what
changed; the rows themselves are read again, so that no event is ever applied twice or in a wrong order.
"""

from __future__ import annotations

import gc
import logging
import time
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions import allocation, contacts
from portevoix.domain.advisers.capacity import Limits, Load
from portevoix.domain.advisers.presence import Presence
from portevoix.domain.channels import Channel
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.types import Adviser, Placement, Waiting
from portevoix.runners import router_terms
from portevoix.runners.base import Rounds, setup_logging
from portevoix.store import live, log
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from collections.abc import Collection

    from portevoix.store.db import Connection

logger = logging.getLogger(__name__)

#: Who declined or missed a contact is asked again after this, if nobody else took it.
BARRED_SECONDS: Final = 60.0
#: Offers of one transaction: few enough to be seen soon, many enough to share a commit.
BATCH: Final = 200
#: How often a router that only follows reads on: seldom enough to cost little, often enough to have little to catch up.
FOLLOWING_SECONDS: Final = 1.0
#: The collector looks for circles seldom: what waits is long-lived, and hardly anything here makes circles.
LAZY: Final = (50_000, 20, 100)
#: Told as changes of the configuration, but nothing that decides who gets what.
_NOT_OURS: Final = frozenset({"alarm", "pause_reason", "saved_answer", "set_aside", "subject", "works_from"})
#: Told of one person, who is then read again alone.
_OF_ONE: Final = frozenset({"adviser_line", "skill_for_now"})
_MOVED_ADVISER: Final = ("account_id", "from_account_id", "to_account_id")


class Router:
    """The floor as this process knows it, and the connection that holds the lock."""

    def __init__(self, rounds: Rounds) -> None:
        self._bus = rounds.bus
        self._clock = DatabaseClock()
        self._terms = router_terms.Terms()
        self._allocation = allocation.Allocation()
        self._floor = Floor(self._terms.policy)
        self._log = log.Follower(log.Cursor())
        self._leading = False
        self._knows = False  # the floor is as the tables were at the log's cursor
        self._followed = 0.0
        self._undecided: set[int] = set()  # seen before the leading router said whose people they are for
        self._again: set[int] = set()  # of these, those to look at once more
        self._barred: dict[int, float] = {}
        self._later: list[tuple[float, int]] = []  # (when, contact): its terms change then

    # --- leading ----------------------------------------------------------------------------------------

    def begin(self, _conn: Connection) -> None:
        """A new connection holds no lock, and what was half read on the former one counts for nothing."""
        self._leading = self._knows = False

    def round(self, conn: Connection) -> None:
        """Lead if possible; take in what changed; offer, or only follow who leads."""
        if not self._leading:
            row = live.row(conn, "lead")
            if row is None or not row["held"]:
                self._keep_up(conn)
                return
            self._leading = True
            logger.info("router: leading")
            self._take_over(conn)
        else:
            self._follow(conn)
        self._place(conn)

    def _keep_up(self, conn: Connection) -> None:
        """Follow who leads, to be ready."""
        if self._knows and time.monotonic() - self._followed < FOLLOWING_SECONDS:
            return
        if self._knows:
            self._follow(conn)
        else:
            self._rebuild(conn)
        self._floor.shelve(self._now(conn))
        self._followed = time.monotonic()

    def _take_over(self, conn: Connection) -> None:
        if not self._knows:
            self._rebuild(conn)
            return
        # What everybody had is only counted by who leads.
        self._allocation.load(conn, self._terms.by_code, self._clock.now(conn))
        self._follow(conn)

    def _rebuild(self, conn: Connection) -> None:
        """Everything from the tables. The cursor is taken first: what comes meanwhile is read again."""
        self._log = log.Follower(log.head(conn))
        self._terms = router_terms.read(live.rows(conn, "line_times"), live.rows(conn, "line_skills"))
        self._allocation.load(conn, self._terms.by_code, self._clock.now(conn))
        self._floor = Floor(self._terms.policy)
        self._barred.clear()
        self._later.clear()
        self._undecided.clear()
        self._again.clear()
        for row in live.advisers(conn):
            self._set_adviser(row)
        now = self._now(conn)
        waiting = live.waiting(conn)
        fresh = self._decide(conn, waiting)
        for row in waiting:
            self._set_waiting(row, now, fresh.get(row["id"]))
        self._knows = True
        gc.collect()
        gc.freeze()

    def _decide(self, conn: Connection, waiting: Collection[dict[str, Any]]) -> dict[int, allocation.Whose]:
        """Whose people those are for who have no decision yet; only who leads decides, the others look again."""
        if self._leading:
            return self._allocation.decide(conn, waiting, self._clock.now(conn))
        if self._allocation.active:
            without = {row["id"] for row in waiting if row["allotted_line"] != row["line_id"]}
            self._again = without - self._undecided
            self._undecided.difference_update(row["id"] for row in waiting)
            self._undecided |= without
        return {}

    # --- what changed -------------------------------------------------------------------------------------

    def _follow(self, conn: Connection) -> None:
        touched: set[int] = set()
        people: set[int] = set()
        while page := self._log.news(conn):
            for recorded in page:
                if recorded.event.kind == "configuration-changed":
                    body = recorded.event.body()
                    if body["what"] in _NOT_OURS:
                        continue
                    if body["what"] in _OF_ONE and body["ref"] is not None:
                        people.add(body["ref"])  # from the floor: nobody else is concerned
                        continue
                    self._rebuild(conn)
                    return
                self._note(recorded, touched, people)
        touched |= self._undecided if self._leading else self._again
        self._again = set()
        if self._leading:
            self._undecided.clear()
        now = self._now(conn)
        while self._later and self._later[0][0] <= now:
            touched.add(heappop(self._later)[1])
        self._read_again(conn, touched, people, now)

    def _note(self, recorded: log.Recorded, touched: set[int], people: set[int]) -> None:
        body = recorded.event.body()
        people.update(body[key] for key in _MOVED_ADVISER if body.get(key) is not None)
        if recorded.actor_id is not None:
            people.add(recorded.actor_id)
        if recorded.contact_id is None:
            return
        touched.add(recorded.contact_id)
        if recorded.event.kind in ("contact-declined", "contact-expired"):
            until = recorded.at.timestamp() + BARRED_SECONDS
            self._barred[recorded.contact_id] = until
            heappush(self._later, (until, recorded.contact_id))

    def _read_again(self, conn: Connection, touched: set[int], people: set[int], now: float) -> None:
        if touched:
            still = {row["id"]: row for row in live.waiting(conn, sorted(touched))}
            fresh = self._decide(conn, still.values())
            for contact_id in touched:
                if contact_id in still:
                    self._set_waiting(still[contact_id], now, fresh.get(contact_id))
                else:
                    self._floor.remove((contact_id, "adviser"))
                    self._barred.pop(contact_id, None)
        if people:
            known = {row["id"]: row for row in live.advisers(conn, sorted(people))}
            for account_id in people:
                if account_id in known:
                    self._set_adviser(known[account_id])
                else:
                    self._floor.remove_adviser(account_id)

    def _set_adviser(self, row: dict[str, Any]) -> None:
        load = Load()
        for _, channel, *_ in (*row["held"], *row["offered"]):
            load = load.plus(Channel(channel))
        self._floor.set_adviser(
            Adviser(
                id=row["id"],
                lines=frozenset(row["lines"]),
                skills=frozenset((skill, level) for skill, level in row["skills"]),
                presence=Presence(row["state"] or "offline"),
                load=load,
                idle_since=row["idle_since"].timestamp() if row["idle_since"] else 0.0,
                limits=Limits(mails=row["mail_capacity"], mails_block_calls=row["mails_block_calls"]),
                organisation=row["organisation_id"],
            )
        )

    def _set_waiting(self, row: dict[str, Any], now: float, whose: allocation.Whose | None) -> None:
        contact_id, due = row["id"], row["due_at"].timestamp()
        if not self._terms.is_active(row["line_id"]):
            self._floor.remove((contact_id, "adviser"))
            return
        # A named adviser is waited for until the contact is due: nobody is forgotten because one is on leave.
        only = row["preferred_only"] and due > now
        if only:
            heappush(self._later, (due, contact_id))
        until = row["preferred_until"]
        since = row["received_at"].timestamp()
        if self._allocation.active and whose is None:
            whose = allocation.known(row)
        self._floor.add(
            Waiting(
                contact_id=contact_id,
                line_id=row["line_id"],
                channel=Channel(row["channel"]),
                since=since,
                due_at=due,
                skills=self._terms.skills(row["line_id"]),
                preferred_adviser=row["preferred_id"],
                preferred_until=until.timestamp() if until else float("-inf"),
                preferred_only=only,
                excluded=self._excluded(contact_id, row["declined"], now),
                organisations=whose.first if whose else None,
                steps=self._terms.steps(row["line_id"], since, whose),
            )
        )

    def _excluded(self, contact_id: int, declined: list[int], now: float) -> frozenset[int]:
        if not declined:
            return frozenset()
        if contact_id not in self._barred:  # declined before this router led
            self._barred[contact_id] = now + BARRED_SECONDS
            heappush(self._later, (now + BARRED_SECONDS, contact_id))
        return frozenset(declined) if self._barred[contact_id] > now else frozenset()

    # --- offers -------------------------------------------------------------------------------------------

    def _place(self, conn: Connection) -> None:
        placements = self._floor.place(self._now(conn))
        offered = 0
        for start in range(0, len(placements), BATCH):
            offered += self._offer(conn, placements[start : start + BATCH])
        if offered:
            self._bus.poke()

    def _offer(self, conn: Connection, placements: list[Placement]) -> int:
        """One transaction. What could not be offered any more is read again."""
        at = self._clock.now(conn)
        offers = [
            contacts.Offer(one.contact_id, one.adviser_id, one.reason.as_json(), one.seat)
            for one in placements
        ]
        with conn.transaction():
            given = contacts.offer(conn, offers, at)
        lost = [one for one in placements if (one.contact_id, one.seat) not in given]
        if lost:
            touched = {placed.contact_id for placed in lost}
            self._read_again(conn, touched, {placed.adviser_id for placed in lost}, self._now(conn))
        return len(placements) - len(lost)

    def _now(self, conn: Connection) -> float:
        return self._clock.now(conn).timestamp()


def main() -> None:
    """Run until told to stop."""
    setup_logging()
    gc.set_threshold(*LAZY)
    rounds = Rounds("router", every=0.25)
    router = Router(rounds)
    rounds.run(router.round, begin=router.begin)


if __name__ == "__main__":
    main()
