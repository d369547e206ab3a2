"""Tails and intervals that the comparisons need: normal, Student, Wilson. Standard library only.

Checked in the tests against values worked out with 50 digits (mpmath).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

#: The 97.5th percentile of the normal distribution: intervals of 95 %.
Z95: Final = 1.959963984540054

_TINY: Final = 1e-300


def normal_two_sided(z: float) -> float:
    """Probability that a standard normal variable is at least as far from 0 as ``z``."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def student_two_sided(t: float, df: float) -> float:
    """Probability that a Student variable of ``df`` degrees of freedom is at least as far from 0 as ``t``."""
    if math.isinf(t):
        return 0.0
    return incomplete_beta(df / 2.0, 0.5, df / (df + t * t))


def student_quantile(tail: float, df: float) -> float:
    """The ``t`` with ``student_two_sided(t, df) == tail``; ``0 < tail < 1``. Newton's steps from a near value."""
    low, high = 0.0, math.inf
    t = _near(NormalDist().inv_cdf(1.0 - tail / 2.0), df)
    for _ in range(100):
        off = student_two_sided(t, df) - tail
        low, high = (t, high) if off > 0 else (low, t)
        step = t + off / (2.0 * _student_density(t, df))
        if not low <= step <= high:  # out of what is known to hold it: half way there
            step = (low + high) / 2.0 if high < math.inf else 2.0 * t
        if abs(step - t) <= 1e-9 * t:  # the error of a step is of the order of its square
            return step
        t = step
    return t


def _near(z: float, df: float) -> float:
    """Cornish and Fisher's expansion of the quantile about the normal one."""
    first = z * (z * z + 1.0) / 4.0
    second = z * (5.0 * z**4 + 16.0 * z * z + 3.0) / 96.0
    return z + first / df + second / df**2


def _student_density(t: float, df: float) -> float:
    scale = math.exp(math.lgamma((df + 1.0) / 2.0) - math.lgamma(df / 2.0)) / math.sqrt(df * math.pi)
    return scale * math.exp(-(df + 1.0) / 2.0 * math.log1p(t * t / df))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    front = math.exp(log_front)
    # The fraction converges fast on one side of the mean only; the other side is its complement.
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1.0 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, 10_000):
        for even in (True, False):
            if even:
                step = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
            else:
                step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
            d = 1.0 + step * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + step / c
            c = c if abs(c) > _TINY else _TINY
            value *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return value


def wilson(hits: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927); (0, 1) when nothing was counted."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the interval reaches the end itself, rounding or not.
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)
