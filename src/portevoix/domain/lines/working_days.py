"""Counting in days as French law does.

*Working days* are Monday to Friday, *jours ouvrables* Monday to Saturday, both without the public
holidays. The day something arrives is never counted.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portevoix.domain.lines.holidays import Region, is_public_holiday

if TYPE_CHECKING:
    from collections.abc import Callable

SATURDAY, SUNDAY = 5, 6
NOWHERE: frozenset[Region] = frozenset()


def is_working_day(day: date, regions: frozenset[Region] = NOWHERE) -> bool:
    """Monday to Friday and no public holiday."""
    return day.weekday() < SATURDAY and not is_public_holiday(day, regions)


def is_ouvrable(day: date, regions: frozenset[Region] = NOWHERE) -> bool:
    """Monday to Saturday and no public holiday (jour ouvrable)."""
    return day.weekday() != SUNDAY and not is_public_holiday(day, regions)


def add_working_days(day: date, count: int, regions: frozenset[Region] = NOWHERE) -> date:
    """The ``count``-th working day after ``day``; ``day`` itself for 0. Raises ``ValueError`` below 0."""
    return _after(day, count, lambda each: is_working_day(each, regions))


def add_ouvrables(day: date, count: int, regions: frozenset[Region] = NOWHERE) -> date:
    """The ``count``-th jour ouvrable after ``day``; ``day`` itself for 0. Raises ``ValueError`` below 0."""
    return _after(day, count, lambda each: is_ouvrable(each, regions))


def working_days_between(first: date, last: date, regions: frozenset[Region] = NOWHERE) -> int:
    """How many working days lie in ``(first, last]``: the inverse of ``add_working_days``. 0 if none."""
    span = range(first.toordinal() + 1, last.toordinal() + 1)
    return sum(is_working_day(date.fromordinal(n), regions) for n in span)


def add_months(day: date, count: int) -> date:
    """The same day of the month ``count`` months later, or the last of that month (CPC, art. 641)."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_day(day: date, zone: str) -> datetime:
    """The first instant after ``day`` in ``zone``, in UTC: a deadline "by ``day``" is kept before it."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC)


def _after(day: date, count: int, counted: Callable[[date], bool]) -> date:
    if count < 0:
        msg = f"count must be 0 or more, not {count}"
        raise ValueError(msg)
    while count:
        day += timedelta(days=1)
        if counted(day):
            count -= 1
    return day
