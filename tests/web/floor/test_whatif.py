"""What if, on a copy of a past week: asked for on a page, played by its process, told with how sure it is; nothing changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from centre_world import World

from portevoix.runners.studies import Studies
from portevoix.store import twin as store
from portevoix.web.floor.whatif import ZONE

PAGE = "/plateau/et-si/"


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())


def last_monday() -> datetime:
    today = datetime.now(UTC).astimezone(ZONE).date()
    return datetime.combine(today - timedelta(days=today.weekday() + 7), time(), ZONE)


@pytest.fixture
def week(world: World) -> datetime:
    """Five days of calls on "inscription", too many for Alice alone."""
    chance, monday = Random(3), last_monday()
    line, alice = world.lines["inscription"].pk, world.accounts["alice"].pk
    number = 50_000
    for day in range(5):
        opens = monday + timedelta(days=day, hours=9)
        world.conn.execute(
            "insert into presence_span (account_id, state, began_at, ended_at) values (%s, 'available', %s, %s)",
            [alice, opens, opens + timedelta(hours=8)],
        )
        for _ in range(110):
            number += 1
            at = opens + timedelta(seconds=chance.uniform(0, 7 * 3600))
            world.conn.execute(
                "insert into person (id, name, created_at) values (%s, 'Client', now())", [number]
            )
            world.conn.execute(
                "insert into conversation (id, line_id, person_id, subject, opened_at, last_at) values (%s, %s, %s, '', %s, %s)",
                [number, line, number, at, at],
            )
            world.conn.execute(
                "insert into contact (id, conversation_id, line_id, channel, state, received_at, due_at, closed_at)"
                " values (%s, %s, %s, 'phone', 'closed', %s, %s, %s)",
                [number, number, line, at, at + timedelta(seconds=30), at + timedelta(minutes=5)],
            )
            world.conn.execute(
                "insert into handling (contact_id, part, conversation_id, account_id, line_id, channel, began_at, ended_at,"
                " ending, seconds) values (%s, 1, %s, %s, %s, 'phone', %s, %s, 'closed', 210)",
                [number, number, alice, line, at + timedelta(seconds=20), at + timedelta(minutes=4)],
            )
    return monday


def asked(week: datetime, *changes: tuple[str, str, str]) -> dict[str, str]:
    form = {"semaine": f"{week:%Y-%m-%d}"}
    for place, (what, where, count) in enumerate(changes, 1):
        form |= {f"quoi-{place}": what, f"ou-{place}": where, f"combien-{place}": count}
    return form


def worker() -> Studies:
    return Studies(SimpleNamespace(stop=SimpleNamespace(asked=False), name="studies", detail={}))  # type: ignore[arg-type]


def test_two_more_people_help_and_it_is_said_with_how_sure_it_is(
    world: World, sign: Any, week: datetime
) -> None:
    page, before = sign("sophie"), counts(world)
    answer = page.post(PAGE + "essayer", asked(week, ("people", "inscription", "+2")))
    assert answer.status_code == 302
    address = answer["Location"]
    assert "En attente" in text(page.get(address))
    worker().round(world.conn)
    shown = text(page.get(address))
    assert "dans le délai (+" in shown
    assert "<svg" in shown
    told = json.loads(text(page.get(address + ".json")))
    level = told["rows"][0]["figures"]["service_level"]
    assert level["real"]
    assert level["after"] > level["before"] + 0.1
    assert told["changes"] == [{"what": "people", "where": "inscription", "number": 2}]
    assert "service_level" in text(page.get(address + ".csv"))
    assert counts(world) == before  # nothing of the centre was touched


def counts(world: World) -> list[dict[str, Any]]:
    return world.conn.execute(
        "select (select count(*) from contact) as contacts, (select count(*) from event) as events,"
        " (select count(*) from adviser_line) as lines, (select sum(urgency_weight) from line) as weights"
    ).fetchall()


def test_what_changes_nothing_is_no_sure_difference(world: World, sign: Any, week: datetime) -> None:
    page = sign("sophie")
    address = page.post(PAGE + "essayer", asked(week, ("weight", "inscription", "5")))["Location"]
    worker().round(world.conn)
    assert "pas de différence sûre" in text(page.get(address))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"semaine": "2001-01-01"}, "Choisissez une semaine"),
        ({"combien-1": "beaucoup"}, "Changement 1"),
        ({"combien-1": "9999"}, "sort de ce qui a un sens"),
        ({"quoi-1": "magic"}, "Changement 1"),
        ({"quoi-1": "", "combien-1": ""}, "au moins un changement"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_asked_for(
    world: World, sign: Any, week: datetime, form: dict[str, str], said: str
) -> None:
    answer = sign("sophie").post(PAGE + "essayer", asked(week, ("people", "inscription", "2")) | form)
    assert said in text(answer, 422)
    assert store.rows(world.conn, "studies") == []


def test_what_cannot_be_played_says_why(world: World, sign: Any, week: datetime) -> None:
    page = sign("sophie")
    for change, said in (
        (("people", "cpf", "2"), "rien reçu"),
        (("people", "inscription", "-5"), "resterait personne"),
    ):
        address = page.post(PAGE + "essayer", asked(week, change))["Location"]
        worker().round(world.conn)
        assert said in text(page.get(address))


def test_it_is_cancelled_and_played_anew_after_a_kill(world: World, sign: Any, week: datetime) -> None:
    page = sign("sophie")
    first, second = (
        page.post(PAGE + "essayer", asked(week, ("people", "inscription", str(n))))["Location"]
        for n in (1, 2)
    )
    (row,) = store.rows(world.conn, "next")  # a process that took it and was killed
    page.post(second + "/annuler")
    studies = worker()
    studies.begin(world.conn)
    studies.round(world.conn)
    studies.round(world.conn)
    states = {one["id"]: one["state"] for one in store.rows(world.conn, "studies")}
    assert states[row["id"]] == "done"
    assert sorted(states.values()) == ["cancelled", "done"]
    assert "déjà terminé" in text(page.post(first + "/annuler", follow=True))


def test_whoever_cancels_while_it_runs_stops_it(world: World, sign: Any, week: datetime) -> None:
    page = sign("sophie")
    address = page.post(PAGE + "essayer", asked(week, ("people", "inscription", "1")))["Location"]
    (row,) = store.rows(world.conn, "next")
    page.post(address + "/annuler")
    assert store.rows(world.conn, "tell", id=row["id"], progress=0.5) == []
    assert store.rows(world.conn, "finish", id=row["id"], result="{}", at=datetime.now(UTC)) == []


def test_three_at_once_are_enough(world: World, sign: Any, week: datetime) -> None:
    page = sign("sophie")
    for _ in range(3):
        page.post(PAGE + "essayer", asked(week, ("people", "inscription", "1")))
    answer = page.post(PAGE + "essayer", asked(week, ("people", "inscription", "1")))
    assert "Trois essais attendent" in text(answer, 422)


@pytest.mark.parametrize("who", ["alice", "charlie", "manon"])
def test_it_is_for_those_who_see_the_whole_floor(world: World, sign: Any, week: datetime, who: str) -> None:
    page = sign(who)
    sign("sophie").post(PAGE + "essayer", asked(week, ("people", "inscription", "1")))
    (row,) = store.rows(world.conn, "studies")
    assert page.get(PAGE).status_code == 403
    assert page.get(f"{PAGE}{row['id']}").status_code == 403
    for kind in ("csv", "json"):
        assert page.get(f"{PAGE}{row['id']}.{kind}").status_code == 403
    page.post(PAGE + "essayer", asked(week, ("people", "inscription", "1")))
    page.post(f"{PAGE}{row['id']}/annuler")
    assert [one["state"] for one in store.rows(world.conn, "studies")] == ["waiting"]


def test_without_a_week_there_is_nothing_to_choose(world: World, sign: Any) -> None:
    assert "Pas encore de semaine" in text(sign("admin").get(PAGE))
