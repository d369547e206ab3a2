"""Three people, and what each may do: Alice in-house, Bob at the outsourcer, Charlie from nowhere."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.domain.access import RULES, Action, Actor, Role, Scope, Thing, can_ever, may

ROOT = Path(__file__).resolve().parents[2]
CPF, SCHOOL, SECRET = 1, 2, 3
HOUSE, OUTSIDE = 1, 2
ALICE = Actor(1, Role.ADVISER, HOUSE, in_house=True, lines=frozenset({CPF}))
BOB = Actor(2, Role.ADVISER, OUTSIDE, in_house=False, lines=frozenset({SCHOOL}))
CHARLIE = Actor(3, Role.ADVISER, OUTSIDE, in_house=False)
HOUSE_SUPERVISOR = Actor(4, Role.SUPERVISOR, HOUSE, in_house=True, lines=frozenset({CPF, SCHOOL}))
OUTSIDE_SUPERVISOR = Actor(5, Role.SUPERVISOR, OUTSIDE, in_house=False, lines=frozenset({SCHOOL}))
ADMINISTRATOR = Actor(6, Role.ADMINISTRATOR, HOUSE, in_house=True)
EVERYBODY = (ALICE, BOB, CHARLIE, HOUSE_SUPERVISOR, OUTSIDE_SUPERVISOR, ADMINISTRATOR)

MATTER = Thing(lines=frozenset({CPF}), holders=frozenset({BOB.id}))
ABOUT_BOB = Thing(adviser_id=BOB.id, organisation_id=OUTSIDE)
ABOUT_ALICE = Thing(adviser_id=ALICE.id, organisation_id=HOUSE)


@pytest.mark.parametrize(
    ("action", "thing", "allowed"),
    [
        (Action.CONVERSATION_READ, MATTER, {ALICE, BOB, HOUSE_SUPERVISOR}),
        (Action.CONTACT_CLOSE, MATTER, {BOB, HOUSE_SUPERVISOR}),
        (Action.CONTACT_TAKE, MATTER, {ALICE, HOUSE_SUPERVISOR}),
        (Action.CONTACT_PUSH, MATTER, {HOUSE_SUPERVISOR}),
        (Action.CONVERSATION_READ, Thing(lines=frozenset({SECRET})), set()),
        (
            Action.PERSON_READ,
            Thing(lines=frozenset({SCHOOL, SECRET})),
            {BOB, HOUSE_SUPERVISOR, OUTSIDE_SUPERVISOR},
        ),
        (Action.PRESENCE_EDIT, ABOUT_BOB, {BOB, HOUSE_SUPERVISOR, OUTSIDE_SUPERVISOR, ADMINISTRATOR}),
        (Action.PRESENCE_EDIT, ABOUT_ALICE, {ALICE, HOUSE_SUPERVISOR, ADMINISTRATOR}),
        (Action.FLOOR_READ, ABOUT_ALICE, {HOUSE_SUPERVISOR, ADMINISTRATOR}),
        (Action.CONFIGURATION_EDIT, Thing(), {ADMINISTRATOR}),
        (Action.CONVERSATION_READ, Thing(), set()),
    ],
)
def test_who_may(action: Action, thing: Thing, allowed: set[Actor]) -> None:
    assert {actor for actor in EVERYBODY if may(actor, action, thing)} == allowed


def test_what_is_held_may_be_worked_on_whatever_the_line() -> None:
    held = Thing(lines=frozenset({SECRET}), holders=frozenset({OUTSIDE_SUPERVISOR.id}))
    assert may(OUTSIDE_SUPERVISOR, Action.CONVERSATION_REPLY, held)
    assert may(OUTSIDE_SUPERVISOR, Action.CONTACT_CLOSE, held)
    assert not may(OUTSIDE_SUPERVISOR, Action.CONTACT_PUSH, held)
    assert not may(OUTSIDE_SUPERVISOR, Action.CONTACT_PUSH, replace(held, holders=frozenset()))


def test_actions_are_noun_verb_in_order() -> None:
    assert list(Action) == sorted(Action)
    assert all(action.count(":") == 1 for action in Action)
    assert all(list(rules) == sorted(rules) for rules in RULES.values())


def test_each_action_is_somebodys() -> None:
    assert {action for rules in RULES.values() for action in rules} == set(Action)
    assert not can_ever(ALICE, Action.CONFIGURATION_EDIT)
    assert can_ever(ADMINISTRATOR, Action.CONFIGURATION_EDIT)


IDS = st.frozensets(st.integers(1, 4), max_size=3)
ACTORS = st.builds(Actor, st.integers(1, 4), st.sampled_from(Role), st.integers(1, 2), st.booleans(), IDS)
THINGS = st.builds(Thing, IDS, IDS, st.none() | st.integers(1, 4), st.none() | st.integers(1, 2))


@settings(max_examples=60, deadline=None)
@given(ACTORS, st.sampled_from(Action), THINGS)
def test_nothing_is_allowed_without_a_reason(actor: Actor, action: Action, thing: Thing) -> None:
    if may(actor, action, thing) and RULES[actor.role].get(action) is not Scope.EVERYTHING:
        assert (
            actor.lines & thing.lines
            or actor.id in thing.holders
            or thing.adviser_id == actor.id
            or (actor.role is Role.SUPERVISOR and thing.organisation_id is not None)
        )
    # Less known about the thing never allows more.
    if not may(actor, action, thing):
        assert not may(
            actor, action, replace(thing, holders=frozenset(), adviser_id=None, organisation_id=None)
        )


def test_the_generated_page_is_up_to_date() -> None:
    render = runpy.run_path(str(ROOT / "tools" / "generate" / "permissions.py"))["render"]
    assert (ROOT / "docs" / "generated" / "permissions.md").read_text(encoding="utf-8") == render()
