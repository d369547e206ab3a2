"""Opening hours of a line, in its own time zone, correct over changes of the clock.

All arithmetic is done in UTC on the intervals during which the line is open. A wall-clock time that
happens twice (autumn) opens at its first and closes at its last occurrence; one that never happens
(spring) stands for the same time counted from before the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from portevoix.domain.lines.holidays import Region, is_public_holiday

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How far ahead an opening is searched: beyond it the line counts as closed for good.
HORIZON: Final = timedelta(days=800)
MIDNIGHT: Final = time()
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from ``opens`` to ``closes`` (excluded) on one day; closing at 00:00 means the end of the day."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.closes != MIDNIGHT and self.closes <= self.opens:
            msg = f"closes at {self.closes:%H:%M}, before it opens at {self.opens:%H:%M}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Weekly:
    """A span of every ``weekday`` (0 is Monday)."""

    weekday: int
    span: Span

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            msg = f"weekday must be 0 (Monday) to 6, not {self.weekday}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Season:
    """From ``first`` to ``last``, both included, this week counts instead of the usual one (school holidays,
    summer hours); without any span the line is closed."""

    first: date
    last: date
    weekly: tuple[Weekly, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            msg = f"a season ends on {self.last}, before it begins on {self.first}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """The days ``first`` to ``last``, both included, are open at ``spans`` only: closed if there is none."""

    first: date
    last: date
    spans: tuple[Span, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a line is open. For one day, the last exception that names it decides; else a public holiday
    closes it (unless ``open_on_holidays``); else the week of the last season that names it; else the usual week.
    Instants must be aware datetimes."""

    zone: str
    weekly: tuple[Weekly, ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    regions: frozenset[Region] = frozenset()
    open_on_holidays: bool = False
    seasons: tuple[Season, ...] = ()

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)  # an unknown zone fails here (ZoneInfoNotFoundError), not on the first contact

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The spans of a day, in order; they may touch or overlap."""
        for exception in reversed(self.exceptions):
            if exception.first <= day <= exception.last:
                return tuple(sorted(exception.spans))
        if not self.open_on_holidays and is_public_holiday(day, self.regions):
            return ()
        season = next((s for s in reversed(self.seasons) if s.first <= day <= s.last), None)
        weekly = self.weekly if season is None else season.weekly
        return tuple(sorted(w.span for w in weekly if w.weekday == day.weekday()))

    def intervals(self, start: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open intervals within ``[start, until)``, in UTC, disjoint and in order."""
        zone = ZoneInfo(self.zone)
        done = start.astimezone(UTC)
        until = until.astimezone(UTC)
        # From the day before: in spring a span of yesterday can reach into today.
        day = (done.astimezone(zone) - timedelta(days=1)).date()
        last = until.astimezone(zone).date()
        while day <= last:
            for span in self.spans_on(day):
                opens = max(_instant(day, span.opens, zone, last=False), done)
                next_day = span.closes == MIDNIGHT
                closing_day = day + timedelta(days=1) if next_day else day
                closes = min(_instant(closing_day, span.closes, zone, last=not next_day), until)
                if opens < closes:
                    yield opens, closes
                    done = closes
            day += timedelta(days=1)

    def is_open(self, at: datetime) -> bool:
        """Whether the line is open at that instant."""
        at = at.astimezone(UTC)
        return any(opens <= at < closes for opens, closes in self.intervals(at, at + SECOND))

    def next_opening(self, at: datetime) -> datetime | None:
        """The first instant from ``at`` on when the line is open (``at`` itself if it is), in UTC."""
        return next((opens for opens, _ in self.intervals(at, at + HORIZON)), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """When the open interval around or after ``at`` ends, in UTC; spans that touch are one."""
        closing: datetime | None = None
        for opens, closes in self.intervals(at, at + HORIZON):
            if closing is not None and opens > closing:
                break
            closing = closes
        return closing

    def open_seconds_between(self, start: datetime, end: datetime) -> float:
        """Seconds during which the line is open in ``[start, end)``; 0 if ``end`` is not after ``start``."""
        return sum(
            (closes - opens for opens, closes in self.intervals(start, end)),
            timedelta(),
        ).total_seconds()

    def add_open_seconds(self, at: datetime, seconds: float) -> datetime | None:
        """The instant by which the line has been open for ``seconds`` since ``at``, in UTC.

        ``at`` itself for 0 seconds; None if the hours of the horizon do not suffice. Raises ``ValueError`` below 0.
        """
        if seconds < 0:
            msg = f"seconds must be 0 or more, not {seconds}"
            raise ValueError(msg)
        left = timedelta(seconds=seconds)
        if not left:
            return at.astimezone(UTC)
        for opens, closes in self.intervals(at, at + HORIZON + 6 * left):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        return None


def always_open(zone: str) -> Hours:
    """Day and night, holidays too."""
    whole = Span(MIDNIGHT, MIDNIGHT)
    return Hours(zone, tuple(Weekly(day, whole) for day in range(7)), open_on_holidays=True)


def _instant(day: date, clock: time, zone: ZoneInfo, *, last: bool) -> datetime:
    """A wall-clock time as an instant: its first or last occurrence; one that never occurs is counted
    from before the change (PEP 495: fold=0), both for opening and for closing."""
    first = datetime.combine(day, clock, tzinfo=zone)
    if last:
        second = first.replace(fold=1)
        if second.utcoffset() != first.utcoffset() and _happens(first):
            return second.astimezone(UTC)
    return first.astimezone(UTC)


def _happens(local: datetime) -> bool:
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0)
