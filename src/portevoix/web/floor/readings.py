"""What the floor shows, read once for all who ask at the same moment, with since when each piece is as it is.

A browser says when it last asked and is given the pieces that became different since. Nothing about browsers is kept: each
process compares what it reads with what it read before. A piece that changed is marked with the end of the reading that
first showed it so, which is never before the change itself; so any process may answer any browser, and may tell it a piece
again, never too few.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

#: Told again although it was told already: clocks of two machines differ.
SLACK_SECONDS = 0.1
_GONE = object()


@dataclass(frozen=True, slots=True)
class Reading:
    """Values by name, as read at once; and when each became so (``gone``: they are no more)."""

    began: float
    values: Mapping[str, Any]
    since: Mapping[str, float]
    gone: Mapping[str, float]

    def news(self, asked: float | None) -> list[str]:
        """The names of what is different since somebody asked, what is gone included; everything for ``None``."""
        if asked is None or not asked <= self.began + 60:  # a clock was set back, or no number
            return list(self.values)
        limit = asked - SLACK_SECONDS
        return [
            *(name for name, at in self.since.items() if at > limit),
            *(name for name, at in self.gone.items() if at > limit),
        ]


def _compared(began: float, ended: float, values: Mapping[str, Any], before: Reading | None) -> Reading:
    if before is None:
        return Reading(began, values, dict.fromkeys(values, ended), {})
    old, since = before.values, before.since
    marked = {name: since[name] if old.get(name, _GONE) == value else ended for name, value in values.items()}
    gone = {name: at for name, at in before.gone.items() if name not in values and at > ended - 3600}
    gone |= {name: ended for name in old if name not in values}
    return Reading(began, values, marked, gone)


class Readings:
    """The last reading of each kind. Who asks while another reads waits and shares the next one: no answer is older than
    its question, and a hundred who ask at once cost two readings."""

    def __init__(self, most: int = 200, clock: Callable[[], float] = time.time) -> None:
        self._kept: OrderedDict[Hashable, Reading] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._mine = threading.Lock()
        self._most = most
        self._clock = clock

    def get(self, key: Hashable, read: Callable[[], Mapping[str, Any]]) -> Reading:
        """Read, or take what another read since this was asked."""
        asked = self._clock()
        with self._mine:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            kept = self._kept.get(key)
            if kept is not None and asked <= kept.began <= self._clock():
                return kept
            began = self._clock()
            values = read()
            made = _compared(began, self._clock(), values, kept)
            with self._mine:
                self._kept[key] = made
                self._kept.move_to_end(key)
                while len(self._kept) > self._most:
                    self._locks.pop(self._kept.popitem(last=False)[0], None)
        return made
