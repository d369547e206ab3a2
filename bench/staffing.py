"""``portevoix bench staffing``: the people that a year of quarter-hours needs, and pyworkforce on a part of the same year.

35,040 intervals of a year with a day's, a week's and a season's shape; 80 % in 20 s. The peer counts up from one person for each
interval; it is given every 350th interval and its time is multiplied.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from time import perf_counter

import numpy as np
from bench.centre import machine

from portevoix.planning.required import Goal, required

INTERVALS, EVERY = 35_040, 350
AHT = 180.0


def year() -> np.ndarray:
    """Erlangs for each quarter of an hour: nights are quiet, Mondays and September are not."""
    at = np.arange(INTERVALS)
    hour, day = at % 96 / 4, at // 96
    daily = np.exp(-(((hour - 10.5) / 2.2) ** 2)) + 0.8 * np.exp(-(((hour - 15) / 2.5) ** 2))
    weekly = np.array([1.3, 1.1, 1, 1, 0.9, 0.3, 0.1])[day % 7]
    season = 1 + 1.5 * np.exp(-(((day - 250) / 20) ** 2))
    noise = np.random.default_rng(1).gamma(20, 1 / 20, INTERVALS)
    return 0.2 + 60 * daily * weekly * season * noise


def peer(loads: np.ndarray) -> float | None:
    """Seconds that pyworkforce takes for the whole year; None when it is not there."""
    try:
        from pyworkforce.queuing import ErlangC
    except ImportError:
        return None
    some = loads[::EVERY]
    begun = perf_counter()
    for load in some:
        minutes = AHT / 60
        asked = ErlangC(
            transactions=float(load) * 15 / minutes, aht=minutes, interval=15, asa=20 / 60, shrinkage=0
        )
        asked.required_positions(service_level=0.8, max_occupancy=1.0)
    return (perf_counter() - begun) / len(some) * len(loads)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="portevoix bench staffing", description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    asked = parser.parse_args(list(argv))
    loads, goal = year(), Goal()
    times = []
    for _ in range(15):
        begun = perf_counter()
        people = required(loads, AHT, goal)
        times.append(perf_counter() - begun)
    middle = sorted(times)[len(times) // 2]
    theirs = peer(loads)
    if not asked.json:
        print(
            f"{len(loads)} intervals, up to {people.max()} people: middle of {len(times)} runs {middle * 1000:.1f} ms, best {min(times) * 1000:.1f} ms"
        )
        print(
            f"pyworkforce: {theirs:.1f} s for the same year"
            if theirs
            else "pyworkforce is not installed (make setup-bench)"
        )
    figures = {
        "year_ms": round(middle * 1000, 2),
        "ratio_to_pyworkforce": round(theirs / middle, 1) if theirs else None,
    }
    floor = {"peer": "pyworkforce ErlangC.required_positions", "peer_year_s": theirs and round(theirs, 2)}
    print(json.dumps({"bench": "staffing", "figures": figures, "floor_or_peer": floor, "machine": machine()}))
    return 0
