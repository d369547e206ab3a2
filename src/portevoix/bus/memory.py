"""The in-memory twin: the same contract inside one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.bus.port import PUSH, WAKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from portevoix.bus.port import Listener


def matches(pattern: str, subject: str) -> bool:
    """NATS subject matching: ``*`` is one token, ``>`` the rest (at least one)."""
    wanted, given = pattern.split("."), subject.split(".")
    for place, word in enumerate(wanted):
        if word == ">":
            return len(given) > place
        if place >= len(given) or word not in ("*", given[place]):
            return False
    return len(wanted) == len(given)


class MemoryBus:
    """Delivers at once, on the teller's thread."""

    def __init__(self) -> None:
        self._listeners: list[tuple[str, Listener]] = []
        self._open = True

    def poke(self) -> None:
        """See ``Bus``."""
        self._deliver(WAKE, b"")

    def tell(self, topic: str, payload: bytes) -> None:
        """See ``Bus``."""
        self._deliver(f"{PUSH}.{topic}", payload)

    def listen(self, subject: str, listener: Listener) -> None:
        """See ``Bus``."""
        self._listeners.append((subject, listener))

    def when_connected(self, call: Callable[[], None]) -> None:
        """See ``Bus``: at once, for here messages always travel."""
        call()

    def connected(self) -> bool:
        """See ``Bus``."""
        return self._open

    def close(self) -> None:
        """See ``Bus``."""
        self._open = False

    def _deliver(self, subject: str, payload: bytes) -> None:
        if not self._open:
            return
        for pattern, listener in self._listeners:
            if matches(pattern, subject):
                listener(subject, payload)
