"""French public holidays (code du travail, L.3133-1) and the extra days of some territories.

The rule of today is applied to every year: before 1982 the real calendar had fewer days.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Region(StrEnum):
    """A territory whose usual days off are more than the eleven of L.3133-1."""

    ALSACE_MOSELLE = "alsace-moselle"
    GUADELOUPE = "guadeloupe"
    GUYANE = "guyane"
    MARTINIQUE = "martinique"
    MAYOTTE = "mayotte"
    REUNION = "reunion"


FIXED: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
EASTER_MONDAY, ASCENSION, WHIT_MONDAY, GOOD_FRIDAY = (
    1,
    39,
    50,
    -2,
)  # days from Easter Sunday

#: The day the abolition of slavery is kept (loi 83-550, décret 83-1003).
ABOLITION: Final[Mapping[Region, tuple[int, int]]] = MappingProxyType(
    {
        Region.GUADELOUPE: (5, 27),
        Region.GUYANE: (6, 10),
        Region.MARTINIQUE: (5, 22),
        Region.MAYOTTE: (4, 27),
        Region.REUNION: (12, 20),
    }
)


def easter(year: int) -> date:
    """Easter Sunday of a Gregorian year (Meeus/Jones/Butcher)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - moon + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=1024)
def public_holidays(year: int, regions: frozenset[Region] = frozenset()) -> frozenset[date]:
    """The days off of ``year``: ten dates instead of eleven when Ascension falls on 1 or 8 May."""
    sunday = easter(year)
    days = {date(year, month, day) for month, day in FIXED}
    days.update(sunday + timedelta(days=n) for n in (EASTER_MONDAY, ASCENSION, WHIT_MONDAY))
    if Region.ALSACE_MOSELLE in regions:
        days.update((sunday + timedelta(days=GOOD_FRIDAY), date(year, 12, 26)))
    days.update(date(year, *ABOLITION[region]) for region in regions if region in ABOLITION)
    return frozenset(days)


def is_public_holiday(day: date, regions: frozenset[Region] = frozenset()) -> bool:
    """Whether ``day`` is a public holiday."""
    return day in public_holidays(day.year, regions)
