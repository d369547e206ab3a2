"""What is done from the floor is kept with who and why, told to whom it concerns, ends by itself, and is undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from centre_world import World, mail

from portevoix.actions import access, contacts, floor, floor_acts, floor_history, presence
from portevoix.store import live


def now() -> datetime:
    return datetime.now(UTC)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def pk(world: World, who: str) -> int:
    return int(world.accounts[who].pk)


def line(world: World, slug: str) -> int:
    return int(world.lines[slug].pk)


def answers(world: World, who: str, slug: str) -> bool:
    """Whether the router reads that somebody answers a line."""
    (row,) = live.advisers(world.conn, [pk(world, who)])
    return line(world, slug) in row["lines"]


def acts(world: World) -> list[dict[str, Any]]:
    return world.conn.execute(
        "select id, batch, kind, by_id, account_id, reason, ended_at, ended_by from floor_act order by id"
    ).fetchall()


def test_several_people_are_moved_for_an_hour_and_go_back_by_themselves(world: World, sign: Any) -> None:
    page, here = sign("sophie"), line(world, "cpf")
    asked = {
        "personne": [str(pk(world, who)) for who in ("alice", "eve", "bob")],
        "ligne": str(here), "sens": "mettre", "duree": "60", "raison": "afflux",
    }  # fmt: skip
    answer = page.post("/plateau/deplacer/faire", asked, follow=True)
    shown = text(answer)
    assert "C’est fait pour 2 personnes" in shown
    assert "il en était déjà ainsi" in shown  # Bob answered it before
    assert answers(world, "alice", "cpf")
    assert "jusqu’à" in text(page.get(f"/plateau/personnes/{pk(world, 'alice')}"))
    assert floor_history.end_due(world.conn, now() + timedelta(minutes=59)) == 0
    assert floor_history.end_due(world.conn, now() + timedelta(minutes=61)) == 2
    assert floor_history.end_due(world.conn, now() + timedelta(minutes=61)) == 0
    assert not answers(world, "alice", "cpf")
    assert answers(world, "bob", "cpf")
    assert {(row["reason"], row["ended_by"]) for row in acts(world)} == {("afflux", None)}


def test_what_was_done_at_once_is_undone_at_once(world: World, sign: Any) -> None:
    page, here = sign("sophie"), line(world, "cpf")
    asked = {
        "personne": [str(pk(world, who)) for who in ("alice", "eve")],
        "ligne": str(here), "sens": "mettre", "duree": "",
    }  # fmt: skip
    answer = page.post("/plateau/deplacer/faire", asked, follow=True)
    assert "Tout annuler" in text(answer)
    (first, second) = acts(world)
    assert first["batch"] == second["batch"] == first["id"]
    shown = text(page.post(f"/plateau/actes/ensemble/{first['id']}/annuler", follow=True))
    assert "annulé pour 2 personnes" in shown
    assert not answers(world, "alice", "cpf")
    assert not answers(world, "eve", "cpf")
    again = text(page.post(f"/plateau/actes/{first['id']}/annuler", follow=True))
    assert "déjà terminé ou annulé" in again


def test_one_wrong_person_and_nobody_is_moved(world: World, sign: Any) -> None:
    asked = {
        "personne": [str(pk(world, "charlie")), str(pk(world, "alice"))],
        "ligne": str(line(world, "scolaire")), "sens": "retirer", "duree": "60",
    }  # fmt: skip
    assert sign("manon").post("/plateau/deplacer/faire", asked).status_code == 404
    assert answers(world, "charlie", "scolaire")
    assert acts(world) == []


@pytest.mark.parametrize("wrong", [{"personne": []}, {"ligne": "999999"}, {"sens": "x"}])
def test_a_wrong_move_says_what_is_missing(world: World, sign: Any, wrong: dict[str, Any]) -> None:
    asked = {
        "personne": [str(pk(world, "alice"))], "ligne": str(line(world, "scolaire")), "sens": "mettre", "duree": "60",
    }  # fmt: skip
    answer = sign("sophie").post("/plateau/deplacer/faire", asked | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert acts(world) == []


def test_what_was_for_a_while_is_never_gone_back_to(world: World) -> None:
    who = access.actor(world.conn, pk(world, "sophie"))
    eve, here, at = pk(world, "eve"), line(world, "cpf"), now()
    hour = at + timedelta(hours=1)
    floor.move(world.conn, who, eve, here, at, on=True, until=hour)
    floor.move(world.conn, who, eve, here, at, on=False, until=hour)
    assert floor_history.end_due(world.conn, hour) == 0
    assert not answers(world, "eve", "cpf")


def test_a_share_for_today_goes_back_to_what_was_agreed(world: World, sign: Any) -> None:
    from portevoix.web.records.models import Contract

    made = Contract.objects.create(
        organisation=world.accounts["charlie"].organisation, share=60, day_least=5, day_most=50
    )
    page = sign("sophie")
    for part in ("40", "30"):
        page.post(f"/plateau/contrats/{made.pk}/part", {"part": part, "duree": "jour", "raison": "panne"})
    shown = text(page.get("/plateau/"))
    assert "Elle était de 60 %" in shown
    assert "panne" in shown
    assert "au moins 5 par jour" in shown
    share = "select share from contract"
    assert world.conn.execute(share).fetchone() == {"share": 30}
    assert floor_history.end_due(world.conn, floor_acts.end_of_day(now())) == 1
    assert world.conn.execute(share).fetchone() == {"share": 60}
    page.post(f"/plateau/contrats/{made.pk}/part", {"part": "10", "duree": ""})
    act = acts(world)[-1]["id"]
    for other in ("manon", "alice"):
        sign(other).post(f"/plateau/actes/{act}/annuler")
    assert world.conn.execute(share).fetchone() == {"share": 10}
    page.post(f"/plateau/actes/{act}/annuler")
    assert world.conn.execute(share).fetchone() == {"share": 60}


def test_a_share_that_the_settings_changed_meanwhile_stays(world: World) -> None:
    from portevoix.web.records.models import Contract

    made = Contract.objects.create(organisation=world.accounts["charlie"].organisation, share=60)
    who, end = access.actor(world.conn, pk(world, "sophie")), now() + timedelta(hours=1)
    floor_acts.set_share(world.conn, who, made.pk, 40, now(), until=end)
    Contract.objects.filter(pk=made.pk).update(share=55)
    floor_history.end_due(world.conn, end)
    assert world.conn.execute("select share from contract").fetchone() == {"share": 55}


def test_both_sides_are_told_and_the_conversation_says_who_and_why(world: World, sign: Any) -> None:
    here, alice, eve = line(world, "inscription"), pk(world, "alice"), pk(world, "eve")
    held, page = world.held_by("alice"), sign("sophie")
    page.post(f"/plateau/contacts/{held.contact_id}/reprendre", {"raison": "trop long"})
    assert "a été repris" in text(sign("alice").get("/bureau/"))
    given = {"contact": [str(held.contact_id)], "personne": str(eve), "raison": "elle connaît"}
    page.post(f"/plateau/lignes/{here}/confier", {**given, "quoi": "confier"})
    assert "vous est confié" in text(sign("eve").get("/bureau/"))
    shown = text(page.get(f"/bureau/c/{held.conversation_id}/"))
    assert "Sophie Garnier a repris la conversation à Alice Martin" in shown
    assert "trop long" in shown
    assert "Sophie Garnier a confié la conversation à Eve Blanc : elle connaît" in shown
    number = next(row["id"] for row in acts(world) if row["account_id"] == alice)
    assert sign("eve").post(f"/bureau/avis/{number}/vu").status_code == 404
    sign("alice").post(f"/bureau/avis/{number}/vu")
    assert "a été repris" not in text(sign("alice").get("/bureau/"))


def test_who_was_offered_it_is_told_that_it_went_to_another(world: World) -> None:
    taken, who = world.receive(mail()), access.actor(world.conn, pk(world, "sophie"))
    world.offer("alice", taken.contact_id)
    floor_acts.push(world.conn, who, taken.contact_id, pk(world, "eve"), now())
    assert [(row["kind"], row["account_id"]) for row in acts(world)] == [
        ("pull", pk(world, "alice")),
        ("push", pk(world, "eve")),
    ]
    assert world.conn.execute("select count(*) as n from seat").fetchone() == {"n": 0}


def test_given_to_somebody_and_to_everybody_again(world: World, sign: Any) -> None:
    here, page = line(world, "inscription"), sign("sophie")
    taken = world.receive(mail())
    given = {"contact": [str(taken.contact_id)], "personne": str(pk(world, "alice"))}
    page.post(f"/plateau/lignes/{here}/confier", given)
    assert "confié à Alice Martin" in text(page.get(f"/plateau/lignes/{here}/attente"))
    page.post(f"/plateau/contacts/{taken.contact_id}/reprendre", {"retour": f"ligne-{here}"})
    after = contacts.get(world.conn, taken.contact_id)
    assert (after["state"], after["preferred_id"], after["declined"]) == ("waiting", None, [])


def test_a_contact_is_placed_at_the_head_with_a_reason_and_its_promise_stays(world: World, sign: Any) -> None:
    here, page = line(world, "inscription"), sign("sophie")
    first, last = world.receive(mail()), world.receive(mail(sender="Zoé <zoe@client.example>"))
    world.conn.execute(
        "update contact set due_at = now() - interval '2 hours' where id = %s", [first.contact_id]
    )
    due = contacts.get(world.conn, last.contact_id)["due_at"]
    asked = {"contact": [str(last.contact_id)], "quoi": "tete"}
    assert "Dites pourquoi" in text(page.post(f"/plateau/lignes/{here}/confier", asked, follow=True))
    page.post(f"/plateau/lignes/{here}/confier", {**asked, "raison": "urgence médicale"})
    rows = {row["id"]: row["due_at"] for row in live.waiting(world.conn)}
    assert rows[last.contact_id] < rows[first.contact_id]
    assert contacts.get(world.conn, last.contact_id)["due_at"] == due
    assert "en tête" in text(page.get(f"/plateau/lignes/{here}/attente"))
    shown = text(page.get(f"/bureau/c/{last.conversation_id}/"))
    assert "a placé la conversation en tête de la file : urgence médicale" in shown


def test_a_pause_is_told_to_the_advisers_of_the_line_and_undone(world: World, sign: Any) -> None:
    here, page = line(world, "inscription"), sign("sophie")
    page.post(f"/plateau/lignes/{here}/pause", {"minutes": "30", "raison": "panne"})
    shown = text(sign("alice").get("/bureau/"))
    assert "est en pause, par Sophie Garnier" in shown
    assert "panne" in shown
    assert "est en pause" not in text(sign("bob").get("/bureau/"))
    page.post(f"/plateau/actes/{acts(world)[-1]['id']}/annuler")
    assert "est en pause" not in text(sign("alice").get("/bureau/"))
    page.post(f"/plateau/lignes/{here}/pause", {"minutes": "30"})
    floor.end_pauses(world.conn, now() + timedelta(minutes=31))
    assert all(row["ended_at"] for row in acts(world))


def test_a_lent_skill_stands_on_the_board_in_the_history_and_at_the_desk(world: World, sign: Any) -> None:
    row = world.conn.execute("insert into skill (slug, name) values ('lsf', 'LSF') returning id").fetchone()
    assert row
    presence.set_state(world.conn, pk(world, "bob"), "available", "", now())
    page, bob = sign("sophie"), pk(world, "bob")
    lend = {"competence": str(row["id"]), "niveau": "4", "minutes": "60", "raison": "remplace Eve"}
    page.post(f"/plateau/personnes/{bob}/competences", lend)
    assert "LSF 4" in text(page.get("/plateau/"))
    shown = text(page.get("/plateau/actes"))
    assert "LSF au niveau 4 pour Bob Petit (réglage : 0)" in shown
    assert "remplace Eve" in shown
    assert "Votre compétence LSF compte au niveau 4" in text(sign("bob").get("/bureau/"))
    page.post(f"/plateau/actes/{acts(world)[-1]['id']}/annuler")
    assert world.conn.execute("select count(*) as n from skill_for_now").fetchone() == {"n": 0}
    assert "compte au niveau" not in text(sign("bob").get("/bureau/"))


def test_an_outsourcers_manager_sees_and_undoes_only_their_own(world: World, sign: Any) -> None:
    house = access.actor(world.conn, pk(world, "sophie"))
    alice, charlie = pk(world, "alice"), pk(world, "charlie")
    cpf, inscription = line(world, "cpf"), line(world, "inscription")
    floor.move(world.conn, house, alice, cpf, now(), on=True, reason="raison de la maison")
    theirs = floor.move(world.conn, house, charlie, inscription, now(), on=False, reason="renfort")
    page = sign("manon")
    shown = text(page.get("/plateau/actes"))
    assert "renfort" in shown
    assert "raison de la maison" not in shown
    assert "Alice Martin" not in shown
    assert "Alice Martin" not in text(page.get("/plateau/deplacer"))
    ours = acts(world)[0]["id"]
    assert page.post(f"/plateau/actes/{ours}/annuler").status_code == 404
    assert page.post(f"/plateau/actes/ensemble/{ours}/annuler").status_code == 404
    assert answers(world, "alice", "cpf")
    world.conn.execute(
        "insert into adviser_line (account_id, line_id) values (%s, %s)", [pk(world, "manon"), inscription]
    )
    page.post(f"/plateau/actes/{theirs}/annuler")
    assert answers(world, "charlie", "inscription")


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_an_adviser_has_no_history_and_moves_nobody(world: World, sign: Any, who: str) -> None:
    page = sign(who)
    for address in ("/plateau/actes", "/plateau/deplacer", "/plateau/actes/ensemble/1"):
        assert page.get(address).status_code == 403
    asked = {
        "personne": [str(pk(world, who))], "ligne": str(line(world, "cpf")), "sens": "mettre", "duree": "60",
    }  # fmt: skip
    page.post("/plateau/deplacer/faire", asked)
    assert acts(world) == []
