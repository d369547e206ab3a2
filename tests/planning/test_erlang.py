"""Erlang's formulas against tables, against fifty digits, and against what must hold for any load."""

import json
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.cli import main
from portevoix.planning.erlang import blocking, impatient, patient, waiting
from portevoix.planning.required import Goal, positions, required

# RULES 6.1.
LOST = [
    (1, 1, 0.5), (1, 2, 0.2), (2, 2, 0.4), (5, 5, 0.2848678213), (5, 10, 0.0183845703), (10, 10, 0.2145823431),
    (10, 15, 0.0364969455), (20, 30, 0.0084574983), (50, 50, 0.1047874555), (100, 100, 0.0757004527), (100, 120, 0.0056900546),
]  # fmt: skip
WAITS = [  # load, people, share that waits, mean wait, answered in 20 s; handling 180 s
    (1, 2, 0.3333333333, 60.0, 0.701720), (5, 6, 0.5875164505, 105.7530, 0.474267), (8, 10, 0.4091801508, 36.8262, 0.672354),
    (10, 11, 0.6821182047, 122.7813, 0.389614), (10, 14, 0.1741319336, 7.8359, 0.888350), (20, 24, 0.2980722998, 13.4133, 0.808882),
    (50, 55, 0.3845473179, 13.8437, 0.779365), (100, 105, 0.5157074268, 18.5655, 0.704111), (100, 110, 0.2370075003, 4.2661, 0.921979),
]  # fmt: skip
GIVE_UP = [  # load, people, handling, target, patience; waits, gives up, mean wait, queue, busy, answered in time
    (
        48,
        50,
        60,
        20,
        120,
        0.467774,
        0.030912,
        3.7095,
        2.9676,
        0.930324,
        0.943019,
    ),  # Garnett, Mandelbaum, Reiman 2002
    (10, 13, 180, 20, 300, 0.225797, 0.024963, 7.489, 0.416055, 0.750028, 0.858178),
    (10, 14, 180, 20, 300, 0.145260, 0.013984, 4.195, 0.233062, 0.704297, 0.916792),
    (10, 10, 180, 20, 300, 0.599433, 0.109438, 32.83, 1.823967, 0.890562, 0.516810),
    (50, 52, 180, 20, 180, 0.40726, 0.03893, 7.007, 1.94650, 0.92411, 0.83160),
    (1000 * 330 / 3600, 92, 330, 20, 180, 0.42906, 0.04603, 8.286, 2.30166, 0.95051, 0.79671),
]
LOADS = st.floats(0.01, 400)
PEOPLE = st.integers(1, 450)


@pytest.mark.parametrize(("load", "people", "share"), LOST)
def test_the_table_of_the_lost(load, people, share):
    assert blocking(load, people) == pytest.approx(share, abs=1e-10)


@pytest.mark.parametrize(("load", "people", "share", "mean", "level"), WAITS)
def test_the_table_of_waits(load, people, share, mean, level):
    met = patient(load, people, 180, 20)
    assert met.waiting == pytest.approx(share, abs=1e-10)
    assert met.asa_s == pytest.approx(mean, abs=1e-4)
    assert met.service_level == pytest.approx(level, abs=1e-6)


@pytest.mark.parametrize(
    ("load", "people", "aht", "target", "patience", "waits", "gone", "mean", "queue", "busy", "level"),
    GIVE_UP,
)
def test_the_table_of_those_who_give_up(
    load, people, aht, target, patience, waits, gone, mean, queue, busy, level
):
    met = impatient(load, people, aht, target, patience)
    assert met.waiting == pytest.approx(waits, abs=1e-5)
    assert met.abandonment == pytest.approx(gone, abs=1e-5)
    assert met.wait_s == pytest.approx(mean, abs=5e-3)
    assert met.queue == pytest.approx(queue, abs=1e-4)
    assert met.occupancy == pytest.approx(busy, abs=1e-5)
    assert met.service_level == pytest.approx(level, abs=1e-5)


def exact_blocking(load, people):
    """Fifty digits, by the sum itself."""
    with mpmath.workdps(50):
        a = mpmath.mpf(load)
        terms = [mpmath.mpf(1)]
        for k in range(1, people + 1):
            terms.append(terms[-1] * a / k)
        return terms[-1] / mpmath.fsum(terms)


@pytest.mark.parametrize(
    ("load", "people"), [(0.01, 1), (3.7, 9), (99.5, 100), (250, 260), (400, 300), (1200.25, 1210), (5, 120)]
)
def test_fifty_digits_agree_to_a_billionth(load, people):
    exact = exact_blocking(load, people)
    assert abs(blocking(load, people) / exact - 1) < 1e-9
    if load < people:
        rho = mpmath.mpf(load) / people
        assert abs(waiting(load, people) / (exact / (1 - rho * (1 - exact))) - 1) < 1e-9


@pytest.mark.parametrize(
    ("load", "people", "aht", "target", "patience"),
    [
        (48, 50, 60, 20, 120),
        (10, 10, 180, 20, 180),
        (120, 100, 300, 30, 60),
        (3, 8, 200, 10, 900),
        (900, 905, 240, 15, 90),
    ],
)
def test_giving_up_agrees_with_fifty_digits_to_a_billionth(load, people, aht, target, patience):
    """The chain itself, term by term, and the offered wait by mpmath's own integration."""
    with mpmath.workdps(50):
        rate, mu, theta = mpmath.mpf(load) / aht, mpmath.mpf(1) / aht, mpmath.mpf(1) / patience
        terms = [mpmath.mpf(1)]
        while len(terms) <= people or terms[-1] > mpmath.mpf(10) ** -45 * max(terms):
            k = len(terms)
            terms.append(terms[-1] * rate / (min(k, people) * mu + max(0, k - people) * theta))
        total = mpmath.fsum(terms)
        full = terms[people] / total
        waits = mpmath.fsum(terms[people:]) / total
        queue = mpmath.fsum((k - people) * term for k, term in enumerate(terms) if k > people) / total
        served = 1 - waits + mpmath.quad(
            lambda t: mpmath.exp(-theta * t) * people * mu * full * mpmath.exp(rate / theta * (1 - mpmath.exp(-theta * t)) - people * mu * t),
            mpmath.linspace(0, target, 9),
        )  # fmt: skip
    met = impatient(load, people, aht, target, patience)
    assert met.waiting == pytest.approx(float(waits), rel=1e-9)
    assert met.queue == pytest.approx(float(queue), rel=1e-9)
    assert met.abandonment == pytest.approx(float(theta * queue / rate), rel=1e-9)
    assert met.service_level == pytest.approx(float(served), rel=1e-9)


def test_patience_as_long_as_a_call_is_poissons_law():
    """Then a caller in the queue leaves as fast as one who is served: N is Poisson."""
    assert impatient(10, 10, 180, 20, 180).waiting == pytest.approx(0.5420702855281, abs=1e-12)


def test_very_large_centres_stay_exact_and_quick():
    assert blocking(100_000, 100_010) == pytest.approx(0.00245566644632, rel=1e-9)
    met = impatient(100_000, 100_010, 180, 20, 300)
    assert met.abandonment == pytest.approx(1 - met.occupancy * 100_010 / 100_000, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(LOADS, PEOPLE)
def test_more_people_never_make_it_worse(load, people):
    assert blocking(load, people + 1) <= blocking(load, people)
    assert waiting(load, people + 1) <= waiting(load, people)
    assert blocking(load, people) <= waiting(load, people)


@settings(deadline=None, max_examples=60)
@given(LOADS, PEOPLE, st.floats(10, 3000), st.floats(0, 120), st.floats(5, 5000))
def test_what_holds_whoever_gives_up(load, people, aht, target, patience):
    met = impatient(load, people, aht, target, patience)
    shares = (met.waiting, met.abandonment, met.service_level)
    assert all(-1e-12 <= share <= 1 + 1e-9 for share in shares)
    assert met.abandonment <= met.waiting + 1e-12
    # What comes is served or gives up, and those who wait make up the queue (Little).
    assert met.occupancy * people / load + met.abandonment == pytest.approx(1, abs=1e-9)
    assert met.queue == pytest.approx(load / aht * met.wait_s, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.5, 200), st.integers(1, 30), st.floats(30, 900))
def test_with_endless_patience_nobody_gives_up(load, more, aht):
    people = math.ceil(load) + more
    endless, without = impatient(load, people, aht, 20, 1e9), patient(load, people, aht, 20)
    assert endless.waiting == pytest.approx(without.waiting, rel=1e-3, abs=1e-9)
    assert endless.service_level == pytest.approx(without.service_level, abs=1e-3)


def test_published_numbers_of_people():
    assert required([10, 20, 40, 50, 80, 160], 180, Goal()).tolist() == [14, 24, 45, 56, 87, 168]
    assert required([24, 83.33, 6], [240, 300, 360], Goal()).tolist() == [29, 91, 9]
    people = [int(required(10, 180, Goal(level))) for level in (0.8, 0.85, 0.9)]
    assert people == [14, 14, 15]
    assert positions(people, 0.3).tolist() == [20, 20, 22]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 300), min_size=1, max_size=30), st.floats(20, 900), st.floats(0.05, 0.99), st.floats(0, 90),
    st.none() | st.floats(1, 200), st.none() | st.floats(0.3, 1),
)  # fmt: skip
def test_the_number_is_the_smallest_that_meets_every_goal(loads, aht, level, target, asa, busy):
    goal = Goal(level, target, asa, busy)

    def meets(load, people):
        met = patient(load, people, aht, target)
        slack = 1e-12
        return (
            people > load
            and met.service_level >= level - slack
            and (asa is None or met.asa_s <= asa * (1 + slack))
            and (busy is None or met.occupancy <= busy * (1 + slack))
        )

    for load, people in zip(loads, required(loads, aht, goal).tolist(), strict=True):
        if load == 0:
            assert people == 0
            continue
        assert meets(load, people)
        strict = patient(load, people - 1, aht, target) if people - 1 > load else None
        assert strict is None or not (
            strict.service_level > level + 1e-12
            and (asa is None or strict.asa_s < asa * (1 - 1e-12))
            and (busy is None or strict.occupancy < busy * (1 - 1e-12))
        )


def test_a_shape_is_kept_and_nothing_needs_nobody():
    found = required(np.zeros((3, 4)), 180, Goal())
    assert found.shape == (3, 4)
    assert not found.any()
    assert required([], 180, Goal()).tolist() == []


@pytest.mark.parametrize(
    "wrong", [lambda: required([-1], 180, Goal()), lambda: required([1], 0, Goal()), lambda: required([math.nan], 180, Goal()),
              lambda: Goal(1.0), lambda: Goal(occupancy=0), lambda: positions([1], 1), lambda: blocking(-1, 2),
              lambda: impatient(1, 2, 180, 20, 0)],
)  # fmt: skip
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected|between|above|below|from"):
        wrong()


def test_the_command(capsys):
    assert (
        main(
            [
                "staffing",
                "erlang",
                "--load",
                "48",
                "--servers",
                "50",
                "--aht",
                "60",
                "--target",
                "20",
                "--patience",
                "120",
                "--json",
            ]
        )
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert said["abandonment"] == pytest.approx(0.030912, abs=1e-6)
    assert {"blocking", "waiting", "service_level", "asa_s", "occupancy", "abandonment"} <= set(said)
    assert main(["staffing", "required", "--load", "10", "--shrinkage", "0.3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["people"], said["positions"]) == (14, 20)
    assert main(["staffing", "erlang", "--load", "12", "--servers", "10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["asa_s"] is None, "the queue grows without end"
    assert main(["staffing", "erlang", "--load", "-1", "--servers", "10"]) == 2
    assert "load" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("beta", "share"), [(0.1, 0.880287), (0.5, 0.504539), (1, 0.223361), (1.5, 0.084690), (2, 0.026881)]
)
@pytest.mark.parametrize("load", [1_000, 30_000, 1_000_000])
def test_the_square_root_rule_of_halfin_and_whitt(load, beta, share):
    """RULES.md 6.1: with a + beta * sqrt(a) people, the larger the centre, the nearer to the limit."""
    told = float(waiting(load, round(load + beta * math.sqrt(load))))
    assert told == pytest.approx(share, abs=0.7 / math.sqrt(load))
