"""Two shares compared over the same subjects: is a difference more than chance, and how large is it?

Each stratum (a subject of a line on a channel) is compared with itself, so that an organisation that is given the harder
subjects is not blamed for them. The test is Cochran-Mantel-Haenszel's; where the counts are too small for it (Mantel and
Fleiss 1980: fewer than five on either side of what is expected) the exact distribution is worked out instead, which
with one stratum is Fisher's exact test. The size is the mean difference of the shares with Mantel-Haenszel weights, its
interval Newcombe's from score intervals, stratified as by Yan and Su (2010): it holds at 0 % and 100 % too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portevoix.domain.figures.compare_numbers import Z95, normal_two_sided, wilson

_FLEISS = 5.0
_DUST = 1e-18  # probabilities below it change no p-value that is printed
_SAME = 1 + 1e-7  # tables as improbable as ours count with it, rounding apart


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many."""

    hits: int
    n: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 when nothing was counted."""
        return self.hits / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """What a comparison found. ``size`` is theirs minus ours (shares) or theirs over ours minus one (times), with its
    95 % interval; ``p`` before any correction; ``exact``: worked out, not approximated."""

    size: float
    low: float
    high: float
    p: float
    theirs: int  # contacts compared
    ours: int
    exact: bool = False


Pairs = Sequence[tuple[Rate, Rate]]


def compare(pairs: Pairs) -> Difference | None:
    """Theirs against ours, stratum by stratum; None when no stratum has both."""
    both = [(theirs, ours) for theirs, ours in pairs if theirs.n and ours.n]
    if not both:
        return None
    low, high, size = _interval(both)
    p, exact = _test(both)
    return Difference(
        size, low, high, p, sum(theirs.n for theirs, _ in both), sum(ours.n for _, ours in both), exact=exact
    )


def _test(pairs: Pairs) -> tuple[float, bool]:
    """The p-value, and whether it is exact."""
    seen = expected = variance = least = most = 0.0
    for theirs, ours in pairs:
        n, hits = theirs.n + ours.n, theirs.hits + ours.hits
        seen += theirs.hits
        expected += theirs.n * hits / n
        least += max(0, hits - ours.n)
        most += min(hits, theirs.n)
        if n > 1:
            variance += theirs.n * ours.n * hits * (n - hits) / (n * n * (n - 1))
    if min(expected - least, most - expected) < _FLEISS:
        return _exact(pairs), True
    return normal_two_sided((seen - expected) / math.sqrt(variance)), False


def _exact(pairs: Pairs) -> float:
    """Two-sided: all tables of the same margins that are at most as probable as ours."""
    total, start = [1.0], 0
    for theirs, ours in pairs:
        first, chances = _hypergeometric(theirs.n, ours.n, theirs.hits + ours.hits)
        total, start = _trimmed(_folded(total, chances), start + first)
    place = sum(theirs.hits for theirs, _ in pairs) - start
    mine = total[place] if 0 <= place < len(total) else 0.0
    return min(1.0, math.fsum(chance for chance in total if chance <= mine * _SAME))


def _hypergeometric(theirs: int, ours: int, hits: int) -> tuple[int, list[float]]:
    """How many of the hits fall to them by chance: the first possible number, and the probabilities from there."""
    first, last = max(0, hits - ours), min(hits, theirs)
    whole = _choose(theirs + ours, hits)
    chances = [math.exp(_choose(theirs, x) + _choose(ours, hits - x) - whole) for x in range(first, last + 1)]
    trimmed, start = _trimmed(chances, first)
    return start, trimmed


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _folded(one: list[float], other: list[float]) -> list[float]:
    """The distribution of a sum."""
    found = [0.0] * (len(one) + len(other) - 1)
    for i, p in enumerate(one):
        for j, q in enumerate(other):
            found[i + j] += p * q
    return found


def _trimmed(chances: list[float], start: int) -> tuple[list[float], int]:
    """Without the ends that nothing can come of."""
    low, high = 0, len(chances)
    while high - low > 1 and chances[low] < _DUST:
        low += 1
    while high - low > 1 and chances[high - 1] < _DUST:
        high -= 1
    return chances[low:high], start + low


def _interval(pairs: Pairs) -> tuple[float, float, float]:
    """(low, high, difference)."""
    weights = [theirs.n * ours.n / (theirs.n + ours.n) for theirs, ours in pairs]
    whole = math.fsum(weights)
    weights = [weight / whole for weight in weights]
    p1, l1, u1 = _pooled([theirs for theirs, _ in pairs], weights)
    p0, l0, u0 = _pooled([ours for _, ours in pairs], weights)
    size = p1 - p0
    return size - math.hypot(p1 - l1, u0 - p0), size + math.hypot(u1 - p1, p0 - l0), size


def _pooled(rates: Sequence[Rate], weights: Sequence[float]) -> tuple[float, float, float]:
    """A weighted share with its interval: score intervals of the strata, each narrowed so that their sum has 95 %."""
    # As Agresti and Coull: two hits and two misses more, so that 0 of 12 has a spread.
    spread = []
    for rate in rates:
        n = rate.n + Z95 * Z95
        share = (rate.hits + Z95 * Z95 / 2) / n
        spread.append(share * (1 - share) / n)
    narrowed = (
        Z95
        * math.sqrt(math.fsum(w * w * s for w, s in zip(weights, spread, strict=True)))
        / math.fsum(w * math.sqrt(s) for w, s in zip(weights, spread, strict=True))
    )
    ends = [wilson(rate.hits, rate.n, narrowed) for rate in rates]
    share = math.fsum(w * rate.share for w, rate in zip(weights, rates, strict=True))
    low = math.fsum(w * end[0] for w, end in zip(weights, ends, strict=True))
    high = math.fsum(w * end[1] for w, end in zip(weights, ends, strict=True))
    return share, low, high
