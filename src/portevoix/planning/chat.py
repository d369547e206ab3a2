"""People who hold several chats at once: the more at once, the slower each (Tezcan and Zhang 2014, level-dependent rates).

With ``j`` chats in hand an adviser ends chats at the rate ``j / seconds[j-1]``. Chats are spread over all before anybody
gets another one, so the state is the number of chats in the room: a birth and death chain whose end is a queue served at the
full rate of all. With one chat at once it is Erlang C.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, inf, isfinite
from typing import NamedTuple

_LARGE = 1e200


class Chats(NamedTuple):
    """What clients of the chat meet: see ``erlang.Outcome``. ``in_hand``: chats held by an adviser on average."""

    waiting: float
    service_level: float
    wait_s: float
    occupancy: float
    in_hand: float


def _rate(chats: int, people: int, seconds: Sequence[float]) -> float:
    """Chats ended in a second when so many are spread evenly over so many people."""
    each, more = divmod(chats, people)
    low = each / seconds[each - 1] if each else 0.0
    high = (each + 1) / seconds[each] if more else 0.0
    return (people - more) * low + more * high


def _check(arrivals: float, seconds: Sequence[float], target: float) -> None:
    if not (isfinite(arrivals) and arrivals >= 0):
        raise ValueError("arrivals: a number that is not negative was expected")
    if not seconds or not all(isfinite(one) and one > 0 for one in seconds):
        raise ValueError("seconds: a positive duration for each number of chats at once was expected")
    if any((n + 1) / after < n / before for n, (before, after) in enumerate(pairwise(seconds), 1)):
        raise ValueError("seconds: one chat more at once must not make an adviser slower in all")
    if target < 0:
        raise ValueError("target: a number that is not negative was expected")


def met(arrivals: float, people: int, seconds: Sequence[float], target: float) -> Chats:
    """``arrivals`` chats in a second; ``seconds[j-1]``: how long one takes with j at once; ``target`` in seconds."""
    _check(arrivals, seconds, target)
    if arrivals == 0:
        return Chats(0.0, 1.0, 0.0, 0.0, 0.0)
    places = people * len(seconds)
    full = _rate(places, people, seconds) if people else 0.0
    if arrivals >= full:
        return Chats(1.0, 0.0, inf, 1.0 if people else 0.0, float(len(seconds)))
    # Backwards from "all places taken": weight[n-1] = weight[n] * rate(n) / arrivals, made small again when it grows.
    weight, total, busy, held, last = 1.0, 0.0, 0.0, 0.0, 1.0
    for chats in range(places, 0, -1):
        total += weight
        busy += weight * min(chats, people)
        held += weight * chats
        weight *= _rate(chats, people, seconds) / arrivals
        if weight > _LARGE:
            weight, total, busy, held, last = (x / _LARGE for x in (weight, total, busy, held, last))
    total += weight
    load = arrivals / full
    tail = last * load / (1.0 - load)  # all states behind the last place
    total += tail
    busy += tail * people
    held += tail * places
    wait = (last + tail) / total
    spare = full - arrivals
    return Chats(
        wait, 1.0 - wait * exp(-spare * target), wait / spare, busy / total / people, held / total / people
    )


def required(arrivals: float, seconds: Sequence[float], level: float, target: float) -> int:
    """The fewest people of whom the share ``level`` of clients is answered within ``target`` seconds."""
    if not 0 < level < 1:
        raise ValueError("level: between 0 and 1, both excluded")
    _check(arrivals, seconds, target)
    if arrivals == 0:
        return 0
    high = 1
    while met(arrivals, high, seconds, target).service_level < level:
        high *= 2
    low = high // 2  # not enough
    while high - low > 1:
        middle = (low + high) // 2
        if met(arrivals, middle, seconds, target).service_level < level:
            low = middle
        else:
            high = middle
    return high
