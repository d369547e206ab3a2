"""Estimates of the wait of who comes now (Ibrahim and Whitt 2009, 2011; RULES.md 6.3).

``queue_length`` where people, handling time and (with those who give up) patience are known and all can serve all; else
``head_of_line``, which knows nothing and is never far off: under heavy load its mean squared error is twice that of the
queue length, and less than that of a queue length that forgets those who give up.
"""

from __future__ import annotations

from math import inf


def queue_length(waiting: int, people: int, handling_s: float, patience_s: float = inf) -> float:
    """Seconds until a newcomer's turn when ``waiting`` are before them and all ``people`` are busy: each place in the queue
    moves when somebody finishes or, with finite patience, gives up. Infinite with nobody at work and endless patience."""
    rate = people / handling_s
    leaving = 0.0 if patience_s == inf else 1.0 / patience_s
    if not leaving:
        return (waiting + 1) / rate if rate else inf
    # Of j before them j may give up.
    return sum(1.0 / (rate + place * leaving) for place in range(waiting + 1)) if rate else inf


def head_of_line(waited_s: float) -> float:
    """As long as the one who waits longest has waited already."""
    return waited_s


def last_to_enter(waited_s: float) -> float:
    """As long as the last one who was answered had waited."""
    return waited_s


def announced(seconds: float) -> tuple[float, float] | None:
    """A range that one may say aloud, in whole minutes (or half a minute below two): none where it would be no help."""
    if not 0 <= seconds < 4 * 3600:
        return None
    for step, until in ((30.0, 120.0), (60.0, 600.0), (300.0, 3600.0), (1800.0, inf)):
        if seconds < until:
            low = seconds * 0.7 // step * step
            high = -(-seconds * 1.4 // step) * step
            return low, max(high, low + step)
    return None  # pragma: no cover - the last step takes all


def position(place: int) -> int:
    """The place that may be said: exact up to ten, then rounded up to tens (nobody is told they fell back)."""
    return place if place <= 10 else -(-place // 10) * 10
