"""The twin itself: nobody lost, the same seed the same day, the same clients for two policies; and Ciw as a witness."""

from __future__ import annotations

import math
from dataclasses import replace

import ciw
import numpy as np
import pytest

from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.channels import Channel
from portevoix.domain.routing.types import Choice, Policy
from portevoix.twin import engine
from portevoix.twin.figures import interval, student
from portevoix.twin.model import Duration, Group, Kind, Relax, Scenario, Stream
from portevoix.twin.playing import play_all

HOUR = 3600.0


def busy_centre(**changes: object) -> Scenario:
    """Six streams, shifts, skills, patience, mails that calls interrupt, two organisations."""
    patient, short = Duration(Kind.NEVER), Duration(Kind.EXPONENTIAL, 120)
    work = Duration(Kind.LOGNORMAL, 240, 1.0)
    skill = frozenset({(0, 2)})
    streams = (
        Stream("calls", 0, Channel.PHONE, (30.0,), work, short, 20),
        Stream("signs", 0, Channel.RELAY, (2.0,), work, short, 20, skill,
               relax=(Relax(30, frozenset({(0, 1)}), None, frozenset(), "lower"),)),
        Stream("chats", 0, Channel.CHAT, (12.0,), work, short, 40),
        Stream("mails", 0, Channel.MAIL, (20.0,), work, patient, 8 * HOUR),
        Stream("school", 1, Channel.PHONE, (8.0,), work, short, 20, organisations=frozenset({1}),
               relax=(Relax(15, frozenset(), None, frozenset(), "overflow"),)),
        Stream("school mails", 1, Channel.MAIL, (6.0,), work, patient, 24 * HOUR),
    )  # fmt: skip
    staff = (
        Group("early", 12, frozenset({0, 1}), skill, 1, shifts=((8 * HOUR, 16 * HOUR),)),
        Group(
            "late",
            8,
            frozenset({0}),
            frozenset({(0, 1)}),
            2,
            Limits(chats=2, mails=1),
            ((11 * HOUR, 19 * HOUR),),
        ),
    )
    centre = Scenario("busy", 24 * HOUR, 0.0, streams, staff, {"a": Policy(), "b": Policy(Choice.LONGEST_IDLE)},
                      organisations=("", "in-house", "outsourcer"), replications=2, seed=3)  # fmt: skip
    return replace(centre, **changes)


def test_nobody_is_lost_or_served_twice_or_by_two() -> None:
    centre = busy_centre()
    people = engine.clients(centre, 0)
    run = engine.play(centre, centre.policies["a"], people)
    served, gone = np.isfinite(run.begun), np.isfinite(run.left)
    assert not (served & gone).any()
    assert (run.adviser[served] >= 0).all()
    assert (run.adviser[~served] == -1).all()
    assert (run.begun[served] >= people.at[served]).all()
    # Who neither was served nor gave up came when nobody was at work any more, and is patient.
    left = ~served & ~gone
    assert np.isinf(people.patience[left]).all()
    assert served.sum() > 400
    assert gone.sum() > 20


def test_a_person_holds_one_call_at_most_and_a_call_lengthens_the_mail() -> None:
    centre = busy_centre()
    people = engine.clients(centre, 0)
    run = engine.play(centre, centre.policies["a"], people)
    whole = np.isin(people.stream, [0, 1, 4]) & np.isfinite(run.begun)
    for adviser in range(20):
        mine = np.flatnonzero(whole & (run.adviser == adviser))
        begun = run.begun[mine]
        order = np.argsort(begun)
        ended = begun[order] + people.handling[mine][order]
        assert (begun[order][1:] >= ended[:-1] - 1e-6).all()


def test_the_same_seed_gives_the_same_day_and_policies_meet_the_same_clients() -> None:
    centre = busy_centre()
    one, two = play_all(centre), play_all(centre)
    assert one.told == two.told
    assert one.told["a"]["calls"]["offered"] == one.told["b"]["calls"]["offered"]
    assert one.differences()["b"]["all"]["offered"] == interval([0.0, 0.0])
    assert one.told["a"] != one.told["b"]
    other = play_all(replace(centre, seed=4))
    assert other.told != one.told


def test_more_clients_on_one_stream_leave_the_others_as_they_were() -> None:
    centre = busy_centre()
    more = replace(centre, streams=(replace(centre.streams[0], quarters=(60.0,)), *centre.streams[1:]))
    one, two = engine.clients(centre, 0), engine.clients(more, 0)
    for number in range(1, 6):
        assert (one.at[one.stream == number] == two.at[two.stream == number]).all()
        assert (one.handling[one.stream == number] == two.handling[two.stream == number]).all()


def test_clients_come_as_expected() -> None:
    quarters = tuple(float(n) for n in range(96))
    stream = Stream(
        "calls", 0, Channel.PHONE, quarters, Duration(Kind.GAMMA, 100, 0.5), Duration(Kind.NEVER), 20
    )
    many = engine.clients(busy_centre(streams=(stream,), seconds=10 * 24 * HOUR), 0)
    counts = np.histogram(many.at % (24 * HOUR), 96, (0, 24 * HOUR))[0] / 10
    assert np.abs(counts - quarters).max() < 5 * math.sqrt(95 / 10)
    assert many.handling.mean() == pytest.approx(100, rel=0.01)
    assert many.handling.std() == pytest.approx(50, rel=0.02)


def test_ciw_says_the_same_of_people_who_give_up() -> None:
    """Two servers, lognormal handling, exponential patience: no formula, so another simulator is the witness."""
    handling, patience = Duration(Kind.LOGNORMAL, 180, 1.3), Duration(Kind.EXPONENTIAL, 240)
    spread = math.log(1 + 1.3**2)
    theirs = []
    for seed in range(6):
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(1 / 100)],
            service_distributions=[ciw.dists.Lognormal(math.log(180) - spread / 2, math.sqrt(spread))],
            number_of_servers=[2],
            reneging_time_distributions=[ciw.dists.Exponential(1 / 240)],
        )
        ciw.seed(seed)
        play = ciw.Simulation(network)
        play.simulate_until_max_time(34 * HOUR)
        known = [one for one in play.get_all_records() if one.arrival_date >= 4 * HOUR]
        theirs.append(sum(one.record_type == "renege" for one in known) / len(known))
    stream = Stream("calls", 0, Channel.PHONE, (9.0,), handling, patience, 20)
    centre = Scenario(
        "ciw", 34 * HOUR, 4 * HOUR, (stream,), (Group("all", 2, frozenset({0})),), replications=6
    )
    ours = interval(play_all(centre).told["default"]["calls"]["abandonment"])
    peer = interval(theirs)
    assert abs(ours.mean - peer.mean) < 2 * (ours.half + peer.half)
    assert ours.half < 0.03
    assert peer.half < 0.03


def test_students_t() -> None:
    assert student(1) == 12.7062
    assert student(40) == pytest.approx(2.0211, abs=2e-4)
    assert student(1000) == pytest.approx(1.9623, abs=2e-4)
    assert student(0) == math.inf
