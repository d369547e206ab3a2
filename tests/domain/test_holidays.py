"""Public holidays and counting in days, against the vectors of the law and an independent library."""

from __future__ import annotations

from datetime import date

import holidays as oracle
import pytest

from portevoix.domain.lines.holidays import Region, easter, public_holidays
from portevoix.domain.lines.working_days import (
    add_months,
    add_ouvrables,
    add_working_days,
    end_of_day,
    is_working_day,
    working_days_between,
)

# The territories as the oracle names them, and its local customs that no rule of ours knows.
SUBDIVISION = {
    Region.ALSACE_MOSELLE: "57",
    Region.GUADELOUPE: "971",
    Region.GUYANE: "973",
    Region.MARTINIQUE: "972",
    Region.MAYOTTE: "976",
    Region.REUNION: "974",
}
CUSTOMS = {
    Region.GUADELOUPE: {"Good Friday", "Mi-Careme", "Victor Schoelcher Day"},
    Region.MARTINIQUE: {"Victor Schoelcher Day"},
}
# Days that were not off in some years of history, which the oracle knows and the rule of today does not.
HISTORY = {
    *(date(year, 5, 1) for year in range(1900, 1947)),
    *(date(year, 5, 8) for year in (*range(1900, 1953), *range(1960, 1982))),
    *(date(year, 11, 11) for year in range(1900, 1922)),
    date(2005, 5, 16),  # Whit Monday was the "day of solidarity"
    date(2006, 6, 5),
    date(2007, 5, 28),
}
MOVABLE = {
    2026: "0406 0514 0525 0403",
    2027: "0329 0506 0517 0326",
    2028: "0417 0525 0605 0414",
}
TEN_DATES = {1902, 1913, 1975, 1986, 1997, 2008, 2059, 2070, 2081, 2092}


def test_easter() -> None:
    days = [
        "2025-04-20",
        "2026-04-05",
        "2027-03-28",
        "2028-04-16",
        "2029-04-01",
        "2030-04-21",
    ]
    assert [easter(date.fromisoformat(d).year).isoformat() for d in days] == days


@pytest.mark.parametrize("year", MOVABLE)
def test_movable_days(year: int) -> None:
    days = [date(year, int(d[:2]), int(d[2:])) for d in MOVABLE[year].split()]
    assert public_holidays(year, frozenset({Region.ALSACE_MOSELLE})) >= set(days)
    assert days[3] not in public_holidays(year)


def test_ten_dates_when_ascension_falls_on_a_fixed_day() -> None:
    assert {y for y in range(1900, 2101) if len(public_holidays(y)) == 10} == TEN_DATES
    assert {len(public_holidays(y)) for y in range(1900, 2101)} == {10, 11}


def test_same_as_the_oracle_from_1900_to_2100() -> None:
    theirs = set(oracle.country_holidays("FR", years=range(1900, 2101)))
    ours = {day for year in range(1900, 2101) for day in public_holidays(year)}
    assert theirs - ours == set()
    assert ours - theirs <= HISTORY


@pytest.mark.parametrize("region", Region)
def test_same_as_the_oracle_in_territories(region: Region) -> None:
    years = range(2008, 2061)
    theirs = oracle.country_holidays("FR", subdiv=SUBDIVISION[region], years=years, language="en_US")
    ours = {day for year in years for day in public_holidays(year, frozenset({region}))}
    assert ours <= set(theirs)
    assert {theirs[day] for day in set(theirs) - ours} == CUSTOMS.get(region, set())


def test_callback_deadline_skips_sunday_and_armistice() -> None:
    assert add_ouvrables(date(2026, 11, 5), 5) == date(2026, 11, 12)


def test_working_days_are_their_own_inverse() -> None:
    start = date(2026, 4, 29)
    for count in range(30):
        end = add_working_days(start, count)
        assert working_days_between(start, end) == count
        assert not count or is_working_day(end)
    with pytest.raises(ValueError, match="-1"):
        add_working_days(start, -1)


def test_months_end_on_the_same_day_or_the_last() -> None:
    assert add_months(date(2026, 11, 24), 2) == date(2027, 1, 24)
    assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)


def test_end_of_day_is_the_local_midnight() -> None:
    assert end_of_day(date(2026, 3, 29), "Europe/Paris").isoformat() == "2026-03-29T22:00:00+00:00"
