"""Contracts and contacts of several seats in a scenario: the domain's own allocator and router."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from portevoix.twin import engine
from portevoix.twin.figures import of_run
from portevoix.twin.model import DAY
from portevoix.twin.reading import Mistake
from portevoix.twin.scenario import read

SHARED = """\
days = 7
replications = 1
seed = 5

[[stream]]
line = "cpf"
channel = "phone"
per_hour = 40
target_s = 20
handling = {kind = "exponential", mean = 120}

[[staff]]
count = 5
lines = ["cpf"]
organisation = "house"

[[staff]]
count = 5
lines = ["cpf"]
organisation = "north"

[[contract]]
organisation = "house"
share = 70

[[contract]]
organisation = "north"
share = 30
"""
RELAY = """\
days = 5
replications = 1
seed = 3

[[stream]]
name = "relay"
line = "cpf"
channel = "relay"
per_hour = 2
target_s = 60
handling = {kind = "exponential", mean = 600}
patience = {kind = "exponential", mean = 900}

[[stream.seat]]
name = "interpreter"
skills = {lsf = 2}

[[stream]]
name = "calls"
line = "cpf"
channel = "phone"
per_hour = 60
target_s = 20
handling = {kind = "exponential", mean = 240}
patience = {kind = "exponential", mean = 300}

[[staff]]
count = 5
lines = ["cpf"]

[[staff]]
count = 1
lines = ["cpf"]
skills = {lsf = 2}
"""


def played(text: str) -> tuple[object, engine.Run, dict[str, dict[str, float]]]:
    scenario = read(text, Path())
    run = engine.play(scenario, scenario.policies["default"], engine.clients(scenario, 0))
    return scenario, run, of_run(scenario, run)


def test_each_day_each_organisation_gets_its_share_within_a_point() -> None:
    _, run, _ = played(SHARED)
    for day in range(7):
        of_day = (run.clients.at >= day * DAY) & (run.clients.at < (day + 1) * DAY)
        assert np.mean(run.adviser[of_day] < 5) == pytest.approx(0.7, abs=0.01)


def test_the_most_of_a_day_is_kept_and_others_take_the_rest() -> None:
    text = SHARED.replace("share = 30\n", "share = 30\nday_most = 100\n")
    _, run, _ = played(text)
    for day in range(7):
        of_day = (run.clients.at >= day * DAY) & (run.clients.at < (day + 1) * DAY)
        assert (run.adviser[of_day] >= 5).sum() == 100


def test_who_is_closed_gets_nothing_then() -> None:
    text = SHARED.replace("share = 30\n", 'share = 30\nhours = ["08:00-12:00"]\ndays = ["mon", "tue"]\n')
    _, run, _ = played(text)
    north = run.clients.at[run.adviser >= 5]
    assert ((north // DAY) <= 1).all()
    assert ((north % DAY >= 8 * 3600) & (north % DAY < 12 * 3600)).all()
    assert len(north) > 50


def test_others_help_after_a_while() -> None:
    """North alone would drown: with help from the house after a minute far fewer wait long."""
    alone = (
        SHARED.replace("share = 70", "share = 5")
        .replace("share = 30", "share = 95")
        .replace("per_hour = 40", "per_hour = 160")
    )
    helped = alone.replace("share = 5\n", "share = 5\nhelps_after = 60\n").replace(
        "share = 95\n", "share = 95\nlends_after = 60\n"
    )
    assert played(helped)[2]["all"]["wait_s"] < played(alone)[2]["all"]["wait_s"] / 3


def test_a_relay_call_takes_two_people_at_once_and_neither_kind_is_blocked() -> None:
    scenario, run, figures = played(RELAY)
    relay = run.clients.stream == 0
    served = np.isfinite(run.begun)
    work = run.clients.handling[served & relay].sum() * 2 + run.clients.handling[served & ~relay].sum()
    # Both people work for as long: what all were busy with is twice the relay calls (the last ones run over the end).
    assert run.busy.sum() == pytest.approx(work, rel=0.01)
    assert figures["relay"]["served"] > 0.6 * figures["relay"]["offered"]
    assert figures["calls"]["served"] > 0.8 * figures["calls"]["offered"]
    without = replace(scenario, streams=(replace(scenario.streams[0], seats=()), *scenario.streams[1:]))  # type: ignore[type-var, attr-defined]
    alone = engine.play(without, without.policies["default"], engine.clients(without, 0))
    assert alone.busy.sum() < run.busy.sum()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('organisation = "north"\nshare', 'organisation = "south"\nshare', 27, "contract[2].organisation"),
        ("share = 30", "share = 130", 28, "contract[2].share"),
        ("share = 30", "share = 30\nlines = ['x']", 29, "contract[2].lines"),
        ("share = 30", "share = 30\nday_least = 9\nday_most = 3", 29, "contract[2].day_least"),
        ("share = 30", "share = 30\nhours = ['8-12']", 29, "contract[2].hours"),
        ("share = 30", "share = 30\nprice = 3", 29, "contract[2].price"),
        ("per_hour = 40", "per_hour = 40\nseat = [{name = 'adviser'}]", 9, "stream[1].seat[1].name"),
    ],
)
def test_a_mistake_is_told_with_line_and_field(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(Mistake) as told:
        read(SHARED.replace(old, new, 1), Path())
    assert str(told.value).startswith(f"line {line}")
    assert said in str(told.value)


def test_seats_are_for_voices_and_for_somebody() -> None:
    with pytest.raises(Mistake, match="are for calls"):
        read(RELAY.replace('"relay"', '"mail"'), Path())
    with pytest.raises(Mistake, match=r"stream\[1\].seat\[1\].skills: nobody in"):
        read(RELAY.replace("skills = {lsf = 2}\n\n[[stream]]", "skills = {lsf = 3}\n\n[[stream]]"), Path())
