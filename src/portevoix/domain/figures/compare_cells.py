"""What was counted of finished work in one cell (a side, a line, a subject, a channel), added up, and its measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, TypeVar

from portevoix.domain.figures import compare_rates, compare_times
from portevoix.domain.figures.compare import Measure
from portevoix.domain.figures.compare_rates import Difference, Rate
from portevoix.domain.figures.compare_times import Times


@dataclass(frozen=True, slots=True)
class Counts:
    """Handlings that ended in a period (domain/figures/compare_handled.py). ``logs``, ``squares``: of the seconds."""

    handled: int = 0
    closed: int = 0
    transferred: int = 0
    reopened: int = 0
    answered: int = 0
    in_target: int = 0
    timed: int = 0
    seconds: float = 0.0
    logs: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return total((self, other))

    @property
    def service(self) -> Rate:
        """First answers within the line's target."""
        return Rate(self.in_target, self.answered)

    @property
    def transfers(self) -> Rate:
        """Handed on, of all that left the hands."""
        return Rate(self.transferred, self.handled)

    @property
    def reopenings(self) -> Rate:
        """Matters that came back within seven days, of what was closed."""
        return Rate(self.reopened, self.closed)

    @property
    def times(self) -> Times:
        """In hands."""
        return Times(self.timed, self.logs, self.squares)

    @property
    def mean_seconds(self) -> float:
        """What planning and prices use; the comparison uses the typical time, which a few long ones do not move."""
        return self.seconds / self.timed if self.timed else 0.0


_NUMBERS: Final = attrgetter(*(f.name for f in fields(Counts)))


def total(counts: Iterable[Counts]) -> Counts:
    """Their sum."""
    return Counts(*map(sum, zip(*map(_NUMBERS, counts), strict=True)))


T = TypeVar("T")
_RATES: Final[Mapping[Measure, Callable[[Counts], Rate]]] = {
    Measure.SERVICE: lambda one: one.service,
    Measure.TRANSFER: lambda one: one.transfers,
    Measure.REOPENING: lambda one: one.reopenings,
}


def difference(measure: Measure, strata: Sequence[tuple[Counts, Counts]]) -> Difference | None:
    """Theirs against ours over the same subjects; None where there is nothing to compare."""
    if measure is Measure.TIME:
        return compare_times.compare([(theirs.times, ours.times) for theirs, ours in strata])
    rate = _RATES[measure]
    return compare_rates.compare([(rate(theirs), rate(ours)) for theirs, ours in strata])
