"""Alarms and estimates of the wait."""

from __future__ import annotations

import heapq
from collections import deque
from math import inf
from random import Random

import pytest

from portevoix.domain.figures.alarms import Bounds, Situation, met
from portevoix.domain.waiting.estimate import announced, head_of_line, position, queue_length


@pytest.mark.parametrize(
    ("now", "bounds", "people", "kinds"),
    [
        (Situation(5, 0, 100), Bounds(5, 100, 1), (2, 1), []),
        (Situation(6, 0, 100), Bounds(5, 100, 1), (2, 1), ["waiting"]),
        (Situation(5, 1, 101), Bounds(5, 100, 1), (2, 1), ["oldest", "late"]),
        (Situation(99, 99, 9999), Bounds(), (2, 1), []),
        (Situation(1), Bounds(), (2, 0), ["nobody"]),
        (Situation(0), Bounds(), (2, 0), []),
        (Situation(0), Bounds(), (0, 0), ["no-skill"]),
    ],
)
def test_when_a_line_asks_for_somebody(
    now: Situation, bounds: Bounds, people: tuple[int, int], kinds: list[str]
) -> None:
    assert [one.kind for one in met(now, bounds, *people)] == kinds


def test_channels_of_a_line_add_up() -> None:
    assert Situation().plus(2, 1, 30).plus(3, 0, 10) == Situation(5, 1, 30)


def test_the_queue_length_estimate() -> None:
    assert queue_length(0, 10, 100) == 10
    assert queue_length(9, 10, 100) == 100
    assert queue_length(3, 0, 100) == inf
    assert queue_length(1, 10, 100, patience_s=10) == pytest.approx(1 / 0.1 + 1 / 0.2)


def simulated(servers: int, rate: float, patience: float, customers: int) -> tuple[float, float, float]:
    """Mean squared errors of the queue length, of the one that knows of giving up, and of the head of the line."""
    chance = Random(4)
    busy: list[float] = []
    queue: deque[list[float]] = deque()  # came, gives up at, the three estimates when they came
    now, errors, counted = 0.0, [0.0, 0.0, 0.0], 0
    for number in range(customers):
        now += chance.expovariate(rate)
        while busy and busy[0] <= now:
            free = heapq.heappop(busy)
            while queue:
                came, gives_up, *told = queue.popleft()
                if gives_up <= free:
                    continue
                if number > customers // 10:
                    counted += 1
                    errors = [
                        error + (free - came - one) ** 2 for error, one in zip(errors, told, strict=True)
                    ]
                heapq.heappush(busy, free + chance.expovariate(1))
                break
        if len(busy) < servers:
            heapq.heappush(busy, now + chance.expovariate(1))
            continue
        here = [one for one in queue if one[1] > now]
        waited = now - here[0][0] if here else 0.0
        gives_up = now + (chance.expovariate(1 / patience) if patience < inf else inf)
        told = (
            queue_length(len(here), servers, 1),
            queue_length(len(here), servers, 1, patience),
            head_of_line(waited),
        )
        queue.append([now, gives_up, *told])
    return tuple(error / counted for error in errors)  # type: ignore[return-value]


def test_the_errors_are_those_that_theory_says() -> None:
    """RULES.md 6.3: M/M/100 at 95 %: QL .00208, HOL .00407, about twice; with patience in overload QLa is three times
    better than QL, and QL is worse than HOL."""
    plain, _, head = simulated(100, 95, inf, 100_000)
    assert plain == pytest.approx(0.00208, rel=0.35)
    assert 1.6 < head / plain < 2.4
    plain, knowing, head = simulated(100, 140, 1.0, 40_000)
    assert plain / knowing == pytest.approx(3.1, rel=0.35)
    assert knowing < head < plain


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, (0, 30)),
        (40, (0, 60)),
        (100, (60, 150)),
        (240, (120, 360)),
        (900, (600, 1500)),
        (inf, None),
        (-1, None),
    ],
)
def test_what_is_announced_is_a_round_range(seconds: float, told: tuple[float, float] | None) -> None:
    assert announced(seconds) == told
    if told:
        assert told[0] <= seconds <= told[1]


def test_the_place_that_is_said() -> None:
    assert [position(n) for n in (1, 10, 11, 20, 21)] == [1, 10, 20, 20, 30]
