"""Differences between organisations: against reference values, and never more false alarms than promised.

The reference values were worked out once with mpmath (40 digits), exact fractions, and SciPy.
"""

from __future__ import annotations

import math
import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portevoix.domain.figures import compare_rates, compare_times
from portevoix.domain.figures.compare import LEVEL, Measure, Verdict, holm, judge
from portevoix.domain.figures.compare_numbers import student_quantile, student_two_sided, wilson
from portevoix.domain.figures.compare_rates import Difference, Rate
from portevoix.domain.figures.compare_times import Times, times


def pairs(*strata):
    return [(Rate(*theirs), Rate(*ours)) for theirs, ours in strata]


def p_of(found: Difference | None) -> float:
    assert found is not None
    return found.p


@pytest.mark.parametrize(
    ("t", "df", "tail"),
    [
        (2.0, 3.0, 0.13932596855884317685),
        (1.96, 1000.0, 0.050273184955748718435),
        (0.5, 1.5, 0.68056711066994000858),
        (4.5, 7.25, 0.0025631214464489715662),
        (12.0, 2.0, 0.0068729336771584601411),
        (0.01, 30.0, 0.99208749257317769651),
    ],
)
def test_the_tail_of_student_is_the_known_one(t, df, tail):
    assert student_two_sided(t, df) == pytest.approx(tail, rel=1e-11)


@pytest.mark.parametrize(
    ("df", "quantile"),
    [(1, 12.70620473617469), (2.5, 3.574654842003682), (10, 2.228138851986274), (120, 1.97993040508244)],
)
def test_the_quantile_of_student_is_the_known_one(df, quantile):
    assert student_quantile(0.05, df) == pytest.approx(quantile, rel=1e-10)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.27753279986288926),
        (5, 10, 0.236593090512564, 0.7634069094874361),
        (10, 10, 0.7224672001371109, 1.0),
        (81, 263, 0.2552885198782742, 0.36620957698280004),
    ],
)
def test_the_score_interval_is_the_known_one(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-12)


def test_admissions_to_berkeley_are_no_difference_within_departments():
    """The best known case of Simpson's paradox (Bickel and others 1975)."""
    departments = pairs(
        ((512, 825), (89, 108)), ((353, 560), (17, 25)), ((120, 325), (202, 593)),
        ((138, 417), (131, 375)), ((53, 191), (94, 393)), ((22, 373), (24, 341)),
    )  # fmt: skip
    found = compare_rates.compare(departments)
    assert p_of(found) == pytest.approx(0.21692369705551738, rel=1e-12)
    assert found.low < 0 < found.high
    alone = compare_rates.compare(pairs(((1198, 2691), (557, 1835))))
    assert alone.p < 1e-20


@pytest.mark.parametrize(
    ("strata", "p"),
    [
        ([((0, 12), (5, 12))], 0.037267080745341616),  # Fisher
        ([((3, 4), (1, 4))], 0.4857142857142857),  # the lady tasting tea
        ([((2, 400), (9, 500))], 0.12423958824231475),
        ([((0, 9), (4, 11)), ((1, 7), (3, 8)), ((0, 30), (2, 25))], 0.013123855848314053),
        ([((7, 7), (3, 8)), ((5, 6), (2, 5))], 0.006463233735961009),
    ],
)
def test_small_counts_are_worked_out_exactly(strata, p):
    found = compare_rates.compare(pairs(*strata))
    assert found.exact
    assert found.p == pytest.approx(p, rel=1e-9)


def test_the_interval_of_one_stratum_is_newcombe_s():
    found = compare_rates.compare(pairs(((56, 70), (48, 80))))  # Newcombe 1998, method 10, case (a)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_one_stratum_of_times_is_welch_s_test_on_logarithms():
    found = compare_times.compare([(times([100, 200, 150, 400]), times([300, 500, 700, 250, 900]))])
    assert p_of(found) == pytest.approx(0.04754254330356243, rel=1e-10)
    assert math.log1p(found.low) == pytest.approx(-1.8508194516948695, rel=1e-9)
    assert math.log1p(found.high) == pytest.approx(-0.013717487158288577, rel=1e-7)


def test_what_only_one_side_does_says_nothing():
    assert compare_rates.compare(pairs(((3, 9), (0, 0)), ((0, 0), (5, 9)))) is None
    assert compare_times.compare([(times([60]), times([]))]) is None
    assert compare_times.compare([(times([60]), times([90, 30]))]) is None  # one time has no spread


def test_equal_times_are_equal_and_different_ones_differ():
    same, other = times([60] * 5), times([90] * 5)
    assert compare_times.compare([(same, same)]).p == 1.0
    assert compare_times.compare([(other, same)]).p == 0.0
    assert compare_times.compare([(other, same)]).size == pytest.approx(0.5)


def test_holm_is_the_known_correction():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def _of(size: float, p: float) -> Difference:
    return Difference(size, size - 0.01, size + 0.01, p, 1000, 1000)


def test_a_difference_that_does_not_matter_is_not_flagged():
    found = [
        (Measure.SERVICE, _of(-0.10, 1e-9)),
        (Measure.SERVICE, _of(-0.019, 1e-9)),
        (Measure.TIME, _of(0.09, 1e-9)),
        (Measure.TIME, _of(-0.092, 1e-9)),  # 1/0.908 is ten per cent the other way
        (Measure.TRANSFER, _of(0.30, 0.02)),
        (Measure.REOPENING, None),
    ]
    assert [one.verdict for one in judge(found)] == [
        Verdict.REAL, Verdict.SMALL, Verdict.SMALL, Verdict.REAL, Verdict.REAL, Verdict.NOTHING,
    ]  # fmt: skip
    # The same finding among a hundred is an accident.
    many = judge([(Measure.TRANSFER, _of(0.30, 0.02))] + [(Measure.TIME, _of(0.0, 0.5))] * 99)
    assert many[0].verdict is Verdict.CHANCE


counts = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=6))
def test_a_comparison_is_a_probability_and_the_same_seen_from_the_other_side(strata):
    found = compare_rates.compare(pairs(*strata))
    turned = compare_rates.compare(pairs(*((ours, theirs) for theirs, ours in strata)))
    if found is None:
        assert turned is None
        return
    assert 0.0 <= found.p <= 1.0
    assert -1.0 - 1e-9 <= found.low <= found.size + 1e-12
    assert found.size - 1e-12 <= found.high <= 1.0 + 1e-9
    assert turned.p == pytest.approx(found.p, abs=1e-9)
    assert (turned.size, turned.low, turned.high) == pytest.approx(
        (-found.size, -found.high, -found.low), abs=1e-9
    )


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=4))
def test_splitting_a_stratum_that_is_empty_on_one_side_changes_nothing(strata):
    whole = compare_rates.compare(pairs(*strata))
    more = compare_rates.compare(pairs(*strata, ((3, 9), (0, 0))))
    assert whole == more


#: PORTEVOIX_PAGES=20000 for the figures that docs/benchmarks.md tells: two minutes.
PAGES = int(os.environ.get("PORTEVOIX_PAGES", "600"))
FEW = 4 * math.sqrt(LEVEL * (1 - LEVEL) / PAGES)  # four standard errors


def _binomial(chance: random.Random, n: int, p: float) -> int:
    return sum(chance.random() < p for _ in range(n))


def _nothing_there(chance: random.Random) -> list[tuple[Measure, Difference | None]]:
    """A page of four comparisons between two who work alike, with very different mixes of subjects."""
    strata = [
        (4 + int(40 * chance.random()), 4 + int(60 * chance.random()), p) for p in (0.03, 0.2, 0.5, 0.95)
    ]
    found: list[tuple[Measure, Difference | None]] = []
    for measure in (Measure.SERVICE, Measure.TRANSFER):
        rates = [(Rate(_binomial(chance, n, p), n), Rate(_binomial(chance, m, p), m)) for n, m, p in strata]
        found.append((measure, compare_rates.compare(rates)))
    for measure in (Measure.TIME, Measure.TIME):
        taken = [
            tuple(times([chance.lognormvariate(5 + 2 * p, 0.4 + p) for _ in range(k)]) for k in (n, m))
            for n, m, p in strata
        ]
        found.append((measure, compare_times.compare(taken)))
    return found


@pytest.fixture(scope="module")
def pages():
    chance = random.Random(20261125)
    return [_nothing_there(chance) for _ in range(PAGES)]


def test_false_alarms_are_as_rare_as_promised(pages):
    """Pages without any difference."""
    for place in range(4):
        rate = sum(p_of(page[place][1]) < LEVEL for page in pages) / len(pages)
        assert rate < LEVEL + FEW, f"comparison {place}: {rate:.3f} of pages"
        assert rate > 0.02, f"comparison {place} hardly ever sees anything: {rate:.3f}"
    alarmed = sum(any(one.p < LEVEL for one in judge(page)) for page in pages) / len(pages)
    assert 0.02 < alarmed < LEVEL + FEW
    # Without the correction nearly one page in five cries wolf.
    assert sum(any(p_of(one) < LEVEL for _, one in page) for page in pages) / len(pages) > 0.12


def test_the_interval_holds_what_it_promises(pages):
    held = [found.low <= 0.0 <= found.high for page in pages for _, found in page if found]
    assert 0.94 < sum(held) / len(held) < 0.99


def test_a_real_difference_is_found_through_a_mix_that_hides_it():
    """They are better on both subjects, and look worse together: they get the hard one."""
    hard, easy = ((700, 1000), (120, 200)), ((190, 200), (900, 1000))
    found = compare_rates.compare(pairs(hard, easy))
    assert found.size > 0.05
    assert found.p < 1e-3
    together = compare_rates.compare(pairs(((890, 1200), (1020, 1200))))
    assert together.size < 0


def test_a_few_endless_contacts_do_not_make_a_difference():
    chance = random.Random(7)
    ours = [chance.lognormvariate(6, 0.7) for _ in range(400)]
    theirs = ours[4:] + [90_000.0] * 4  # left open over night
    assert sum(theirs) / len(theirs) > 1.5 * sum(ours) / len(ours)
    assert p_of(compare_times.compare([(times(theirs), times(ours))])) > 0.2


def test_times_need_only_their_sums():
    assert times([0.2, 60.0]) == Times(2, math.log(60), math.log(60) ** 2)
    assert times([60.0, 240.0]).typical == pytest.approx(120.0)
