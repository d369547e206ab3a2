"""What is agreed with one organisation (the house has such a contract with itself)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from portevoix.domain.channels import Channel


class DataClass(StrEnum):
    """What a contact tells of a person, as far as it decides who may know (RULES.md, RT-2)."""

    ORDINARY = "ordinary"
    HEALTH = "health"  # GDPR art. 9
    MINOR_AT_RISK = "minor-at-risk"
    COMPLAINT_2 = "complaint-2"  # a complaint on its second level


@dataclass(frozen=True, slots=True)
class Volumes:
    """How many contacts: at least (if so many come), and at most. None: not agreed. Raises ``ValueError`` when a least is
    above a most."""

    day_least: int | None = None
    day_most: int | None = None
    week_least: int | None = None
    week_most: int | None = None

    def __post_init__(self) -> None:
        for least, most in ((self.day_least, self.day_most), (self.week_least, self.week_most)):
            if (least or 0) < 0 or (most is not None and most < (least or 0)):
                msg = f"a least volume must lie between 0 and the most: {self}"
                raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Ramp:
    """From this day on this part of the share and of the volumes counts, until the next one (a beginning)."""

    day: date
    part: float


@dataclass(frozen=True, slots=True)
class Contract:
    """One organisation's part in some lines and channels (none named: all).

    ``share``: the part of the contacts it may take that it should get, against the shares of the others it competes with;
    they need not add up to 1. ``knows``: what it may be told. ``helps_after``: seconds after which it helps with what
    others were to take; None: never. ``lends_after``: seconds after which others may help with its own; None: never.
    ``own_platform``: it answers elsewhere, contacts are handed over and results come back.
    """

    organisation: int
    share: float
    lines: frozenset[int] = frozenset()
    channels: frozenset[Channel] = frozenset()
    first_day: date | None = None
    last_day: date | None = None
    volumes: Volumes = Volumes()
    ramp: tuple[Ramp, ...] = ()
    knows: frozenset[DataClass] = frozenset({DataClass.ORDINARY})
    helps_after: float | None = None
    lends_after: float | None = None
    own_platform: bool = False

    def __post_init__(self) -> None:
        if not (isfinite(self.share) and self.share >= 0):
            msg = f"a share must be a number that is not negative: {self.share}"
            raise ValueError(msg)

    def in_force(self, day: date) -> bool:
        """Whether it counts on a day."""
        begun = self.first_day is None or self.first_day <= day
        return begun and (self.last_day is None or day <= self.last_day)

    def covers(self, line_id: int, channel: Channel) -> bool:
        """Whether it is about such contacts."""
        return (not self.lines or line_id in self.lines) and (not self.channels or channel in self.channels)

    def part(self, day: date) -> float:
        """How far a beginning has come: 1 outside of one."""
        begun = [step for step in self.ramp if step.day <= day]
        if not begun:
            return 0.0 if self.ramp else 1.0
        return max(begun, key=lambda step: step.day).part

    def most(self, day: date, counts: Counts) -> int | None:
        """How many it may still take today; None: as many as come."""
        part, volumes = self.part(day), self.volumes
        left = [
            int(most * part) - done
            for most, done in ((volumes.day_most, counts.day), (volumes.week_most, counts.week))
            if most is not None
        ]
        return max(0, min(left)) if left else None

    def least(self, day: date, counts: Counts, *, days_left: int) -> float:
        """How many it should have had by the end of today; the week's least is spread over the ``days_left`` (with
        today)."""
        part, volumes = self.part(day), self.volumes
        today = (volumes.day_least or 0) * part
        if volumes.week_least is not None:
            before = counts.week - counts.day
            today = max(today, (volumes.week_least * part - before) / max(1, days_left))
        return today


@dataclass(frozen=True, slots=True)
class Counts:
    """What an organisation got today and this week (Monday to Sunday), of all that its contract is about."""

    day: int = 0
    week: int = 0
