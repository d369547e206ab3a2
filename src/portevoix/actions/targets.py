"""When a contact should be answered: the line's target in its opening hours, kept for a short while."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from portevoix.actions.errors import Missing
from portevoix.domain.lines.targets import Target
from portevoix.store import live

if TYPE_CHECKING:
    from portevoix.domain.lines.hours import Hours
    from portevoix.store.db import Connection


@dataclass(slots=True)
class Targets:
    """Hours and targets of all lines as read at one moment; ``due_at`` costs nothing for the same minute."""

    hours: dict[int, Hours]
    target_seconds: dict[int, int]
    preferred_seconds: dict[int, int]
    _memory: dict[tuple[int, datetime], timedelta] = field(default_factory=dict)

    @classmethod
    def read(cls, conn: Connection) -> Targets:
        """Read them from the configuration."""
        lines = live.rows(conn, "line_times")
        return cls(
            live.hours(conn),
            {line["id"]: line["target_minutes"] * 60 for line in lines},
            {line["id"]: line["preferred_seconds"] for line in lines},
        )

    def due_at(self, line_id: int, received: datetime) -> datetime:
        """When a contact of the line received then is due, to the minute. Raises ``Missing``."""
        if line_id not in self.hours:
            raise Missing("line")
        minute = received.replace(second=0, microsecond=0)
        key = (line_id, minute)
        wait = self._memory.get(key)
        if wait is None:
            if len(self._memory) > 1000:
                self._memory.clear()
            due = Target(self.target_seconds[line_id]).due_at(minute, self.hours[line_id])
            wait = self._memory[key] = due - minute
        return received + wait

    def preferred_until(self, line_id: int, at: datetime) -> datetime:
        """Until when a known conversation waits for its last adviser."""
        return at + timedelta(seconds=self.preferred_seconds.get(line_id, 0))


def due_at(conn: Connection, line_id: int, at: datetime) -> datetime:
    """When a contact of the line that begins now is due. Raises ``Missing``."""
    return Targets.read(conn).due_at(line_id, at)
