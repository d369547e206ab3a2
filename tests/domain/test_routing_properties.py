"""Random histories of a floor: it always says what the reference says, and never breaks a promise."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.domain.advisers.capacity import Limits, Load, is_within, room_for
from portevoix.domain.advisers.presence import Presence
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.routing import shelves
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.policy import decide, is_eligible, is_kept_for, urgency
from portevoix.domain.routing.types import (
    Adviser,
    Choice,
    Key,
    LineUrgency,
    Placement,
    Policy,
    Reserve,
    Skills,
    Step,
    Waiting,
)

PEOPLE = range(1, 5)
PRESENCES = (*[Presence.AVAILABLE] * 5, Presence.PAUSED, Presence.OFFLINE)
SKILLS: tuple[Skills, ...] = (
    frozenset(),
    frozenset({(1, 1)}),
    frozenset({(1, 2)}),
    frozenset({(1, 1), (2, 1)}),
)
LIMITS = (
    Limits(),
    Limits(chats=2, mails=1),
    Limits(calls=0, mails=2, mails_pause_for_chats=True),
    Limits(chats=1, mails=2, mails_block_calls=True),
    Limits(mails=1, mails_block_calls=True),
)
ORGANISATIONS = (None, None, frozenset({0}), frozenset({1}), frozenset({0, 1}))


@dataclass
class History:
    """A floor, and beside it the plain values that the reference decides on."""

    chance: Random
    policy: Policy
    now: float = 0.0
    next_id: int = 1
    waiting: dict[Key, Waiting] = field(default_factory=dict)
    advisers: dict[int, Adviser] = field(default_factory=dict)
    held: dict[int, list[Waiting]] = field(default_factory=lambda: defaultdict(list))
    placed: list[Placement] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.floor = Floor(self.policy)

    def arrive(self) -> None:
        c = self.chance
        contact = Waiting(
            self.next_id,
            c.choice((1, 2)),
            c.choice(tuple(Channel)),
            self.now,
            self.now + c.randrange(0, 30),
            c.choice(SKILLS),
            preferred_adviser=c.choice((None, None, *PEOPLE)),
            preferred_until=self.now + c.randrange(0, 20),
            preferred_only=c.random() < 0.1,
        )
        self.next_id += c.random() < 0.9  # the same id again: another seat of the same contact
        contact = contact._replace(
            seat=c.choice(("adviser", "interpreter")), organisations=c.choice(ORGANISATIONS)
        )
        starts = sorted(self.now + c.randrange(0, 25) for _ in range(c.choice((0, 0, 1, 2))))
        contact = contact._replace(steps=tuple(self.step(at) for at in starts), together=c.random() < 0.15)
        if contact.key not in {w.key for mine in self.held.values() for w in mine}:
            self.wait(contact)

    def step(self, at: float) -> Step:
        c = self.chance
        return Step(
            at, c.choice(SKILLS), c.choice(ORGANISATIONS), c.choice((frozenset(), frozenset({1, 2}))), "wider"
        )

    def wait(self, contact: Waiting) -> None:
        self.waiting[contact.key] = contact
        self.floor.add(contact)

    def abandon(self) -> None:
        if self.waiting:
            key = self.chance.choice(list(self.waiting))
            del self.waiting[key]
            self.floor.remove(key)

    def change_adviser(self) -> None:
        c, person = self.chance, self.chance.choice(PEOPLE)
        before = self.advisers.get(person)
        adviser = Adviser(
            person,
            c.choice((frozenset({1}), frozenset({1, 2}))),
            c.choice(SKILLS) | c.choice((frozenset(), frozenset({(2, 2)})))
            if c.random() < 0.5
            else c.choice(SKILLS),
            c.choice(PRESENCES),
            before.load if before else Load(),
            before.idle_since if before else self.now,
            before.limits if before else c.choice(LIMITS),
            c.choice((0, 1)),
            c.choice((0.1, 0.5)),
        )
        self.advisers[person] = adviser
        self.floor.set_adviser(adviser)

    def leave(self) -> None:
        person = self.chance.choice(PEOPLE)
        if self.advisers.pop(person, None):
            self.held.pop(person, None)
            self.floor.remove_adviser(person)

    def finish(self, *, declined: bool = False) -> None:
        busy = [person for person, mine in self.held.items() if mine]
        if not busy:
            return
        person = self.chance.choice(busy)
        contact = self.held[person].pop(self.chance.randrange(len(self.held[person])))
        adviser = self.advisers[person]
        self.advisers[person] = replace(
            adviser, load=adviser.load.plus(contact.channel, -1), idle_since=self.now
        )
        self.floor.release(person, contact.channel, self.now)
        if declined and contact.key not in self.waiting:
            self.wait(contact._replace(excluded=contact.excluded | {person}))

    def decline(self) -> None:
        self.finish(declined=True)

    def shelve(self) -> None:
        """A router that only follows did this: it changes nothing of what is decided."""
        self.floor.shelve(self.now)

    def place(self) -> None:
        self.now += self.chance.randrange(0, 6)
        expected = decide(self.waiting.values(), self.advisers.values(), self.now, self.policy)
        placed = self.floor.place(self.now)
        assert placed == expected
        for p in placed:
            contact = self.waiting.pop((p.contact_id, p.seat))  # KeyError: placed, but it was not waiting
            adviser = self.advisers[p.adviser_id]
            assert adviser.presence.takes_offers
            self.advisers[adviser.id] = replace(adviser, load=adviser.load.plus(contact.channel))
            self.held[adviser.id].append(contact)
        self.placed += placed
        self.check(placed)

    def check(self, placed: list[Placement]) -> None:
        assert {w for w in self.waiting if self.floor.is_waiting(w)} == set(self.waiting)
        assert len(self.floor) == len(self.waiting)
        for adviser in self.advisers.values():
            assert is_within(adviser.load, adviser.limits)
            assert self.floor.load_of(adviser.id) == adviser.load
        for contact in self.waiting.values():  # work conservation: nobody free could have taken it
            named = self.advisers.get(contact.preferred_adviser or 0)
            kept = is_kept_for(named, contact, self.now, self.policy)
            able_people = ([named] if named else []) if kept else list(self.advisers.values())
            for adviser in able_people:
                if adviser.presence.takes_offers and not self.spared(contact, adviser):
                    able = kept or is_eligible(adviser, contact, self.now)
                    assert not (able and room_for(adviser.load, contact.channel, adviser.limits))

    def spared(self, contact: Waiting, adviser: Adviser) -> bool:
        """Whether idleness is what the policy wants: a partner is missing, or a reserve must stay free."""
        groups = contact.together or (
            self.policy.hold_seconds and any(w.together for w in self.waiting.values())
        )
        mail = WORK[contact.channel] is Work.DEFERRED
        return bool(groups or (mail and self.policy.reserves and adviser.limits.mails_block_calls))

    def run(self, steps: int) -> None:
        doings = (self.arrive, self.arrive, self.arrive, self.change_adviser, self.finish, self.finish,
                  self.decline, self.abandon, self.shelve, self.place, self.place)  # fmt: skip
        lull = (self.arrive, self.finish, self.change_adviser)  # several changes before one decision
        for _ in range(steps):
            self.chance.choice((*doings, *doings, *lull, *lull, *lull, self.leave))()
        self.place()


def policy(chance: Random) -> Policy:
    """Any policy."""
    urgency = (
        {1: LineUrgency(chance.choice((0.5, 2.0)), chance.choice((5.0, 60.0)))}
        if chance.random() < 0.5
        else {}
    )
    reserves = tuple(
        Reserve(chance.choice((frozenset({1}), frozenset({2}), frozenset({1, 2}))), chance.choice((0, 1, 2)))
        for _ in range(chance.choice((0, 0, 1, 2)))
    )
    return Policy(
        chance.choice(tuple(Choice)),
        prefer=chance.random() < 0.7,
        expert_first=chance.random() < 0.4,
        urgency=urgency,
        reserves=reserves,
        hold_seconds=chance.choice((0.0, 4.0, 10.0)),
    )


POLICIES = st.integers(0, 2**32).map(lambda seed: policy(Random(seed)))


@settings(max_examples=300)
@given(st.integers(0, 2**32), POLICIES, st.integers(1, 120))
def test_the_floor_is_the_reference(seed: int, policy: Policy, steps: int) -> None:
    History(Random(seed), policy).run(steps)


@settings(max_examples=100)
@given(st.integers(0, 2**32), POLICIES)
def test_the_floor_is_the_reference_also_where_lists_are_long(seed: int, policy: Policy) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelves, "LONG", 2)
        patch.setattr(shelves, "FORGET", 1)
        History(Random(seed), policy).run(100)


def test_the_same_history_gives_the_same_decisions() -> None:
    one, two = (History(Random(7), Policy()) for _ in range(2))
    one.run(600)
    two.run(600)
    assert one.placed == two.placed
    assert len(one.placed) > 30


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_equals_are_served_first_come_first_served(ages: list[int], chance: Random) -> None:
    room = [Waiting(n, 1, Channel.PHONE, since=age, due_at=age + 20.0) for n, age in enumerate(ages)]
    arriving = list(room)
    chance.shuffle(arriving)
    floor = Floor()
    for contact in arriving:
        floor.add(contact)
    floor.set_adviser(Adviser(1, frozenset({1})))
    served = []
    while placed := floor.place(100):
        served += [p.contact_id for p in placed]
        floor.release(1, Channel.PHONE, 100)
    assert served == [w.contact_id for w in sorted(room, key=lambda w: urgency(w, 100, Policy()))]


def test_a_heap_forgets_its_dead() -> None:
    floor = Floor()
    contacts = [Waiting(n, 1, Channel.MAIL, since=n, due_at=n) for n in range(1000)]
    for contact in contacts:
        floor.add(contact)
    floor.place(0)
    for contact in contacts[1:]:
        floor.remove(contact.key)
    [queue] = floor._queues.values()
    assert len(queue._run) < 150
    floor.set_adviser(Adviser(1, frozenset({1})))
    assert [p.contact_id for p in floor.place(0)] == [0]
