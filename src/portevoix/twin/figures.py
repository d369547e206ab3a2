"""What a run came to, and what several runs say together: means with their confidence intervals."""

from __future__ import annotations

from math import inf, nan, sqrt
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portevoix.twin.engine import Run
from portevoix.twin.model import Numbers, Scenario

# Student's t for two-sided intervals, by degrees of freedom 1 to 30; beyond, Peizer and Pratt's way is not needed:
# the normal value is corrected by its first terms (Abramowitz and Stegun 26.7.5).
_T95 = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
        2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
        2.0452, 2.0423)  # fmt: skip
_Z = 1.959964

#: What is told of each stream, and of all together.
NAMES = (
    "offered",
    "served",
    "abandoned",
    "abandonment",
    "service_level",
    "waited",
    "wait_s",
    "asa_s",
    "wait_p95_s",
    "queue",
)


def student(freedom: int) -> float:
    """The 97.5 % point of Student's t with so many degrees of freedom."""
    if freedom < 1:
        return inf
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    return _Z + (_Z**3 + _Z) / (4 * freedom) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * freedom**2)


class Interval(NamedTuple):
    """A mean and half the width of its 95 % confidence interval (infinite with one run)."""

    mean: float
    half: float

    def holds(self, value: float, times: float = 1.0) -> bool:
        """Whether ``value`` lies within the interval, widened so many times."""
        return abs(value - self.mean) <= self.half * times


def interval(values: list[float]) -> Interval:
    """Of independent runs; without those that have no value."""
    known = [value for value in values if value == value]  # noqa: PLR0124 - not NaN
    if not known:
        return Interval(nan, inf)
    if len(known) == 1:
        return Interval(known[0], inf)
    return Interval(fmean(known), student(len(known) - 1) * stdev(known) / sqrt(len(known)))


def of_run(scenario: Scenario, run: Run) -> dict[str, dict[str, float]]:
    """The figures of each stream by its name, of ``all`` together, and of ``staff``: ``occupancy`` and shares.

    Counted are those who came after the warm-up. ``service_level``: answered within the target, of all who came.
    ``wait_s``: of all, also of those who gave up; ``asa_s``: of those answered."""
    at, who = run.clients.at, run.clients.stream
    counted = at >= scenario.warm_up
    wait = np.minimum(run.begun, run.left) - at
    figures = {}
    seconds = max(run.ended - scenario.warm_up, 1e-9)
    targets = np.asarray([stream.target_s for stream in scenario.streams])
    for number, stream in enumerate(scenario.streams):
        mine = counted & (who == number)
        figures[stream.name] = _told(run, mine, wait, targets, float(run.queued[number]) / seconds)
    figures["all"] = _told(run, counted, wait, targets, float(run.queued.sum()) / seconds)
    figures["staff"] = _staff(scenario, run, counted)
    return figures


def _told(
    run: Run, mine: NDArray[np.bool_], wait: Numbers, targets: Numbers, queue: float
) -> dict[str, float]:
    offered = int(mine.sum())
    served = mine & np.isfinite(run.begun)
    gone = mine & np.isfinite(run.left)
    known = wait[served | gone]
    answered = wait[served]
    good = int((answered <= targets[run.clients.stream[served]] + 1e-9).sum())
    return dict(
        zip(
            NAMES,
            (
                offered,
                int(served.sum()),
                int(gone.sum()),
                _share(int(gone.sum()), offered),
                _share(good, offered),
                _share(int((known > 1e-9).sum()) + offered - len(known), offered),
                float(known.mean()) if len(known) else nan,
                float(answered.mean()) if len(answered) else nan,
                float(np.quantile(answered, 0.95)) if len(answered) else nan,
                queue,
            ),
            strict=True,
        )
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else nan


def _staff(scenario: Scenario, run: Run, counted: NDArray[np.bool_]) -> dict[str, float]:
    here = float(run.here.sum())
    figures = {"occupancy": float(run.busy.sum()) / here if here else nan}
    whose = np.repeat(
        [group.organisation for group in scenario.staff], [group.count for group in scenario.staff]
    )
    taken = run.adviser[counted & (run.adviser >= 0)]
    by = np.bincount(whose[taken], minlength=len(scenario.organisations)) if len(taken) else None
    for number, name in enumerate(scenario.organisations):
        if name:
            figures[f"share {name}"] = float(by[number]) / len(taken) if by is not None else nan
    return figures


Told = dict[str, dict[str, list[float]]]
"""Stream, figure, the value of each replication."""


def gather(runs: list[dict[str, dict[str, float]]]) -> Told:
    """The figures of several runs side by side."""
    return {
        stream: {name: [run[stream][name] for run in runs] for name in figures}
        for stream, figures in runs[0].items()
    }


def compare(one: Told, other: Told) -> dict[str, dict[str, Interval]]:
    """``other`` less ``one``, run by run: the same clients came in both, so what differs is the policy."""
    return {
        stream: {
            name: interval([b - a for a, b in zip(values, other[stream][name], strict=True)])
            for name, values in figures.items()
        }
        for stream, figures in one.items()
    }
