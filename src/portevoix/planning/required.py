"""How many people each interval needs, for a whole year at once.

All goals become better with each person more, so the answer is the smallest number that meets them. The inverse of
Erlang's loss formula is carried along for all intervals together, one person more in each step; an interval leaves when its
goals are met (``erlang.py`` says why this is exact). The answer for a number is not rounded up from a formula: it is that
number for which the formula says yes (``>=``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from portevoix.planning.erlang import Outcome, impatient

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Goal:
    """What must hold in an interval; None: nothing is asked. ``service_level`` of all callers within ``target_s``;
    ``asa_s`` at most; ``occupancy`` at most. Callers wait for ever (Erlang C)."""

    service_level: float | None = 0.8
    target_s: float = 20.0
    asa_s: float | None = None
    occupancy: float | None = None

    def __post_init__(self) -> None:
        if self.service_level is not None and not 0 < self.service_level < 1:
            raise ValueError("service_level: between 0 and 1, both excluded")
        if self.occupancy is not None and not 0 < self.occupancy <= 1:
            raise ValueError("occupancy: above 0, at most 1")
        if self.asa_s is not None and self.asa_s <= 0:
            raise ValueError("asa_s: above 0")
        if self.target_s < 0:
            raise ValueError("target_s: not negative")


def required(load: ArrayLike, handling_s: ArrayLike, goal: Goal) -> Counts:
    """People at work needed for each interval of the given load in erlangs; 0 where there is no load."""
    loads, handling = np.broadcast_arrays(np.asarray(load, float), np.asarray(handling_s, float))
    shape = loads.shape
    loads, handling = loads.ravel(), handling.ravel()
    if not (np.isfinite(loads).all() and (loads >= 0).all()):
        raise ValueError("load: numbers that are not negative were expected")
    if not (np.isfinite(handling).all() and (handling > 0).all()):
        raise ValueError("handling_s: positive numbers were expected")
    return _each(loads, handling, goal).reshape(shape)


def required_impatient(
    load: float, handling_s: float, patience_s: float, goal: Goal, abandonment: float | None = None
) -> int:
    """People at work needed when callers give up (Erlang A), the share ``abandonment`` of them at most. One interval."""
    if abandonment is not None and not 0 < abandonment < 1:
        raise ValueError("abandonment: between 0 and 1, both excluded")
    if load == 0:
        return 0

    def good(people: int) -> bool:
        met: Outcome = impatient(load, people, handling_s, goal.target_s, patience_s)
        return (
            (goal.service_level is None or met.service_level >= goal.service_level)
            and (goal.asa_s is None or met.asa_s <= goal.asa_s)
            and (goal.occupancy is None or met.occupancy <= goal.occupancy)
            and (abandonment is None or met.abandonment <= abandonment)
        )

    high = 1
    while not good(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle, high)
    return high


def _each(loads: Numbers, handling: Numbers, goal: Goal) -> Counts:
    order = np.argsort(loads, kind="stable")
    a, s = loads[order].copy(), handling[order].copy()
    needed = np.zeros(a.size, np.int64)
    places = np.arange(a.size)
    at = int(np.searchsorted(a, 0.0, side="right"))  # no load, nobody
    a, s, places = a[at:], s[at:], places[at:]
    inverse = np.ones(a.size)
    k = 0
    while a.size:
        k += 1
        with np.errstate(over="ignore"):  # infinite: nobody is blocked
            inverse *= k / a
        inverse += 1.0
        # Sorted by load: only the first ones have less than k erlangs.
        few = int(np.searchsorted(a, float(k), side="left"))
        if not few:
            continue
        good = _met(a[:few], s[:few], inverse[:few], k, goal)
        if good.any():
            needed[places[:few][good]] = k
            keep = np.ones(a.size, bool)
            keep[:few] = ~good
            a, s, places, inverse = a[keep], s[keep], places[keep], inverse[keep]
    unsorted = np.empty_like(needed)
    unsorted[order] = needed
    return unsorted


def _met(a: Numbers, s: Numbers, inverse: Numbers, k: int, goal: Goal) -> NDArray[np.bool_]:
    rho = a / k
    wait = 1.0 / ((1.0 - rho) * inverse + rho)
    good = np.ones(a.size, bool)
    if goal.service_level is not None:
        good &= 1.0 - wait * np.exp((a - k) * goal.target_s / s) >= goal.service_level
    if goal.asa_s is not None:
        good &= wait * s / (k - a) <= goal.asa_s
    if goal.occupancy is not None:
        good &= rho <= goal.occupancy
    return good


def positions(people: ArrayLike, shrinkage: float) -> Counts:
    """People on the list so that so many are at work while the share ``shrinkage`` is on leave, in training or ill."""
    if not 0 <= shrinkage < 1:
        raise ValueError("shrinkage: from 0 to below 1")
    exact = np.asarray(people, float) / (1.0 - shrinkage)
    return np.ceil(exact - 1e-9).astype(np.int64)
