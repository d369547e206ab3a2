"""``portevoix bench twin``: a year of a centre on the virtual clock, and Ciw and SimPy on a model all three can express.

The year: 840,000 contacts on six channels and four lines, 250 people of three organisations with skills, shifts and
patience, contacts shared between the organisations and passed on when they wait. The model of the comparison: calls to
20 equal people, first come, first served, who give up after an exponential time; each simulator does as many calls as it
can be asked for in a reasonable time, and calls a second are compared.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from random import Random
from time import process_time
from typing import Any

import numpy as np
from bench.centre import machine

from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.channels import Channel
from portevoix.domain.routing.types import Choice, Policy
from portevoix.twin import engine
from portevoix.twin.figures import of_run
from portevoix.twin.model import DAY, Duration, Group, Kind, Relax, Scenario, Stream

CONTACTS, DAYS = 840_000, 365
HOUR = 3600.0
#: Share of all contacts, seconds of handling, seconds of patience (none: without end), seconds that are a good wait.
CHANNELS = {
    Channel.PHONE: (0.62, 300, 240, 30),
    Channel.MAIL: (0.24, 360, None, 2 * DAY),
    Channel.CHAT: (0.07, 420, 180, 60),
    Channel.MESSENGER: (0.04, 240, None, 4 * HOUR),
    Channel.CALLBACK: (0.02, 330, None, 1 * HOUR),
    Channel.RELAY: (0.01, 600, 300, 60),
}


def week() -> np.ndarray:
    """How many come in each quarter of a week, relative: two humps a day, Mondays are full, Sundays nearly empty."""
    at = np.arange(7 * 96)
    hour, day = at % 96 / 4, at // 96
    shape = np.exp(-(((hour - 10.5) / 2) ** 2)) + 0.8 * np.exp(-(((hour - 15) / 2.2) ** 2))
    return shape * np.array([1.3, 1.1, 1, 1, 0.9, 0.25, 0.0])[day]


def year() -> Scenario:
    """The scenario."""
    shape = week()
    shape *= CONTACTS / (shape.sum() * DAYS / 7)
    streams = []
    for line in range(4):
        for channel, (share, handling, patience, target) in CHANNELS.items():
            skills = frozenset({(line, 2 if channel is Channel.PHONE else 1)})
            organisation = 1 + line % 3
            streams.append(
                Stream(
                    f"{line} {channel}",
                    line,
                    channel,
                    tuple(shape * share * (0.4, 0.3, 0.2, 0.1)[line]),
                    Duration(Kind.LOGNORMAL, handling, 1.1),
                    Duration(Kind.EXPONENTIAL, patience) if patience else Duration(Kind.NEVER),
                    target,
                    skills,
                    frozenset({organisation}),
                    (
                        Relax(20, skills, None, frozenset(), "overflow"),
                        Relax(60, frozenset({(line, 1)}), None, frozenset(), "lower level"),
                    ),
                )
            )
    chance = Random(3)
    staff = []
    for number in range(50):
        lines = frozenset(chance.sample(range(4), 2 + number % 3))
        skills = frozenset((line, chance.choice((1, 2, 3))) for line in lines)
        start = (8, 9, 10)[number % 3] * HOUR
        staff.append(
            Group(
                str(number), 5, lines, skills, 1 + number % 3, Limits(chats=2, mails=1),
                ((start, start + 4 * HOUR), (start + 5 * HOUR, start + 9 * HOUR)), frozenset(range(6)),
            )
        )  # fmt: skip
    return Scenario("a year", DAYS * DAY, 0.0, tuple(streams), tuple(staff), {"p": Policy(Choice.LONGEST_IDLE)},
                    organisations=("", "a", "b", "c"))  # fmt: skip


def common(calls: int) -> Scenario:
    """The model that all three can express: 18 erlangs for 20 people."""
    per_second = 18 / 180
    stream = Stream("calls", 0, Channel.PHONE, (per_second * 900,), Duration(Kind.EXPONENTIAL, 180),
                    Duration(Kind.EXPONENTIAL, 240), 20)  # fmt: skip
    return Scenario("common", calls / per_second, 0.0, (stream,), (Group("all", 20, frozenset({0})),))


def ours(scenario: Scenario) -> tuple[float, dict[str, dict[str, float]], int]:
    """Seconds, figures, contacts: with the drawing of the clients and the reckoning of the figures."""
    begun = process_time()
    people = engine.clients(scenario, 0)
    run = engine.play(scenario, next(iter(scenario.policies.values())), people)
    told = of_run(scenario, run)
    return process_time() - begun, told, len(people.at)


def with_ciw(calls: int) -> tuple[float, float]:
    """Calls a second, share that gives up."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(0.1)],
        service_distributions=[ciw.dists.Exponential(1 / 180)],
        number_of_servers=[20],
        reneging_time_distributions=[ciw.dists.Exponential(1 / 240)],
    )
    ciw.seed(1)
    begun = process_time()
    play = ciw.Simulation(network)
    play.simulate_until_max_time(calls * 10)
    records = play.get_all_records()
    gone = sum(record.record_type == "renege" for record in records)
    return len(records) / (process_time() - begun), gone / len(records)


def with_simpy(calls: int) -> tuple[float, float]:
    """Calls a second, share that gives up."""
    import simpy

    chance = Random(1)
    world = simpy.Environment()
    people = simpy.Resource(world, 20)
    gone = 0

    def call() -> Iterator[Any]:
        nonlocal gone
        with people.request() as asked:
            first = yield asked | world.timeout(chance.expovariate(1 / 240))
            if asked in first:
                yield world.timeout(chance.expovariate(1 / 180))
            else:
                gone += 1

    def source() -> Iterator[Any]:
        for _ in range(calls):
            yield world.timeout(chance.expovariate(0.1))
            world.process(call())

    world.process(source())
    begun = process_time()
    world.run()
    return calls / (process_time() - begun), gone / calls


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="portevoix bench twin", description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    parser.add_argument("--small", action="store_true", help="a week and few calls: to see that it works")
    asked = parser.parse_args(list(argv))
    scenario, calls = year(), 4_000 if asked.small else 40_000
    if asked.small:
        from dataclasses import replace

        scenario = replace(scenario, seconds=7 * DAY)
    seconds, told, contacts = ours(scenario)
    ours_s, common_told, done = ours(common(calls * 3))
    floor: dict[str, object] = {"model": "M/M/20+M, processor time", "twin_calls_per_s": round(done / ours_s)}
    gave_up = {"twin": round(common_told["all"]["abandonment"], 4)}
    ratios: dict[str, float | None] = {"ciw": None, "simpy": None}
    for name, peer in (("ciw", with_ciw), ("simpy", with_simpy)):
        try:
            speed, share = peer(calls)
        except ImportError:
            continue
        floor[f"{name}_calls_per_s"], gave_up[name] = round(speed), round(share, 4)
        ratios[name] = round(done / ours_s / speed, 2)
    floor["gave_up"] = gave_up
    if not asked.json:
        every = told["all"]
        print(f"{contacts} contacts in {seconds:.1f} s: {every['service_level']:.1%} in time, {every['abandonment']:.1%} "
              f"gave up, people busy {told['staff']['occupancy']:.0%}")  # fmt: skip
    figures = {
        "year_s": round(seconds * (1 if not asked.small else DAYS / 7), 2),
        "contacts_per_s": round(contacts / seconds),
        "ratio_to_ciw": ratios["ciw"],
        "ratio_to_simpy": ratios["simpy"],
    }
    print(json.dumps({"bench": "twin", "figures": figures, "floor_or_peer": floor, "machine": machine()}))
    return 0
