"""Which differences between in-house and an outsourcer are real, of all that one page compares.

Who looks at a hundred comparisons at the 5 % level sees five "differences" where there is none. Holm's correction
(1979) is applied over everything that the page compares: the chance that even one flagged difference is an accident
stays under 5 %, however the comparisons depend on one another. And a difference too small to matter is not flagged,
however certain it is: with enough contacts everything differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from portevoix.domain.figures.compare_rates import Difference

LEVEL: Final = 0.05


class Measure(StrEnum):
    """What is compared."""

    SERVICE = "service"  # answered within the line's target
    TIME = "time"  # in hands, wrap-up included
    TRANSFER = "transfer"  # handed on
    REOPENING = "reopening"  # the matter came back within seven days


#: Below this a difference is not flagged: shares in points (0.02 is two points), times as a ratio (0.10 is 10 %).
MATTERS: Final[Mapping[Measure, float]] = MappingProxyType(
    {Measure.SERVICE: 0.02, Measure.TIME: 0.10, Measure.TRANSFER: 0.02, Measure.REOPENING: 0.02}
)


class Verdict(StrEnum):
    """What may be said of a difference."""

    REAL = "real"  # more than chance, and large enough to matter
    SMALL = "small"  # more than chance, too small to matter
    CHANCE = "chance"  # chance explains it
    NOTHING = "nothing"  # nothing to compare


@dataclass(frozen=True, slots=True)
class Judged:
    """A difference with what may be said of it; ``p`` is corrected for everything else on the page."""

    measure: Measure
    found: Difference | None
    p: float
    verdict: Verdict

    @property
    def real(self) -> bool:
        """May be flagged."""
        return self.verdict is Verdict.REAL


def holm(ps: Sequence[float]) -> list[float]:
    """P-values corrected so that the chance of even one false alarm among all is what each says."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    corrected, least = [0.0] * len(ps), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, ps[place] * (len(ps) - rank)))
        corrected[place] = least
    return corrected


def judge(found: Sequence[tuple[Measure, Difference | None]]) -> list[Judged]:
    """Everything that one page compares, judged together and in order."""
    tested = [place for place, (_, difference) in enumerate(found) if difference is not None]
    corrected = dict(zip(tested, holm([_p(found[place][1]) for place in tested]), strict=True))
    return [
        Judged(
            measure,
            difference,
            corrected.get(place, 1.0),
            _verdict(measure, difference, corrected.get(place)),
        )
        for place, (measure, difference) in enumerate(found)
    ]


def _p(difference: Difference | None) -> float:
    assert difference is not None
    return difference.p


def _verdict(measure: Measure, difference: Difference | None, p: float | None) -> Verdict:
    if difference is None or p is None:
        return Verdict.NOTHING
    if p >= LEVEL:
        return Verdict.CHANCE
    # A ratio is as far from 1 upwards as downwards: half as long is as much as twice as long.
    size = difference.size
    if measure is Measure.TIME:
        size = max(size, 1 / (1 + size) - 1)
    return Verdict.REAL if abs(size) >= MATTERS[measure] else Verdict.SMALL
