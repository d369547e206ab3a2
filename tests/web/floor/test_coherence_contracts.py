"""Contracts over a period: where they begin and end, what they cover, what they cost."""

from __future__ import annotations

from datetime import UTC, date, datetime

from portevoix.domain.figures.compare_cells import Counts
from portevoix.reports.contracts import Agreement, cost, in_force, share, stretches

FROM, TO = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
MAIL, CALL, OTHER = (1, 7, "mail"), (1, None, "phone"), (2, None, "mail")


def agreed(**values):
    usual = {
        "organisation_id": 5, "share": 0.3, "lines": None, "channels": None, "first": None, "last": None,
        "per_contact": None, "per_minute": None, "reference_visible": False,
    }  # fmt: skip
    return Agreement(**{**usual, **values})


def counts(closed, minutes=0.0):
    return Counts(handled=closed, closed=closed, timed=closed, seconds=minutes * 60)


def test_a_period_is_cut_where_a_contract_begins_and_the_day_after_it_ends():
    known = [
        agreed(first=date(2026, 3, 10), last=date(2026, 3, 19)),
        agreed(first=date(2026, 3, 20)),
        agreed(first=date(2020, 1, 1), last=date.max),
    ]
    assert [moment.day for moment in stretches(known, FROM, TO)] == [1, 10, 20]
    assert len(in_force(known, (5,), [FROM])) == 1
    assert len(in_force(known, (6,), [FROM])) == 0


def test_the_price_is_that_of_the_day():
    known = [
        agreed(last=date(2026, 3, 9), per_contact=2.0),
        agreed(first=date(2026, 3, 10), per_contact=3.0, per_minute=0.5),
    ]
    starts = stretches(known, FROM, TO)
    pieces = {(0, MAIL): counts(10), (1, MAIL): counts(10, minutes=40), (1, CALL): counts(1)}
    assert cost(known, starts, pieces) == 20.0 + 30.0 + 20.0 + 3.0


def test_what_no_contract_covers_costs_nothing_and_is_no_share():
    known = [agreed(lines=frozenset({1}), channels=frozenset({"mail"}), per_contact=2.0)]
    mine = {(0, MAIL): counts(10), (0, CALL): counts(99), (0, OTHER): counts(99)}
    everybody = {(0, MAIL): counts(40), (0, CALL): counts(99), (0, OTHER): counts(400)}
    assert cost(known, [FROM], mine) == 20.0
    assert share(known[0], [FROM], mine, everybody) == 0.25
    assert cost(known, [FROM], {(0, OTHER): counts(3)}) is None
    assert share(known[0], [FROM], {}, {}) is None
