"""Opening hours: exceptions, holidays, changes of the clock, and adding open time as the inverse of measuring it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.domain.channels import Channel
from portevoix.domain.lines.hours import Exceptional, Hours, Season, Span, Weekly, always_open
from portevoix.domain.lines.targets import Kept, Target, Targets, within

PARIS = ZoneInfo("Europe/Paris")
MORNING, AFTERNOON = Span(time(8, 30), time(12)), Span(time(13), time(18))
HOUR = 3600


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def week(*spans: Span) -> tuple[Weekly, ...]:
    return tuple(Weekly(day, span) for day in range(5) for span in spans)


OFFICE = Hours("Europe/Paris", week(MORNING, AFTERNOON))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-24T08:29:59", False),
        ("2026-11-24T08:30", True),
        ("2026-11-24T11:59:59.999999", True),
        ("2026-11-24T12:00", False),
        ("2026-11-24T18:00", False),
        ("2026-11-28T10:00", False),  # Saturday
        ("2026-11-11T10:00", False),  # holiday
    ],
)
def test_half_open_spans(at: str, expected: bool) -> None:
    assert OFFICE.is_open(paris(at)) is expected


def test_next_opening_and_closing() -> None:
    assert OFFICE.next_opening(paris("2026-11-24T09:00")) == paris("2026-11-24T09:00")
    assert OFFICE.next_opening(paris("2026-11-10T18:00")) == paris("2026-11-12T08:30")
    assert OFFICE.next_closing(paris("2026-11-10T19:00")) == paris("2026-11-12T12:00")
    assert Hours("Europe/Paris").next_opening(paris("2026-11-24T09:00")) is None
    assert Hours("Europe/Paris").add_open_seconds(paris("2026-11-24T09:00"), 1) is None


def test_exceptions_decide_before_holidays_and_the_last_one_wins() -> None:
    armistice, strike = date(2026, 11, 11), date(2026, 11, 12)
    hours = Hours(
        "Europe/Paris",
        week(MORNING),
        (
            Exceptional(armistice, armistice, (AFTERNOON,), "permanence"),
            Exceptional(date(2026, 11, 9), date(2026, 11, 13), (), "fermeture"),
            Exceptional(strike, strike, (AFTERNOON,)),
        ),
    )
    assert hours.spans_on(armistice) == ()
    assert hours.spans_on(strike) == (AFTERNOON,)
    assert Hours("Europe/Paris", week(MORNING), hours.exceptions[:1]).spans_on(armistice) == (AFTERNOON,)
    assert Hours("Europe/Paris", week(MORNING), open_on_holidays=True).spans_on(armistice) == (MORNING,)


def test_a_season_has_its_own_week_instead_of_the_usual_one() -> None:
    summer = Season(date(2026, 7, 6), date(2026, 8, 28), week(MORNING), "été")
    christmas = Season(date(2026, 12, 19), date(2027, 1, 3), (), "fermeture de Noël")
    hours = Hours("Europe/Paris", week(MORNING, AFTERNOON), seasons=(summer, christmas))
    assert hours.spans_on(date(2026, 7, 3)) == (MORNING, AFTERNOON)
    assert hours.spans_on(date(2026, 7, 6)) == hours.spans_on(date(2026, 8, 28)) == (MORNING,)
    assert hours.spans_on(date(2026, 8, 31)) == (MORNING, AFTERNOON)
    assert hours.spans_on(date(2026, 7, 14)) == ()  # a holiday closes in a season too
    assert hours.next_opening(paris("2026-12-18T18:00")) == paris("2027-01-04T08:30")
    # A day that differs decides within a season; of two seasons the later one counts.
    special = Exceptional(date(2026, 12, 21), date(2026, 12, 21), (MORNING, AFTERNOON))
    late = Season(date(2026, 12, 22), date(2026, 12, 22), week(AFTERNOON))
    both = Hours("Europe/Paris", week(MORNING), (special,), seasons=(christmas, late))
    assert both.spans_on(date(2026, 12, 21)) == (MORNING, AFTERNOON)
    assert both.spans_on(date(2026, 12, 22)) == (AFTERNOON,)
    with pytest.raises(ValueError, match="before it begins"):
        Season(date(2026, 1, 2), date(2026, 1, 1))


def test_a_special_day_has_a_morning_and_an_afternoon() -> None:
    saturday = date(2026, 11, 28)
    hours = Hours("Europe/Paris", week(MORNING), (Exceptional(saturday, saturday, (AFTERNOON, MORNING)),))
    assert hours.spans_on(saturday) == (MORNING, AFTERNOON)
    assert hours.open_seconds_between(paris("2026-11-28T00:00"), paris("2026-11-29T00:00")) == 8.5 * HOUR
    assert not hours.is_open(paris("2026-11-28T12:30"))


def test_days_of_23_and_25_hours() -> None:
    always = always_open("Europe/Paris")
    assert always.open_seconds_between(paris("2026-03-29T00:00"), paris("2026-03-30T00:00")) == 23 * HOUR
    assert always.open_seconds_between(paris("2026-10-25T00:00"), paris("2026-10-26T00:00")) == 25 * HOUR
    assert always.add_open_seconds(paris("2026-10-24T12:00"), 24 * HOUR) == paris("2026-10-25T11:00")


def test_spans_on_the_night_of_the_change() -> None:
    night = Hours(
        "Europe/Paris",
        (Weekly(6, Span(time(1), time(2, 30))), Weekly(6, Span(time(3), time(4)))),
    )

    def length(day: str) -> float:
        start = paris(day)
        return night.open_seconds_between(start, start + timedelta(days=1))

    assert length("2026-11-15") == 2.5 * HOUR
    assert length("2026-10-25") == 3.5 * HOUR  # 02:30 closes at its second occurrence
    assert length("2026-03-29") == 2 * HOUR  # 02:30 never comes: the two spans overlap and count once


def test_bad_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="before it opens"):
        Span(time(12), time(12))
    with pytest.raises(ValueError, match="weekday"):
        Weekly(7, MORNING)
    with pytest.raises(ZoneInfoNotFoundError):
        Hours("Europe/Atlantis")
    with pytest.raises(ValueError, match="seconds"):
        OFFICE.add_open_seconds(paris("2026-11-24T09:00"), -1)


ZONES = st.sampled_from(
    [
        "Europe/Paris",
        "Indian/Reunion",
        "America/Miquelon",
        "Pacific/Noumea",
        "America/Santiago",
    ]
)
QUARTERS = st.integers(0, 95)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    first, last = draw(QUARTERS), draw(QUARTERS)
    first, last = min(first, last), max(first, last) + 1
    return Span(time(first // 4, first % 4 * 15), time(last // 4 % 24, last % 4 * 15))


HOURS = st.builds(
    Hours,
    ZONES,
    st.lists(st.builds(Weekly, st.integers(0, 6), spans()), min_size=1, max_size=6).map(tuple),
    st.lists(
        st.builds(
            lambda d, s: Exceptional(d, d + timedelta(days=1), s),
            st.dates(date(2026, 3, 26), date(2026, 4, 2)),
            st.lists(spans(), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    open_on_holidays=st.booleans(),
    seasons=st.lists(
        st.builds(
            lambda d, n, w: Season(d, d + timedelta(days=n), w),
            st.dates(date(2026, 3, 20), date(2026, 10, 30)),
            st.integers(0, 60),
            st.lists(st.builds(Weekly, st.integers(0, 6), spans()), max_size=6).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)
INSTANTS = st.one_of(
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 4, 7)),
    st.datetimes(datetime(2026, 10, 23), datetime(2026, 10, 28)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
).map(lambda d: d.replace(tzinfo=UTC, microsecond=0))


@settings(max_examples=60, deadline=None)
@given(HOURS, INSTANTS, st.integers(0, 30 * HOUR))
def test_adding_then_measuring_is_identity(hours: Hours, at: datetime, seconds: int) -> None:
    end = hours.add_open_seconds(at, seconds)
    assert end is not None
    assert hours.open_seconds_between(at, end) == seconds
    # ... and it is the earliest such instant: just before it, less open time has passed.
    if seconds:
        assert hours.open_seconds_between(at, end - timedelta(microseconds=1)) < seconds


@settings(max_examples=40, deadline=None)
@given(HOURS, INSTANTS, st.integers(0, 3 * 86400), st.integers(0, 3 * 86400))
def test_measuring_adds_up_and_agrees_with_is_open(
    hours: Hours, a: datetime, first: int, second: int
) -> None:
    b = a + timedelta(seconds=first)
    c = b + timedelta(seconds=second)
    parts = hours.open_seconds_between(a, b) + hours.open_seconds_between(b, c)
    assert hours.open_seconds_between(a, c) == parts
    opening = hours.next_opening(a)
    assert opening is not None
    assert hours.is_open(opening)
    assert hours.open_seconds_between(a, opening) == 0
    assert hours.is_open(a) == (opening == a)


@settings(max_examples=100, deadline=None)
@given(HOURS, st.dates(date(2026, 1, 1), date(2027, 1, 1)))
def test_a_season_changes_its_days_and_no_others(hours: Hours, day: date) -> None:
    """Oracle: a day in a season is as if its week were the usual one; another day as if there were no season."""
    naming = [season for season in hours.seasons if season.first <= day <= season.last]
    weekly = naming[-1].weekly if naming else hours.weekly
    assert hours.spans_on(day) == replace(hours, weekly=weekly, seasons=()).spans_on(day)


@settings(max_examples=40, deadline=None)
@given(HOURS, INSTANTS)
def test_a_season_of_the_usual_week_changes_nothing(hours: Hours, at: datetime) -> None:
    plain = replace(hours, seasons=())
    same = replace(hours, seasons=(Season(date(2026, 1, 1), date(2027, 12, 31), hours.weekly),))
    assert same.add_open_seconds(at, 3 * HOUR) == plain.add_open_seconds(at, 3 * HOUR)


def test_due_at() -> None:
    received = paris("2026-11-24T17:00")
    assert Target(2 * HOUR).due_at(received, OFFICE) == paris("2026-11-25T09:30")
    assert Target(2 * HOUR, in_open_hours=False).due_at(received, OFFICE) == paris("2026-11-24T19:00")
    # A line that never opens still gives every contact a due time.
    assert Target(2 * HOUR).due_at(received, Hours("Europe/Paris")) == paris("2026-11-24T19:00")


def test_targets_by_channel() -> None:
    mail, call = Target(5 * 24 * HOUR, 90), Target(20)
    targets = Targets(mail, ((Channel.PHONE, call),))
    assert targets.of(Channel.PHONE) == call
    assert targets.of(Channel.MAIL) == mail
    with pytest.raises(ValueError, match="percent"):
        Target(20, 101)


def test_a_day_is_the_sum_of_its_intervals() -> None:
    day = Kept(90, 100) + Kept(10, 50)
    assert day.percent == pytest.approx(66.67, abs=0.01)
    assert Kept().percent is None
    assert within([0, 20, 20.5], Target(20)) == Kept(2, 3)
