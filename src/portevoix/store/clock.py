"""The database's clock: one time for all processes, whatever happens to a machine's own clock.

A process whose wall clock steps (RELIABILITY.md F28) must not end offers or wake parked work early or late, so the
time is read from PostgreSQL now and then and carried on by the monotonic clock in between.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portevoix.store.db import Connection

_TRUST_SECONDS = 10.0
#: An answer that was on its way for longer (this process stopped, or the network) is old when it is here: asked again.
_PROMPT_SECONDS = 0.5


class DatabaseClock:
    """``now(conn)`` costs a query every ten seconds."""

    def __init__(self) -> None:
        self._read: datetime | None = None
        self._at = 0.0
        self._prompt = True

    def now(self, conn: Connection) -> datetime:
        """The time, aware, in UTC."""
        asked = time.monotonic()
        passed = asked - self._at
        if self._read is None or passed > _TRUST_SECONDS or not self._prompt:
            row = conn.execute("select clock_timestamp() as now").fetchone()
            assert row is not None
            self._read, self._at, passed = row["now"], time.monotonic(), 0.0
            self._prompt = self._at - asked < _PROMPT_SECONDS
        return self._read + timedelta(seconds=passed)

    def guess(self) -> datetime | None:
        """The time without asking, or None before the first ``now``."""
        if self._read is None:
            return None
        return self._read + timedelta(seconds=time.monotonic() - self._at)
