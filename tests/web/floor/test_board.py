"""The floor: who sees what, what one does from it, and what the router makes of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from centre_world import World, mail

from portevoix.actions import floor, presence

BOARD = "/plateau/"
PAGES = (BOARD, "/plateau/mur", "/plateau/alarmes", "/plateau/files.csv")


def now() -> datetime:
    return datetime.now(UTC)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def line(world: World, slug: str) -> int:
    return int(world.lines[slug].pk)


def test_queues_people_and_totals(world: World, sign: Any) -> None:
    world.receive(mail())
    late = world.receive(mail(sender="Zoé <zoe@client.example>"))
    world.conn.execute(
        "update contact set due_at = now() - interval '1 hour' where id = %s", [late.contact_id]
    )
    world.held_by("alice", mail(sender="Léa <lea@client.example>"))
    presence.set_state(world.conn, world.accounts["bob"].pk, "paused", "déjeuner", now())
    shown = text(sign("sophie").get(BOARD))
    assert "Inscription" in shown
    assert "Alice Martin" in shown
    assert "déjeuner" in shown
    rows = list(
        csv.reader(
            io.StringIO(text(sign("sophie").get("/plateau/files.csv")).lstrip("\ufeff")), delimiter=";"
        )
    )
    found = dict(zip(rows[0], rows[1], strict=True))
    assert (found["Ligne"], found["En attente"], found["En main"], found["En retard"]) == (
        "Inscription",
        "2",
        "1",
        "1",
    )


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(
    ("who", "status"), [("alice", 403), ("charlie", 403), ("sophie", 200), ("manon", 200), ("admin", 200)]
)
def test_who_may_look(world: World, sign: Any, who: str, status: int, address: str) -> None:
    assert sign(who).get(address).status_code == status


def test_nobody_looks_without_signing_in(world: World, sign: Any) -> None:
    for address in PAGES:
        assert sign("").get(address).status_code == 302


def test_an_outsourcer_sees_only_its_own(world: World, sign: Any) -> None:
    world.receive(mail(), to="cpf@centre.example")  # not theirs
    presence.set_state(world.conn, world.accounts["alice"].pk, "available", "", now())
    presence.set_state(world.conn, world.accounts["charlie"].pk, "available", "", now())
    page = sign("manon")
    for address in (BOARD, "/plateau/mur", "/plateau/files.csv"):
        shown = text(page.get(address))
        assert "Alice Martin" not in shown
        assert "CPF" not in shown
    assert "Charlie Roux" in text(page.get(BOARD))
    alice, charlie = world.accounts["alice"].pk, world.accounts["charlie"].pk
    assert page.get(f"/plateau/personnes/{alice}").status_code == 404
    assert page.get(f"/plateau/personnes/{charlie}").status_code == 200
    move = {"ligne": str(line(world, "scolaire")), "sens": "retirer"}
    assert page.post(f"/plateau/personnes/{alice}/lignes", move).status_code == 404
    foreign = {"ligne": str(line(world, "cpf")), "sens": "mettre"}
    page.post(f"/plateau/personnes/{charlie}/lignes", foreign)
    assert line(world, "cpf") not in lines_of(world, "charlie")
    for slug in ("inscription", "scolaire"):  # pausing stops everybody, so it is for the house
        page.post(f"/plateau/lignes/{line(world, slug)}/pause", {"minutes": "15"})
    assert world.conn.execute("select count(*) as n from line_pause").fetchone() == {"n": 0}


def lines_of(world: World, who: str) -> set[int]:
    rows = world.conn.execute(
        "select line_id from adviser_line where account_id = %s", [world.accounts[who].pk]
    ).fetchall()
    return {row["line_id"] for row in rows}


def told(world: World, what: str) -> list[dict[str, Any]]:
    return world.conn.execute(
        "select actor_id, (data->>'ref')::bigint as ref from event where kind = 'configuration-changed'"
        " and data->>'what' = %s order by id",
        [what],
    ).fetchall()


def test_people_are_moved_between_lines_and_it_is_told(world: World, sign: Any) -> None:
    page, bob, cpf = sign("sophie"), world.accounts["bob"].pk, line(world, "inscription")
    address = f"/plateau/personnes/{bob}/lignes"
    answer = page.post(address, {"ligne": str(cpf), "sens": "mettre", "retour": f"personne-{bob}"})
    assert answer["Location"] == f"/plateau/personnes/{bob}"
    assert cpf in lines_of(world, "bob")
    page.post(address, {"ligne": str(cpf), "sens": "mettre"})  # twice: nothing more is told
    assert told(world, "adviser_line") == [{"actor_id": world.accounts["sophie"].pk, "ref": bob}]
    page.post(address, {"ligne": str(cpf), "sens": "retirer"})
    assert cpf not in lines_of(world, "bob")


def test_an_adviser_does_nothing_from_the_floor(world: World, sign: Any) -> None:
    page, bob = sign("alice"), world.accounts["bob"].pk
    page.post(
        f"/plateau/personnes/{bob}/lignes", {"ligne": str(line(world, "inscription")), "sens": "mettre"}
    )
    page.post(f"/plateau/lignes/{line(world, 'inscription')}/pause", {"minutes": "15"})
    assert lines_of(world, "bob") == {line(world, "cpf")}
    assert world.conn.execute("select count(*) as n from line_pause").fetchone() == {"n": 0}
    assert page.get(f"/plateau/personnes/{bob}").status_code == 403


def test_a_line_is_paused_shown_and_taken_up_again(world: World, sign: Any) -> None:
    page, cpf = sign("sophie"), line(world, "inscription")
    page.post(f"/plateau/lignes/{cpf}/pause", {"minutes": "30", "raison": "panne du dossier"})
    shown = text(page.get(BOARD))
    assert "En pause, par Sophie Garnier" in shown
    assert "panne du dossier" in shown
    page.post(f"/plateau/lignes/{cpf}/reprise")
    assert "panne du dossier" not in text(page.get(BOARD))
    assert len(told(world, "line_pause")) == 2
    assert "La pause est déjà terminée." in text(page.post(f"/plateau/lignes/{cpf}/reprise", follow=True))


def test_a_pause_ends_by_itself(world: World) -> None:
    cpf, sophie = line(world, "inscription"), world.accounts["sophie"].pk
    at = now()
    world.conn.execute(
        "insert into line_pause (line_id, by_id, at, until) values (%s, %s, %s, %s)",
        [cpf, sophie, at, at + timedelta(minutes=5)],
    )
    assert floor.end_pauses(world.conn, at + timedelta(minutes=4)) == 0
    assert floor.end_pauses(world.conn, at + timedelta(minutes=5)) == 1
    assert told(world, "line_pause") == [{"actor_id": None, "ref": cpf}]


def test_alarms_come_go_and_are_seen_to(world: World, sign: Any) -> None:
    cpf = line(world, "inscription")
    world.conn.execute("update line set alarm_waiting = 1 where id = %s", [cpf])
    floor.watch(world.conn, now())
    before = {
        row["kind"]
        for row in world.conn.execute("select kind from alarm where line_id = %s", [cpf]).fetchall()
    }
    assert before == set()
    for number in range(2):
        world.receive(mail(sender=f"P{number} <p{number}@client.example>"))
    assert floor.watch(world.conn, now()) >= 1
    assert floor.watch(world.conn, now()) == 0  # told once
    page = sign("sophie")
    shown = text(page.get(BOARD))
    assert "Plus de 1 contacts en attente." in shown
    assert "personne de disponible" in shown
    (alarm,) = world.conn.execute(
        "select id from alarm where line_id = %s and kind = 'waiting'", [cpf]
    ).fetchall()
    page.post(f"/plateau/alarmes/{alarm['id']}/suivre")
    assert "Sophie Garnier s’en occupe" in text(page.get(BOARD))
    other = world.conn.execute(
        "insert into alarm (line_id, kind, value, bound, at) values (%s, 'late', 1, 1, now()) returning id",
        [line(world, "cpf")],
    ).fetchone()
    assert other
    assert sign("manon").post(f"/plateau/alarmes/{other['id']}/suivre").status_code == 404
    presence.set_state(world.conn, world.accounts["alice"].pk, "available", "", now())
    world.conn.execute("update contact set state = 'abandoned', closed_at = now() where line_id = %s", [cpf])
    floor.watch(world.conn, now())
    assert "Plus de 1 contacts" not in text(page.get(BOARD))
    assert "Plus de 1 contacts" in text(page.get("/plateau/alarmes"))


def test_a_line_that_nobody_can_serve_is_told_at_once(world: World, sign: Any) -> None:
    from portevoix.web.records import models

    skill = models.Skill.objects.create(slug="lsf", name="LSF")
    models.LineSkill.objects.create(line=world.lines["inscription"], skill=skill, min_level=2)
    floor.watch(world.conn, now())
    assert "aucun contact de cette ligne ne peut être proposé" in text(sign("sophie").get(BOARD))


def test_filters(world: World, sign: Any) -> None:
    presence.set_state(world.conn, world.accounts["alice"].pk, "available", "", now())
    page = sign("sophie")
    assert "Bob Petit" not in text(page.get(BOARD))  # offline
    assert "Bob Petit" in text(page.get(BOARD + "?etat=offline"))
    assert "Bob Petit" in text(page.get(BOARD + "?qui=petit"))
    assert "Alice Martin" not in text(page.get(BOARD + f"?ligne={line(world, 'cpf')}"))
    assert "Personne ne correspond." in text(page.get(BOARD + "?qui=nobody"))


def test_the_inside_alone_for_a_refresh(world: World, sign: Any) -> None:
    answer = sign("sophie").get(BOARD, headers={"HX-Request": "true"})
    assert "<html" not in text(answer)
    assert "Personnes" in text(answer)
