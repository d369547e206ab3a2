"""Two handling times compared over the same subjects.

Handling times are skewed: a few very long ones decide a mean. Their logarithms are nearly symmetric, so what is compared
is the mean logarithm (the "typical", geometric mean time), stratum by stratum with the weights of the smallest variance,
by Welch's test (unequal variances, degrees of freedom by Satterthwaite). The size is a ratio: +0.12 is 12 % longer.
It needs only three sums per stratum, which the database gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portevoix.domain.figures.compare_numbers import student_quantile, student_two_sided
from portevoix.domain.figures.compare_rates import Difference

#: With fewer times than this a stratum's own variance is too uncertain: it takes that of the whole organisation.
_OWN = 4


@dataclass(frozen=True, slots=True)
class Times:
    """How many times, the sum of their logarithms (of seconds) and of the squares of these."""

    n: int
    logs: float
    squares: float

    @property
    def typical(self) -> float:
        """Seconds: the geometric mean; 0 when there is none."""
        return math.exp(self.logs / self.n) if self.n else 0.0

    @property
    def scatter(self) -> float:
        """Sum of squares about the mean; 0 when what is left is only rounding."""
        left = self.squares - self.logs * self.logs / self.n if self.n else 0.0
        return left if left > 1e-12 * self.squares else 0.0


Pairs = Sequence[tuple[Times, Times]]


def times(seconds: Sequence[float]) -> Times:
    """The sums of some times; below a second counts as one."""
    logs = [math.log(max(1.0, one)) for one in seconds]
    return Times(len(logs), math.fsum(logs), math.fsum(one * one for one in logs))


def compare(pairs: Pairs) -> Difference | None:
    """Theirs against ours; None when there is too little to tell a spread from."""
    both = [(theirs, ours) for theirs, ours in pairs if theirs.n and ours.n]
    spreads = [_variances([pair[side] for pair in both]) for side in (0, 1)]
    if not both or spreads[0] is None or spreads[1] is None:
        return None
    weights = [theirs.n * ours.n / (theirs.n + ours.n) for theirs, ours in both]
    whole = math.fsum(weights)
    size = math.fsum(
        w / whole * (theirs.logs / theirs.n - ours.logs / ours.n)
        for w, (theirs, ours) in zip(weights, both, strict=True)
    )
    variance = lost = 0.0
    for side, spread in enumerate(spreads):
        assert spread is not None
        for term, freedom in _terms([pair[side] for pair in both], [w / whole for w in weights], *spread):
            variance += term
            lost += term * term / freedom
    n1, n0 = sum(theirs.n for theirs, _ in both), sum(ours.n for _, ours in both)
    if variance == 0.0:  # all times equal within each stratum: a difference is one, or there is none
        ratio = math.expm1(size)
        return Difference(ratio, ratio, ratio, 1.0 if size == 0.0 else 0.0, n1, n0)
    df, error = variance * variance / lost, math.sqrt(variance)
    reach = student_quantile(0.05, df) * error
    return Difference(
        math.expm1(size), math.expm1(size - reach), math.expm1(size + reach),
        student_two_sided(size / error, df), n1, n0,
    )  # fmt: skip


def _variances(strata: Sequence[Times]) -> tuple[float, int] | None:
    """The variance within strata of a whole organisation, and its degrees of freedom."""
    df = sum(one.n - 1 for one in strata)
    return (math.fsum(one.scatter for one in strata) / df, df) if df else None


def _terms(
    strata: Sequence[Times], weights: Sequence[float], pooled: float, pooled_df: int
) -> list[tuple[float, int]]:
    """Parts of the variance of the weighted mean, each with its degrees of freedom."""
    found, few = [], 0.0
    for one, weight in zip(strata, weights, strict=True):
        if one.n >= _OWN:
            found.append((weight * weight * one.scatter / (one.n - 1) / one.n, one.n - 1))
        else:
            few += weight * weight / one.n
    if few:
        found.append((few * pooled, pooled_df))
    return found
