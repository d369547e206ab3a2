"""Who listens to what, and the short memory that serves a browser which was away for a moment.

Plain data, no I/O. A listener that does not read fast enough loses what it has not read and is told to ``resync``:
memory stays bounded and the page fetches what it shows anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

REMEMBERED: Final = 5000
PENDING: Final = 500


@dataclass(frozen=True, slots=True)
class Push:
    """One event for browsers. ``seq`` 0: a passing hint, not in the log, not remembered."""

    seq: int
    topic: str
    text: str


@dataclass(eq=False, slots=True)
class Listener:
    """One open connection."""

    topics: frozenset[str]
    queue: asyncio.Queue[Push | None] = field(default_factory=lambda: asyncio.Queue(PENDING))
    lost: bool = False
    last: int = 0

    def give(self, push: Push) -> None:
        """Queue a push; an event that belongs to several topics of this listener is given once."""
        if push.seq and push.seq == self.last:
            return
        self.last = push.seq or self.last
        try:
            self.queue.put_nowait(push)
        except asyncio.QueueFull:
            self.lost = True


class Hub:
    """All open connections of this process."""

    def __init__(self) -> None:
        self._by_topic: dict[str, set[Listener]] = {}
        self._memory: deque[Push] = deque(maxlen=REMEMBERED)
        self.listeners: set[Listener] = set()

    def join(self, topics: frozenset[str], last: int | None) -> tuple[Listener, list[Push] | None]:
        """A new connection, and what it missed since ``last``; None when that is not known any more: resync."""
        listener = Listener(topics)
        self.listeners.add(listener)
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(listener)
        return listener, self._missed(topics, last)

    def _missed(self, topics: frozenset[str], last: int | None) -> list[Push] | None:
        if last is None:
            return []
        if not any(push.seq == last for push in self._memory):
            return None
        missed: dict[int, Push] = {}
        seen = False
        # Order of arrival, not of number: transactions commit in another order than they number.
        for push in self._memory:
            if seen and push.topic in topics and push.seq != last:
                missed.setdefault(push.seq, push)
            seen = seen or push.seq == last
        return list(missed.values())

    def leave(self, listener: Listener) -> None:
        """The connection is closed."""
        self.listeners.discard(listener)
        for topic in listener.topics:
            others = self._by_topic.get(topic)
            if others is not None:
                others.discard(listener)
                if not others:
                    del self._by_topic[topic]

    def push(self, push: Push) -> None:
        """Give to all that follow the topic."""
        if push.seq:
            self._memory.append(push)
        for listener in self._by_topic.get(push.topic, ()):
            listener.give(push)

    def resync(self) -> None:
        """The bus was away: whoever is connected may have missed something."""
        self._memory.clear()
        for listener in self.listeners:
            listener.lost = True
            if listener.queue.empty():
                listener.queue.put_nowait(Push(0, "", ""))

    def close(self) -> None:
        """Tell everybody to come back later."""
        for listener in self.listeners:
            while listener.queue.full():
                listener.queue.get_nowait()
            listener.queue.put_nowait(None)


def figures(hub: Hub) -> dict[str, Any]:
    """For the health page."""
    return {"connections": len(hub.listeners)}
