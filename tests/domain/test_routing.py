"""The routing policy, by example, on the reference and on the floor alike."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from portevoix.domain.advisers.capacity import Limits, Load
from portevoix.domain.advisers.presence import Presence
from portevoix.domain.channels import Channel
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.policy import decide
from portevoix.domain.routing.types import Adviser, Choice, Placement, Policy, Waiting

NOW = 1000.0
CPF, SCHOOL = 1, 2
FRENCH, SIGN = 10, 11
MAIL = Waiting(1, CPF, Channel.MAIL, since=900, due_at=1500)
ALICE = Adviser(1, frozenset({CPF}), frozenset({(FRENCH, 2)}), idle_since=800)
BOB = Adviser(2, frozenset({CPF, SCHOOL}), frozenset({(FRENCH, 3), (SIGN, 1)}), idle_since=700)


def place(waiting: list[Waiting], advisers: list[Adviser], policy: Policy | None = None) -> list[Placement]:
    """Decide by the reference and by the floor; they must agree."""
    policy = policy or Policy()
    expected = decide(waiting, advisers, NOW, policy)
    floor = Floor(policy)
    for contact in waiting:
        floor.add(contact)
    for adviser in advisers:
        floor.set_adviser(adviser)
    assert floor.place(NOW) == expected
    assert len(floor) == len(waiting) - len(expected)
    assert floor.place(NOW) == []
    return expected


def pairs(placed: list[Placement]) -> list[tuple[int, int]]:
    return [(p.contact_id, p.adviser_id) for p in placed]


def test_the_longest_idle_takes_it_and_the_reason_is_told() -> None:
    [placed] = place([MAIL._replace(skills=frozenset({(FRENCH, 2)}))], [ALICE, BOB])
    assert (placed.contact_id, placed.seat, placed.adviser_id) == (1, "adviser", BOB.id)
    assert placed.reason.as_json() == {
        "line_id": CPF,
        "skills": [(FRENCH, 2)],
        "seconds_left": 500.0,
        "idle_seconds": 300.0,
        "held": 0,
        "preferred": False,
        "policy": "1",
        "step": 0,
        "why": "",
    }


@pytest.mark.parametrize(
    ("contact", "taker"),
    [
        (MAIL._replace(line_id=SCHOOL), BOB.id),
        (MAIL._replace(line_id=3), None),
        (MAIL._replace(skills=frozenset({(FRENCH, 3)})), BOB.id),
        (MAIL._replace(skills=frozenset({(FRENCH, 4)})), None),
        (MAIL._replace(skills=frozenset({(FRENCH, 1), (SIGN, 1)})), BOB.id),
        (MAIL._replace(excluded=frozenset({BOB.id})), ALICE.id),
        (MAIL._replace(excluded=frozenset({ALICE.id, BOB.id})), None),
    ],
)
def test_who_is_eligible(contact: Waiting, taker: int | None) -> None:
    assert [p.adviser_id for p in place([contact], [ALICE, BOB])] == ([] if taker is None else [taker])


@pytest.mark.parametrize("presence", [p for p in Presence if p is not Presence.AVAILABLE])
def test_only_the_available_are_asked(presence: Presence) -> None:
    assert place([MAIL], [replace(ALICE, presence=presence)]) == []


def test_the_least_time_left_goes_first_then_age_then_id() -> None:
    late = MAIL._replace(contact_id=9, due_at=1200)
    young = MAIL._replace(contact_id=2, since=950)
    one = replace(ALICE, limits=Limits(mails=4))
    assert [p.contact_id for p in place([young, MAIL._replace(contact_id=3), MAIL, late], [one])] == [
        9,
        1,
        3,
        2,
    ]


def test_choice_between_load_and_idleness() -> None:
    busy = replace(BOB, load=Load(mails=1))
    assert place([MAIL], [ALICE, busy])[0].adviser_id == ALICE.id
    assert place([MAIL], [ALICE, busy], Policy(Choice.LONGEST_IDLE))[0].adviser_id == BOB.id


def test_capacity_ends_it_and_a_call_interrupts_mail() -> None:
    full = replace(ALICE, load=Load(mails=3))
    call = MAIL._replace(contact_id=2, channel=Channel.PHONE, due_at=1600)
    assert pairs(place([MAIL, call], [full])) == [(2, ALICE.id)]
    # With room, the most urgent goes first, and nothing more beside the call.
    assert pairs(place([MAIL, call, MAIL._replace(contact_id=3, due_at=1700)], [ALICE])) == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("named", "until", "taker"),
    [
        (replace(ALICE, presence=Presence.AVAILABLE), 1100, ALICE.id),
        (replace(ALICE, presence=Presence.PAUSED), 1100, None),  # back soon: waits
        (replace(ALICE, load=Load(calls=1)), 1100, None),
        (replace(ALICE, load=Load(calls=1)), 1000, BOB.id),  # time is over
        (replace(ALICE, presence=Presence.AWAY), 1100, BOB.id),
        (replace(ALICE, presence=Presence.OFFLINE), 1100, BOB.id),
        (replace(ALICE, lines=frozenset({SCHOOL})), 1100, BOB.id),
    ],
)
def test_last_adviser_first(named: Adviser, until: float, taker: int | None) -> None:
    contact = MAIL._replace(preferred_adviser=ALICE.id, preferred_until=until)
    placed = place([contact], [named, BOB])
    assert [p.adviser_id for p in placed] == ([] if taker is None else [taker])
    assert [p.reason.preferred for p in placed] == ([] if taker is None else [taker == ALICE.id])
    assert place([contact], [named, BOB], Policy(prefer=False))[0].adviser_id in (1, 2)


def test_a_named_adviser_without_time_out() -> None:
    contact = MAIL._replace(line_id=3, preferred_adviser=ALICE.id, preferred_only=True)
    assert place([contact], [replace(ALICE, presence=Presence.OFFLINE), BOB]) == []
    assert place([contact], [BOB]) == []
    assert place([contact], [ALICE, BOB])[0].adviser_id == ALICE.id
    declined = contact._replace(line_id=CPF, excluded=frozenset({ALICE.id}))
    assert place([declined], [ALICE, BOB])[0].adviser_id == BOB.id


def test_two_seats_are_two_places() -> None:
    relay = MAIL._replace(channel=Channel.RELAY)
    interpreter = relay._replace(seat="interpreter", skills=frozenset({(SIGN, 1)}))
    placed = place([relay, interpreter], [ALICE, replace(BOB, idle_since=900)])
    assert [(p.seat, p.adviser_id) for p in placed] == [("adviser", ALICE.id), ("interpreter", BOB.id)]


def test_the_preference_ends_with_time_and_with_the_adviser() -> None:
    floor = Floor()
    floor.set_adviser(replace(ALICE, presence=Presence.PAUSED))
    floor.set_adviser(BOB)
    floor.add(MAIL._replace(preferred_adviser=ALICE.id, preferred_until=NOW + 30))
    floor.add(MAIL._replace(contact_id=2, preferred_adviser=ALICE.id, preferred_until=NOW + 60))
    assert floor.place(NOW + 29) == []
    assert pairs(floor.place(NOW + 30)) == [(1, BOB.id)]
    floor.remove_adviser(ALICE.id)
    assert pairs(floor.place(NOW + 31)) == [(2, BOB.id)]


def test_what_is_removed_or_replaced_is_not_placed() -> None:
    floor = Floor()
    floor.add(MAIL)
    floor.add(MAIL._replace(contact_id=2))
    floor.add(MAIL._replace(contact_id=2, excluded=frozenset({ALICE.id})))
    floor.remove(MAIL.key)
    floor.remove(MAIL.key)
    floor.set_adviser(ALICE)
    assert floor.place(NOW) == []
    assert not floor.is_waiting(MAIL.key)
    assert floor.is_waiting((2, "adviser"))


def test_who_waited_long_gets_the_longest_idle_of_those_who_come() -> None:
    floor = Floor()
    floor.add(MAIL)
    assert floor.place(NOW) == []
    floor.set_adviser(ALICE)
    floor.set_adviser(BOB)
    assert pairs(floor.place(NOW)) == [(1, BOB.id)]


def test_a_release_makes_room() -> None:
    floor = Floor()
    floor.set_adviser(replace(ALICE, limits=Limits(mails=1)))
    floor.add(MAIL)
    floor.add(MAIL._replace(contact_id=2))
    assert pairs(floor.place(NOW)) == [(1, ALICE.id)]
    floor.release(ALICE.id, Channel.MAIL, NOW + 5)
    [placed] = floor.place(NOW + 7)
    assert (placed.contact_id, placed.reason.idle_seconds) == (2, 2.0)
    assert floor.load_of(ALICE.id) == Load(mails=1)
    with pytest.raises(ValueError, match="no chat"):
        floor.release(ALICE.id, Channel.CHAT, NOW)


def test_a_contact_must_be_due_some_day() -> None:
    with pytest.raises(ValueError, match="finite"):
        Floor().add(MAIL._replace(due_at=inf))


@pytest.mark.parametrize(
    ("choice", "expert_first", "taker"),
    [
        (Choice.LEAST_OCCUPIED, True, 1),
        (Choice.LEAST_OCCUPIED, False, 3),
        (Choice.LONGEST_IDLE, True, 2),
        (Choice.LONGEST_IDLE, False, 3),
    ],
)
def test_the_vectors_of_business_advocate(choice: Choice, expert_first: bool, taker: int) -> None:
    """RULES.md 7: A, B and C, of whom C is less skilled (their level 1 is the best: our 2)."""
    people = [
        Adviser(number, frozenset({CPF}), frozenset({(FRENCH, level)}), idle_since=NOW - idle, occupancy=busy)
        for number, level, busy, idle in ((1, 2, 0.90, 5), (2, 2, 0.95, 10), (3, 1, 0.64, 30))
    ]
    asks = MAIL._replace(skills=frozenset({(FRENCH, 1)}))
    assert pairs(place([asks], people, Policy(choice, expert_first=expert_first))) == [(1, taker)]
