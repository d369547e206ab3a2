"""Mails: work that may wait until it is due, so that people are needed evenly and not when it comes.

What is done by each moment lies between two curves: not more than has come, not less than is due. Among all plans between
them the taut string has the lowest peak, and the least unevenness of any kind (Salehi, Zhang, Kurose and Towsley 1998, for
video streams; the same curves). Only open intervals are counted: leave the others out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, isfinite


def even_plan(work: Sequence[float], due_after: int, backlog: float = 0.0) -> list[float]:
    """Work to do in each interval, in the unit of ``work`` (say hours of handling that come in it).

    What comes in an interval can be done from that interval on, and is due at the end of the ``due_after``-th interval after
    it (0: in the same). ``backlog``: work that waits at the beginning, due as if it came in the first interval. At the end all
    is done. Raises ``ValueError`` for numbers that make no sense.
    """
    if due_after < 0 or not isfinite(backlog) or backlog < 0 or not all(isfinite(w) and w >= 0 for w in work):
        raise ValueError("work, backlog and due_after: numbers that are not negative were expected")
    if not work:
        return []
    come, total = [0.0], backlog
    for amount in work:
        total += amount
        come.append(total)
    count = len(work)
    due = [0.0] * (count + 1)
    for end in range(1, count + 1):
        due[end] = come[end - due_after] if end > due_after else 0.0
    due[count] = total
    done = _taut(due, come)
    return [after - before for before, after in pairwise(done)]


def people(work_hours: Sequence[float], hours: float, due_after: int, backlog: float = 0.0) -> list[int]:
    """People at work in each interval of ``hours`` for so many hours of mail: ``even_plan`` in whole people."""
    if not (isfinite(hours) and hours > 0):
        raise ValueError("hours: a positive number was expected")
    return [ceil(amount / hours - 1e-9) for amount in even_plan(work_hours, due_after, backlog)]


def _taut(low: list[float], high: list[float]) -> list[float]:
    """The shortest line from (0, 0) to the end that stays between the two curves: a funnel that is narrowed step by step
    and breaks at the point that closed it."""
    last = len(low) - 1
    line = [0.0] * (last + 1)
    start, level = 0, 0.0
    while start < last:
        # The steepest line allowed and the flattest one needed so far, and where they touch.
        steepest, flattest = float("inf"), float("-inf")
        steep_at = flat_at = start + 1
        bend, height = last, low[last]
        for at in range(start + 1, last + 1):
            up, down = (high[at] - level) / (at - start), (low[at] - level) / (at - start)
            if down > steepest:  # must bend upwards where the upper curve pressed
                bend, height = steep_at, high[steep_at]
                break
            if up < flattest:  # must bend downwards where the lower curve pressed
                bend, height = flat_at, low[flat_at]
                break
            if up <= steepest:
                steepest, steep_at = up, at
            if down >= flattest:
                flattest, flat_at = down, at
        for at in range(start + 1, bend + 1):
            line[at] = level + (height - level) * (at - start) / (bend - start)
        start, level = bend, height
    return line
