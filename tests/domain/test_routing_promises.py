"""The promises of routing, each judged by a judge of its own that knows nothing of how the router decides.

Beside this file: ``test_routing_properties`` (the floor is the reference; capacity, work conservation and one placement for each
contact in any history), ``test_routing_starvation`` (a dear line that is overrun), ``test_routing`` (by example).
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.domain.advisers.capacity import Limits, Load, room_for
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.types import (
    Adviser,
    Choice,
    LineUrgency,
    Placement,
    Policy,
    Reserve,
    Skills,
    Waiting,
)

BARRED = 60.0
NEEDS: dict[int, Skills] = {1: frozenset(), 2: frozenset({(7, 2)}), 3: frozenset({(7, 1), (8, 1)})}
CHANNELS = (Channel.MAIL, Channel.MAIL, Channel.PHONE, Channel.CHAT)
SEEDS = st.integers(0, 2**32)


def people(chance: Random) -> list[Adviser]:
    """A few of all kinds, and two who know everything, so that nobody comes in vain, also not for two people."""
    made = [
        Adviser(
            number,
            frozenset(chance.sample((1, 2, 3), chance.choice((1, 2)))),
            frozenset((skill, chance.choice((1, 2))) for skill in chance.choice(((), (7,), (7, 8)))),
            limits=Limits(mails=chance.choice((1, 3)), mails_block_calls=chance.random() < 0.5),
            organisation=chance.choice((0, 1)),
        )
        for number in range(1, 5)
    ]
    return made + [Adviser(n, frozenset(NEEDS), frozenset({(7, 2), (8, 2)}), organisation=1) for n in (8, 9)]


def policy(chance: Random, *, reserves: bool = False) -> Policy:
    """Any that does not keep people from working for ever."""
    urgency = {line: LineUrgency(chance.choice((1.0, 5.0)), chance.choice((20.0, 600.0))) for line in NEEDS}
    return Policy(
        chance.choice(tuple(Choice)),
        expert_first=chance.random() < 0.3,
        urgency=urgency if chance.random() < 0.5 else {},
        reserves=(Reserve(frozenset({1, 2, 3}), 1),) if reserves else (),
    )


@dataclass
class Day:
    """More comes than can be done; then nothing more comes, and people work until nobody waits."""

    chance: Random
    policy: Policy
    count: int = 60
    now: float = 0.0
    floor: Floor = field(init=False)
    advisers: dict[int, Adviser] = field(init=False)
    loads: dict[int, Load] = field(init=False)
    waiting: dict[tuple[int, str], Waiting] = field(default_factory=dict)
    served: list[tuple[int, str]] = field(default_factory=list)
    busy: list[tuple[float, int, int, Waiting, bool]] = field(
        default_factory=list
    )  # (until, number, adviser, what, declined)
    barred: list[tuple[float, int, Waiting]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.floor = Floor(self.policy)
        self.advisers = {one.id: one for one in people(self.chance)}
        self.loads = dict.fromkeys(self.advisers, Load())
        for one in self.advisers.values():
            self.floor.set_adviser(one)

    def wait(self, contact: Waiting) -> None:
        self.waiting[contact.key] = contact
        self.floor.add(contact)

    def come(self, number: int) -> list[Waiting]:
        c, line = self.chance, self.chance.choice(tuple(NEEDS))
        if c.random() < 0.1:  # a relay call: two people, at the same moment
            call = Waiting(number, line, Channel.RELAY, self.now, self.now + 20, together=True)
            return [call, call._replace(seat="interpreter")]
        whose = c.choice((None, None, frozenset({1}), frozenset({0, 1})))
        due = self.now + c.choice((20.0, 300.0, 900.0))
        return [Waiting(number, line, c.choice(CHANNELS), self.now, due, NEEDS[line], organisations=whose)]

    def place(self) -> list[Placement]:
        placed = self.floor.place(self.now)
        for one in placed:
            contact = self.waiting.pop(
                (one.contact_id, one.seat)
            )  # KeyError: given away twice, or never there
            self.loads[one.adviser_id] = self.loads[one.adviser_id].plus(contact.channel)
            declined = not contact.together and self.chance.random() < 0.1
            until = self.now + self.chance.uniform(1, 90)
            heappush(self.busy, (until, len(self.served) + len(self.busy), one.adviser_id, contact, declined))
        return placed

    def work(self) -> None:
        """Until the next one is done."""
        self.now, _, adviser, contact, declined = heappop(self.busy)
        self.loads[adviser] = self.loads[adviser].plus(contact.channel, -1)
        self.floor.release(adviser, contact.channel, self.now)
        if declined:
            self.wait(contact._replace(excluded=frozenset({adviser})))
            heappush(self.barred, (self.now + BARRED, contact.contact_id, contact))
        else:
            self.served.append(contact.key)
        while self.barred and self.barred[0][0] <= self.now:
            again = heappop(self.barred)[2]
            if again.key in self.waiting:
                self.wait(again)

    def rounds(self):
        """(waiting before, loads before, placed) of each decision of the day."""
        number = 0
        while number < self.count or self.waiting or self.busy:
            for _ in range(self.chance.choice((0, 1, 2, 3)) if number < self.count else 0):
                number += 1
                for contact in self.come(number):
                    self.wait(contact)
            before, loads = dict(self.waiting), dict(self.loads)
            yield before, loads, self.place()
            if self.busy and (number >= self.count or self.chance.random() < 0.8):
                self.work()
            else:  # nobody works: only time brings a barred contact or the partner of a relay call
                self.now += 5.0
                while self.barred and self.barred[0][0] <= self.now:
                    again = heappop(self.barred)[2]
                    if again.key in self.waiting:
                        self.wait(again)
            assert self.now < 20_000, f"never placed: {list(self.waiting.values())[:3]}"


def asked(contact: Waiting, adviser: Adviser) -> bool:
    """Line, skills, organisation: in this file's own words."""
    held = dict(adviser.skills)
    return (
        contact.line_id in adviser.lines
        and adviser.id not in contact.excluded
        and all(held.get(skill, 0) >= level for skill, level in contact.skills)
        and (contact.organisations is None or adviser.organisation in contact.organisations)
    )


@settings(max_examples=60)
@given(SEEDS)
def test_whoever_comes_is_served_once_by_somebody_who_may(seed: int) -> None:
    """Nobody lost, nobody doubled, nobody waits for ever, also not a relay call or what was declined."""
    day = Day(Random(seed), policy(Random(seed)))
    came: set[tuple[int, str]] = set()
    for before, _, placed in day.rounds():
        came |= set(before)
        for one in placed:
            assert asked(before[one.contact_id, one.seat], day.advisers[one.adviser_id])
    assert Counter(day.served) == Counter(came)
    assert len({number for number, _ in came}) >= day.count
    assert len(day.floor) == 0


@settings(max_examples=60)
@given(SEEDS)
def test_nobody_overtakes_an_equal(seed: int) -> None:
    """Of two who ask for the same, who was due first, then who came first."""
    day = Day(Random(seed), policy(Random(seed)))
    for before, _, placed in day.rounds():
        for one in placed:
            mine = before[one.contact_id, one.seat]
            for other in day.waiting.values():  # left behind
                equal = (other.line_id, other.channel, other.skills, other.organisations, other.together, other.excluded) == (
                    mine.line_id, mine.channel, mine.skills, mine.organisations, mine.together, mine.excluded,
                )  # fmt: skip
                if equal and not mine.together:
                    assert (mine.due_at, mine.since, mine.contact_id) < (
                        other.due_at,
                        other.since,
                        other.contact_id,
                    )


@settings(max_examples=60)
@given(SEEDS)
def test_the_seats_of_a_contact_are_taken_together_by_two(seed: int) -> None:
    day = Day(Random(seed), policy(Random(seed)))
    for before, _, placed in day.rounds():
        several = {key for key, contact in before.items() if contact.together}
        got: dict[int, list[int]] = {}
        for one in placed:
            if (one.contact_id, one.seat) in several:
                got.setdefault(one.contact_id, []).append(one.adviser_id)
        assert all(len(set(who)) == 2 == len(who) for who in got.values())


@settings(max_examples=60)
@given(SEEDS)
def test_a_reserve_keeps_somebody_free_for_calls_and_from_nothing_else(seed: int) -> None:
    day = Day(Random(seed), policy(Random(seed), reserves=True))
    for before, loads, placed in day.rounds():
        for one in placed:
            contact, person = before[one.contact_id, one.seat], day.advisers[one.adviser_id]
            free = [
                who for who, load in loads.items() if room_for(load, Channel.PHONE, day.advisers[who].limits)
            ]
            if (
                WORK[contact.channel] is Work.DEFERRED
                and person.limits.mails_block_calls
                and person.id in free
            ):
                assert len(free) > 1, "the last one who was free for a call was bound by a mail"
            loads[person.id] = loads[person.id].plus(contact.channel)
        if any(contact.together for contact in day.waiting.values()):
            continue  # somebody may be kept for a partner
        for contact in day.waiting.values():
            for person in day.advisers.values():
                idle = room_for(day.loads[person.id], contact.channel, person.limits)
                kept = WORK[contact.channel] is Work.DEFERRED and person.limits.mails_block_calls
                assert not (idle and asked(contact, person) and not kept)


@given(SEEDS)
def test_the_order_in_which_the_floor_was_told_does_not_matter(seed: int) -> None:
    """A router that has just read the tables decides like the one that saw everything happen."""
    chance = Random(seed)
    rules, staff = policy(chance), people(chance)
    day = Day(chance, rules)
    room = [contact for number in range(20) for contact in day.come(number)]
    decided = []
    for _ in range(2):
        floor = Floor(rules)
        told = [*room, *staff]
        chance.shuffle(told)
        for one in told:
            floor.add(one) if isinstance(one, Waiting) else floor.set_adviser(one)
        decided.append(floor.place(30.0))
    assert decided[0] == decided[1]


_SAY = """
import sys; sys.path[:0] = [{here!r}]
from random import Random
from test_routing_promises import Day, policy
day = Day(Random(11), policy(Random(3)))
print([[tuple(one[:3]) for one in placed] for *_, placed in day.rounds()])
"""


@pytest.mark.parametrize("seeds", [("0", "1")])
def test_two_processes_decide_alike(seeds: tuple[str, str]) -> None:
    """Python orders the members of a set of words differently in each process: nothing may depend on it."""
    code = _SAY.format(here=str(Path(__file__).parent))
    said = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        for seed in seeds
    ]  # fmt: skip
    assert len(said[0].stdout) > 1000
    assert said[0].stdout == said[1].stdout
