"""The board tells what became different, and no more; to each only of what is theirs."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from centre_world import World, mail
from test_board import now

from portevoix.actions import presence
from portevoix.web.floor.readings import Readings

BOARD = "/plateau/"


def news(client: Any, since: object = "", query: str = "") -> dict[str, Any]:
    answer = client.get(BOARD + query, headers={"HX-Request": "true", "Floor-Since": str(since)})
    assert answer.status_code == 200
    return dict(answer.json())


def be(world: World, who: str, state: str) -> str:
    reason = "déjeuner" if state == "paused" else ""
    presence.set_state(world.conn, world.accounts[who].pk, state, reason, now())
    return f"p-{world.accounts[who].pk}"


def test_the_first_time_everything_is_told_and_then_what_changed(world: World, sign: Any) -> None:
    page = sign("sophie")
    alice, bob = be(world, "alice", "available"), be(world, "bob", "available")
    first = news(page)
    assert {alice, bob, "b-totals", "b-alarms", "b-counts"} <= set(first["pieces"])
    be(world, "bob", "paused")
    told = news(page, first["at"])["pieces"]
    assert "En pause" in told[bob]
    assert "b-counts" in told


def test_what_did_not_change_is_not_told_again() -> None:
    clock, truth = itertools.count(1).__next__, {"a": 1, "b": 1}
    readings = Readings(clock=lambda: float(clock()))
    began = readings.get("x", lambda: dict(truth)).began
    truth["b"] = 2
    second = readings.get("x", lambda: dict(truth))
    assert second.news(None) == ["a", "b"]
    assert second.news(began + 2) == ["b"]
    del truth["a"]
    third = readings.get("x", lambda: dict(truth))
    assert third.news(second.began + 2) == ["a"]
    assert readings.get("x", lambda: dict(truth)).news(third.began + 2) == []


def test_a_row_that_is_no_longer_wanted_goes_and_a_new_one_comes(world: World, sign: Any) -> None:
    page = sign("sophie")
    alice = be(world, "alice", "available")
    first = news(page, query="?etat=available")
    assert "Alice Martin" in first["pieces"][alice]
    be(world, "alice", "paused")
    assert news(page, first["at"], "?etat=available")["pieces"][alice] is None
    assert "Alice Martin" in news(page, first["at"], "?etat=paused")["pieces"][alice]


def test_a_queue_comes_and_goes(world: World, sign: Any) -> None:
    page, first = sign("sophie"), news(sign("sophie"))
    taken = world.receive(mail())
    name = f"q-{world.lines['inscription'].pk}-mail"
    told = news(page, first["at"])
    assert "Inscription" in told["pieces"][name]
    world.conn.execute(
        "update contact set state = 'closed', closed_at = now() where id = %s", [taken.contact_id]
    )
    assert news(page, told["at"])["pieces"][name] is None


def test_a_manager_is_told_of_their_own_alone(world: World, sign: Any) -> None:
    page = sign("manon")
    first = news(page)
    alice, charlie = be(world, "alice", "available"), be(world, "charlie", "available")
    world.receive(mail(), to="cpf@centre.example")
    told = news(page, first["at"])["pieces"]
    assert charlie in told
    assert alice not in told
    assert not [name for name in (*told, *first["pieces"]) if name.startswith(f"q-{world.lines['cpf'].pk}-")]
    assert f"l-{world.lines['cpf'].pk}" not in first["pieces"]
    assert first["scope"] != news(sign("sophie"))["scope"]


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_advisers_are_told_nothing(sign: Any, who: str) -> None:
    answer = sign(who).get(BOARD, headers={"HX-Request": "true", "Floor-Since": "1"})
    assert answer.status_code == 422  # a sentence
    assert "p-" not in answer.content.decode()


@pytest.mark.parametrize("since", ["nan", "inf", "x", "-1", "9e99"])
def test_a_moment_that_is_none_tells_everything(world: World, sign: Any, since: str) -> None:
    alice = be(world, "alice", "available")
    assert alice in news(sign("sophie"), since)["pieces"]


def test_two_processes_never_tell_too_little() -> None:
    """Whoever answers, a browser ends with what is true: every order of changes, readings and answers of two processes."""
    for steps in itertools.product(("change", "first", "second"), repeat=7):
        truth = {"a": 0, "b": 0}
        processes = {"first": Readings(), "second": Readings()}
        seen: dict[str, int] = {}
        since: float | None = None
        for step in steps:
            if step == "change":
                truth["a"] += 1
                continue
            reading = processes[step].get("x", lambda now=truth: dict(now))
            seen |= {name: reading.values[name] for name in reading.news(since)}
            since = reading.began
            assert seen == truth, steps


def test_who_asks_while_another_reads_is_not_given_what_was_read_before() -> None:
    readings, count = Readings(), itertools.count()
    inside, go = threading.Event(), threading.Event()

    def slow() -> dict[str, int]:
        number = next(count)
        if number == 0:
            inside.set()
            go.wait(60)
        return {"n": number}

    found: list[int] = []
    asking = [
        threading.Thread(target=lambda: found.append(readings.get("x", slow).values["n"])) for _ in range(6)
    ]
    asking[0].start()
    assert inside.wait(60)
    for thread in asking[1:]:
        thread.start()
    go.set()
    for thread in asking:
        thread.join(60)
    assert min(found) == 0
    assert 0 not in sorted(found)[1:]
