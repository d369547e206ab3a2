"""The twin against what can be reckoned: seeds are fixed, and each value must lie in twice its own 95 % interval."""

from __future__ import annotations

import numpy as np
import pytest

from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.channels import Channel
from portevoix.domain.routing.types import Choice, LineUrgency, Policy, Reserve
from portevoix.planning import erlang
from portevoix.twin.figures import Interval, interval
from portevoix.twin.model import Duration, Group, Kind, Scenario, Stream
from portevoix.twin.playing import Outcome, play_all

HOUR = 3600.0
LONGEST_IDLE = Policy(choice=Choice.LONGEST_IDLE)


def exponential(mean: float) -> Duration:
    return Duration(Kind.EXPONENTIAL, mean)


def stream(per_hour: float, handling: Duration, *, patience: Duration | None = None, target: float = 20, line: int = 0,
           channel: Channel = Channel.PHONE, name: str = "calls") -> Stream:  # fmt: skip
    return Stream(name, line, channel, (per_hour / 4,), handling, patience or Duration(Kind.NEVER), target)


def played(
    streams: list[Stream], staff: list[Group], hours: float, runs: int, policy: Policy = LONGEST_IDLE
) -> Outcome:
    scenario = Scenario("test", (hours + 4) * HOUR, 4 * HOUR, tuple(streams), tuple(staff), {"only": policy},
                        replications=runs, seed=20)  # fmt: skip
    return play_all(scenario)


def figures(outcome: Outcome, of: str = "calls") -> dict[str, Interval]:
    return outcome.intervals("only")[of]


def near(found: Interval, value: float) -> None:
    assert found.holds(value, 2), (found, value)
    assert found.half < 0.5 * max(abs(value), 0.02), f"says too little: {found}"


def test_erlang_c() -> None:
    told = figures(played([stream(200, exponential(180))], [Group("all", 14, frozenset({0}))], 60, 8))
    exact = erlang.patient(10, 14, 180, 20)
    near(told["waited"], exact.waiting)
    near(told["asa_s"], exact.asa_s)
    near(told["service_level"], exact.service_level)


def test_erlang_a_of_garnett_mandelbaum_and_reiman() -> None:
    calls = stream(48 * 60, exponential(60), patience=exponential(120))
    outcome = played([calls], [Group("all", 50, frozenset({0}))], 4, 6)
    told = figures(outcome)
    near(told["abandonment"], 0.030912)
    near(told["wait_s"], 3.7095)
    near(told["waited"], 0.467774)
    near(told["service_level"], 0.943019)
    near(figures(outcome, "staff")["occupancy"], 0.930324)


@pytest.mark.parametrize(
    ("handling", "mean"),
    [(Duration(Kind.CONSTANT, 60), 120), (exponential(60), 240), (Duration(Kind.LOGNORMAL, 60, 2**0.5), 360)],
    ids=["M/D/1", "M/M/1", "cv2=2"],
)
def test_one_server_with_any_handling_time(handling: Duration, mean: float) -> None:
    """Pollaczek and Khinchine at 80 %: twice, four times, six times the mean of the handling time."""
    near(figures(played([stream(48, handling)], [Group("one", 1, frozenset({0}))], 300, 8))["wait_s"], mean)


def test_priorities_without_interruption_and_their_conservation() -> None:
    """RULES.md 6.1: the urgent wait 9.4 s, the others 42.8 s, together as long as first come, first served."""
    streams = [
        stream(60, exponential(180), name="urgent", line=0),
        stream(96, exponential(180), name="others", line=1),
    ]
    policy = Policy(Choice.LONGEST_IDLE, urgency={0: LineUrgency(weight=1e9)})
    outcome = played(streams, [Group("all", 10, frozenset({0, 1}))], 100, 8, policy)
    near(figures(outcome, "urgent")["wait_s"], 9.4113)
    near(figures(outcome, "others")["wait_s"], 42.7786)
    near(figures(outcome, "all")["wait_s"], 29.9450)


def test_mails_beside_calls_under_a_threshold() -> None:
    """Bhulai and Koole at c = 7 of 10: a quarter of the calls waits, 46.667 mails are done in an hour."""
    calls = stream(120, exponential(180), line=0)
    mails = stream(60, exponential(180), target=4 * HOUR, line=1, channel=Channel.MAIL, name="mails")
    staff = Group("all", 10, frozenset({0, 1}), limits=Limits(chats=0, mails=1, mails_block_calls=True))
    policy = Policy(
        Choice.LONGEST_IDLE,
        urgency={0: LineUrgency(weight=1e9)},
        reserves=(Reserve(frozenset({0}), 3),),
    )
    outcome = played([calls, mails], [staff], 100, 6, policy)
    told = figures(outcome)
    near(told["waited"], 0.25)
    near(told["asa_s"], 11.25)
    near(told["service_level"], 0.839705)
    near(figures(outcome, "staff")["occupancy"], 0.833)


def test_littles_law_on_every_queue() -> None:
    streams = [
        stream(150, exponential(180), patience=exponential(100), name="one", line=0),
        stream(40, Duration(Kind.LOGNORMAL, 300, 1.0), name="two", line=1),
    ]
    outcome = played(streams, [Group("all", 11, frozenset({0, 1}))], 60, 4)
    for name in ("one", "two", "all"):
        told = outcome.told["only"][name]
        for queue, offered, wait in zip(told["queue"], told["offered"], told["wait_s"], strict=True):
            assert queue == pytest.approx(offered / (60 * HOUR) * wait, rel=0.02)


def skills_per_adviser(skills: int) -> Interval:
    """RULES.md 6.2: six kinds of calls, 90 people; each knows this many of the kinds, in a ring."""
    streams = [stream(1.4 * 60, exponential(600), name=str(kind), line=kind) for kind in range(6)]
    staff = [
        Group(str(kind), 15, frozenset((kind + other) % 6 for other in range(skills))) for kind in range(6)
    ]
    return figures(played(streams, staff, 30, 4), "all")["wait_s"]


def test_two_skills_come_close_to_all() -> None:
    one, two, six = skills_per_adviser(1), skills_per_adviser(2), skills_per_adviser(6)
    assert two.mean + two.half < 0.35 * (one.mean - one.half)
    assert (one.mean - two.mean) > 0.85 * (one.mean - six.mean)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    chance = np.random.default_rng(5)
    held = sum(interval(list(chance.normal(3, 2, 5))).holds(3) for _ in range(2000))
    assert 0.93 < held / 2000 < 0.97
