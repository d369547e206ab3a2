"""Shares between organisations: what RULES.md says, and what must hold whatever comes."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portevoix.domain.allocation.allocator import Account, Allocator, Allotted, Wider
from portevoix.domain.allocation.contract import Contract, Counts, DataClass, Ramp, Volumes
from portevoix.domain.channels import Channel

MONDAY = date(2026, 11, 23)
HOUSE, NORTH, SOUTH = 1, 2, 3
CALL = Channel.PHONE


def allotted(allocator: Allocator, **more: object) -> Allotted:
    found = allocator.allot(1, CALL, **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def taken(allocator: Allocator, count: int) -> list[int | None]:
    return [allotted(allocator).organisation for _ in range(count)]


def test_seventy_to_thirty_is_seven_and_three_of_ten_and_never_off_by_more_than_one() -> None:
    """RT-1."""
    order = taken(Allocator(MONDAY, (Contract(HOUSE, 0.7), Contract(NORTH, 0.3))), 10)
    assert Counter(order) == {HOUSE: 7, NORTH: 3}
    for count in range(1, 11):
        assert abs(order[:count].count(HOUSE) - 0.7 * count) <= 1


def test_who_is_furthest_behind_their_share_takes_the_next() -> None:
    """The vector of percent allocation: A has 35 for 25, B 49 for 50, C 78 for 75 (each of its own whole): B."""
    allocator = Allocator(MONDAY, tuple(Contract(n, 1.0) for n in (1, 2, 3)))
    allocator.accounts[1, CALL] = {1: Account(25 - 35, 35), 2: Account(50 - 49, 49), 3: Account(75 - 78, 78)}
    assert allotted(allocator).organisation == 2


def test_without_a_contract_anybody() -> None:
    assert Allocator(MONDAY, ()).allot(1, CALL) is None
    other = Contract(NORTH, 1.0, lines=frozenset({2}), channels=frozenset({Channel.MAIL}))
    assert Allocator(MONDAY, (other,)).allot(1, CALL) is None
    assert Allocator(MONDAY, (other,)).allot(2, CALL) is None
    found = Allocator(MONDAY, (other,)).allot(2, Channel.MAIL)
    assert found is not None
    assert found.organisation == NORTH


def test_health_stays_in_the_house_though_the_share_drifts() -> None:
    """RT-2."""
    every = frozenset(DataClass)
    allocator = Allocator(MONDAY, (Contract(HOUSE, 0.1, knows=every), Contract(NORTH, 0.9, helps_after=5)))
    for _ in range(50):
        found = allotted(allocator, tells=DataClass.HEALTH)
        assert (found.organisation, found.may, found.wider) == (HOUSE, frozenset({HOUSE}), ())
        assert found.why[-1][:2] == (NORTH, "not-told")
    assert set(taken(allocator, 8)) == {NORTH, HOUSE} or taken(allocator, 8).count(NORTH) >= 7


def test_health_waits_for_the_house_when_it_is_closed() -> None:
    house = Contract(HOUSE, 1.0, knows=frozenset(DataClass))
    allocator = Allocator(MONDAY, (house, Contract(NORTH, 1.0)))
    found = allotted(allocator, tells=DataClass.HEALTH, closed=[HOUSE])
    assert (found.organisation, found.first) == (None, frozenset({HOUSE}))


def test_the_most_of_a_day_and_of_a_week() -> None:
    north = Contract(NORTH, 0.9, volumes=Volumes(day_most=3, week_most=10))
    allocator = Allocator(MONDAY, (Contract(HOUSE, 0.1), north), {NORTH: Counts(0, 8)})
    order = taken(allocator, 30)
    assert order.count(NORTH) == 2
    assert {one.code for one in allotted(allocator).why} == {"most", "owed-most"}


def test_the_least_comes_first_or_at_the_pace_of_the_day() -> None:
    contracts = (Contract(HOUSE, 0.9), Contract(NORTH, 0.1, volumes=Volumes(day_least=20)))
    assert taken(Allocator(MONDAY, contracts), 25)[:20] == [NORTH] * 20
    paced = Allocator(MONDAY, contracts)
    order = [allotted(paced, progress=number / 100).organisation for number in range(1, 101)]
    assert order.count(NORTH) in (20, 21)
    assert order[:50].count(NORTH) in (10, 11)


def test_a_week_s_least_is_spread_over_its_days() -> None:
    north = Contract(NORTH, 0.0, volumes=Volumes(week_least=50))
    allocator = Allocator(MONDAY, (Contract(HOUSE, 1.0), north), {NORTH: Counts(0, 10)}, days_left=4)
    assert taken(allocator, 40).count(NORTH) == 10


def test_a_beginning_takes_its_part() -> None:
    north = Contract(
        NORTH, 0.5, ramp=(Ramp(MONDAY, 0.5), Ramp(date(2026, 12, 1), 1.0)), volumes=Volumes(day_most=100)
    )
    order = taken(Allocator(MONDAY, (Contract(HOUSE, 0.75), north)), 400)
    assert order[:100].count(NORTH) == 25  # 0.25 against 0.75
    assert order.count(NORTH) == 50  # half of its most
    before = Allocator(date(2026, 11, 20), (Contract(HOUSE, 0.5), north))
    assert NORTH not in taken(before, 50)


def test_overflow_both_ways_after_their_seconds() -> None:
    house = Contract(HOUSE, 0.5, lends_after=30, helps_after=60)
    north = Contract(NORTH, 0.3, lends_after=None, helps_after=20)
    south = Contract(SOUTH, 0.2, lends_after=10, helps_after=90)
    allocator = Allocator(MONDAY, (house, north, south))
    by = {found.organisation: found.wider for found in (allotted(allocator) for _ in range(10))}
    assert by[HOUSE] == (Wider(30, frozenset({HOUSE, NORTH})), Wider(90, frozenset({HOUSE, NORTH, SOUTH})))
    assert by[NORTH] == ()
    assert by[SOUTH] == (Wider(20, frozenset({SOUTH, NORTH})), Wider(60, frozenset({SOUTH, NORTH, HOUSE})))


def test_why_is_told_of_everybody() -> None:
    allocator = Allocator(MONDAY, (Contract(HOUSE, 0.7), Contract(NORTH, 0.3), Contract(SOUTH, 0.1)))
    taken(allocator, 10)
    found = allotted(allocator, closed=[SOUTH])
    assert [(one.organisation, one.code) for one in found.why] == [
        (HOUSE, "owed-most" if found.organisation == HOUSE else "owed-less"),
        (NORTH, "owed-most" if found.organisation == NORTH else "owed-less"),
        (SOUTH, "closed"),
    ]
    assert found.why[0].share == pytest.approx(0.7)
    assert found.why[0].as_json()["organisation"] == HOUSE


@pytest.mark.parametrize("wrong", [{"day_least": 5, "day_most": 4}, {"week_least": -1}])
def test_volumes_that_make_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="least"):
        Volumes(**wrong)


SHARES = st.lists(st.integers(1, 100), min_size=2, max_size=5)


@given(SHARES, st.integers(0, 2**32), st.integers(100, 600))
def test_the_share_is_kept_within_a_point_over_a_day_whatever_the_mix(
    shares: list[int], seed: int, count: int
) -> None:
    chance = Random(seed)
    contracts = tuple(Contract(n + 1, share / 100, helps_after=1) for n, share in enumerate(shares))
    allocator = Allocator(MONDAY, contracts)
    owed: Counter[int] = Counter()
    had: Counter[int] = Counter()
    for _ in range(count):
        closed = [n + 1 for n in range(1, len(shares)) if chance.random() < 0.3]
        found = allotted(allocator, closed=closed)
        whole = sum(share for n, share in enumerate(shares) if n + 1 not in closed)
        for n, share in enumerate(shares):
            if n + 1 not in closed:
                owed[n + 1] += share / whole
        assert found.organisation is not None
        assert found.organisation not in closed
        had[found.organisation] += 1
    assert sum(had.values()) == count
    for organisation in range(1, len(shares) + 1):
        # One point of a day's contacts, and never less than what a single contact can make.
        assert abs(had[organisation] - owed[organisation]) <= max(0.01 * count, len(shares) - 1)


@given(
    SHARES,
    st.lists(st.integers(0, 40), min_size=5, max_size=5),
    st.lists(st.integers(0, 40), min_size=5, max_size=5),
)
def test_never_above_the_most_and_the_least_where_enough_comes(
    shares: list[int], least: list[int], more: list[int]
) -> None:
    contracts = tuple(
        Contract(n + 1, share / 100, volumes=Volumes(day_least=least[n], day_most=least[n] + more[n]))
        for n, share in enumerate(shares)
    )
    most = sum(least[n] + more[n] for n in range(len(shares)))
    order = [
        allotted(allocator).organisation
        for allocator in [Allocator(MONDAY, contracts)]
        for _ in range(most + 20)
    ]
    for n in range(len(shares)):
        assert order.count(n + 1) == least[n] + more[n]
    assert order.count(None) == 20
    enough = sum(least[: len(shares)])
    for n in range(len(shares)):
        assert order[:enough].count(n + 1) == least[n]
