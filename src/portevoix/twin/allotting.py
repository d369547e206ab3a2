"""Whose people a client of the simulation is for: the domain's own allocator, one for each day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from portevoix.domain.allocation.allocator import Allocator, Allotted
from portevoix.domain.allocation.contract import Counts
from portevoix.domain.routing.types import Step
from portevoix.twin.model import DAY

if TYPE_CHECKING:
    from portevoix.domain.routing.types import Waiting
    from portevoix.twin.model import Scenario, Stream

#: A Monday: the simulation has days of the week, no dates.
_MONDAY: Final = date(2001, 1, 1)


class Allotting:
    """Decides for each client as it comes, in the order of time."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._contracts = tuple(one.contract for one in scenario.agreements)
        self._day = -1
        self._allocator = Allocator(_MONDAY, self._contracts)

    def give(self, waiting: Waiting, stream: Stream, now: float) -> Waiting:
        """The seat with whose people may take it, at first and later."""
        day = int(now // DAY)
        if day != self._day:
            self._begin(day)
        closed = [
            one.contract.organisation
            for one in self._scenario.agreements
            if not one.is_open((self._scenario.first_day + day) % 7, now % DAY)
        ]
        allotted = self._allocator.allot(stream.line, stream.channel, closed=closed)
        if allotted is None:
            return waiting
        return waiting._replace(organisations=allotted.first, steps=steps(stream, now, allotted))

    def _begin(self, day: int) -> None:
        weekday = (self._scenario.first_day + day) % 7
        before = self._allocator.counts
        counts = {} if weekday == 0 else {who: Counts(0, one.week) for who, one in before.items()}
        date_ = _MONDAY + timedelta(days=self._scenario.first_day + day)
        self._allocator = Allocator(date_, self._contracts, counts, days_left=7 - weekday)
        self._day = day


def steps(stream: Stream, now: float, allotted: Allotted) -> tuple[Step, ...]:
    """How the requirement widens: by the stream's own steps, and by whose people help (as ``runners/router_terms`` joins
    them in the live router)."""
    made = []
    for after in sorted({one.after for one in stream.relax} | {one.after for one in allotted.wider}):
        own = [one for one in stream.relax if one.after <= after][-1:]
        helpers = [one for one in allotted.wider if one.after <= after][-1:]
        made.append(
            Step(
                now + after,
                own[0].skills if own else stream.skills,
                helpers[0].organisations if helpers else allotted.first,
                own[0].lines if own else frozenset(),
                " ".join([*(one.why for one in own), *(f"{one.after:g}s organisations" for one in helpers)]),
            )
        )
    return tuple(made)
