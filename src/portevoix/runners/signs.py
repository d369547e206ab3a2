"""The signs of life that browsers give to the live process, as the timers hear of them.

A page answers each beat of its open connection (every 5 s); the live process says once a second whose answers it got, also when
there were none. So who is silent for 15 s has vanished, as long as it is not the way that is silent: after any gap in what the live process
says (it was restarted, the bus was away, this process slept) everybody's time begins anew.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from portevoix.bus import Bus

#: Less than 15 s after the last sign the work is free again; a page gives one every 5 s.
SILENT_SECONDS: Final = 14.0
#: The live process speaks every second.
GAP_SECONDS: Final = 4.0
#: The table hears of it so often: it is what counts when this process was just started.
WRITE_SECONDS: Final = 4.0
#: By then the table alone is enough.
FORGET_SECONDS: Final = 120.0


class Signs:
    """Who was heard of, and when, by this machine's steady clock. Heard on the bus's thread, asked on another."""

    def __init__(self, bus: Bus, subject: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = float("-inf")  # the live process spoke
        self._since = float("inf")  # ... and has spoken ever since
        self._seen: dict[int, float] = {}
        self._fresh: set[int] = set()
        self._written = float("-inf")
        bus.listen(subject, self._heard)

    def _heard(self, _subject: str, payload: bytes) -> None:
        try:
            accounts = [int(one) for one in orjson.loads(payload)["accounts"]]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return
        now = self._clock()
        with self._lock:
            if now - self._last > GAP_SECONDS:
                self._since = now
            self._last = now
            self._seen.update(dict.fromkeys(accounts, now))
            self._fresh.update(accounts)

    def to_write(self) -> list[int]:
        """Who gave a sign since this was last asked; seldom, for it is written into a table."""
        now = self._clock()
        with self._lock:
            if now - self._written < WRITE_SECONDS or not self._fresh:
                return []
            self._written = now
            told, self._fresh = sorted(self._fresh), set()
        return told

    def silent(self) -> list[int]:
        """Who gave signs and gives none any more."""
        now = self._clock()
        with self._lock:
            if now - self._last > GAP_SECONDS:
                return []
            silence = {who: now - max(at, self._since) for who, at in self._seen.items()}
            for who, seconds in silence.items():
                if seconds > FORGET_SECONDS:
                    del self._seen[who]
        return sorted(who for who, seconds in silence.items() if seconds > SILENT_SECONDS)

    def figures(self) -> dict[str, Any]:
        """For the status page."""
        return {"browsers": len(self._seen)}
