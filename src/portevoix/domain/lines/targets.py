"""What a line promises: how soon, for which share of contacts, and how well it was kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from portevoix.domain.channels import Channel
    from portevoix.domain.lines.hours import Hours


@dataclass(frozen=True, slots=True)
class Target:
    """``percent`` of the contacts answered within ``seconds``.

    ``in_open_hours``: the clock of the target runs only while the line is open (mail: usually yes).
    """

    seconds: int
    percent: float = 80.0
    in_open_hours: bool = True

    def __post_init__(self) -> None:
        if self.seconds < 0 or not 0 <= self.percent <= 100:
            msg = (
                f"a target needs seconds >= 0 and 0 <= percent <= 100, not {self.seconds} and {self.percent}"
            )
            raise ValueError(msg)

    def due_at(self, received: datetime, hours: Hours) -> datetime:
        """When a contact received at ``received`` should have been answered, in UTC.

        A line that never opens again within the horizon of its hours falls back to plain seconds:
        every contact must have a due time, or it would wait behind all others for ever.
        """
        if self.in_open_hours:
            due = hours.add_open_seconds(received, self.seconds)
            if due is not None:
                return due
        return received.astimezone(UTC) + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of one line: one for all channels, and those that differ."""

    default: Target
    by_channel: tuple[tuple[Channel, Target], ...] = ()

    def of(self, channel: Channel) -> Target:
        """The target of a channel."""
        return next(
            (target for name, target in self.by_channel if name == channel),
            self.default,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of how many were within the target. Adds up, so that a day is the sum of its intervals:
    the mean of the intervals' percentages would be wrong."""

    within: int = 0
    total: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(self.within + other.within, self.total + other.total)

    @property
    def percent(self) -> float | None:
        """The share in percent, or None where there was nothing to keep."""
        return 100.0 * self.within / self.total if self.total else None


def within(waits: Iterable[float], target: Target) -> Kept:
    """The waits (seconds) that kept the target: a wait of exactly ``target.seconds`` does."""
    kept = total = 0
    for wait in waits:
        total += 1
        kept += wait <= target.seconds
    return Kept(kept, total)
