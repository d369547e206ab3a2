"""What a supervisor does from the floor reaches whom it concerns, ends by itself, and stays within what is theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from centre_world import World, mail

from portevoix.actions import contacts, floor_acts, presence
from portevoix.actions.errors import TooLate
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


def skill(world: World) -> int:
    row = world.conn.execute("insert into skill (slug, name) values ('lsf', 'LSF') returning id").fetchone()
    assert row
    return int(row["id"])


def known(world: World, who: str) -> list[list[int]]:
    """What the router reads of somebody."""
    (row,) = live.advisers(world.conn, [pk(world, who)])
    return [list(one) for one in row["skills"]]


def told(world: World, kind: str) -> list[dict[str, Any]]:
    return world.conn.execute(
        "select actor_id, data from event where kind = %s order by id", [kind]
    ).fetchall()


def test_a_skill_is_lent_the_router_reads_it_and_it_ends_by_itself(world: World, sign: Any) -> None:
    lsf, bob, page = skill(world), pk(world, "bob"), sign("sophie")
    address = f"/plateau/personnes/{bob}/competences"
    page.post(address, {"competence": str(lsf), "niveau": "4", "minutes": "60"})
    assert known(world, "bob") == [[lsf, 4]]
    shown = text(page.get(f"/plateau/personnes/{bob}"))
    assert "niveau 4" in shown
    assert "par Sophie Garnier" in shown
    assert floor_acts.end_skills(world.conn, now() + timedelta(minutes=59)) == 0
    assert floor_acts.end_skills(world.conn, now() + timedelta(minutes=61)) == 1
    assert known(world, "bob") == []
    changes = [row for row in told(world, "configuration-changed") if row["data"]["what"] == "skill_for_now"]
    assert [(row["actor_id"], row["data"]["ref"]) for row in changes] == [
        (pk(world, "sophie"), bob),
        (None, bob),
    ]


def test_a_skill_is_taken_away_for_a_while_and_given_back_at_once(world: World, sign: Any) -> None:
    lsf, bob, page = skill(world), pk(world, "bob"), sign("sophie")
    world.conn.execute(
        "insert into adviser_skill (account_id, skill_id, level) values (%s, %s, 2)", [bob, lsf]
    )
    address = f"/plateau/personnes/{bob}/competences"
    page.post(address, {"competence": str(lsf), "niveau": "0", "minutes": "60"})
    assert known(world, "bob") == []
    page.post(address, {"competence": str(lsf), "fin": "1"})
    assert known(world, "bob") == [[lsf, 2]]
    answer = page.post(address, {"competence": str(lsf), "fin": "1"}, follow=True)
    assert "déjà revenue" in text(answer)


def test_a_waiting_contact_is_given_to_one_person(world: World, sign: Any) -> None:
    here, alice = line(world, "inscription"), pk(world, "alice")
    taken = world.receive(mail(subject="Pour Alice"))
    page = sign("sophie")
    shown = text(page.get(f"/plateau/lignes/{here}/attente"))
    assert "Pour Alice" in shown
    before = contacts.get(world.conn, taken.contact_id)
    given = {"contact": [str(taken.contact_id)], "personne": str(alice)}
    page.post(f"/plateau/lignes/{here}/confier", given)
    after = contacts.get(world.conn, taken.contact_id)
    assert (after["preferred_id"], after["preferred_only"], after["state"]) == (alice, True, "waiting")
    assert (after["due_at"], after["received_at"]) == (before["due_at"], before["received_at"])
    assert [row["actor_id"] for row in told(world, "contact-transferred")] == [pk(world, "sophie")]
    contacts.take(world.conn, taken.contact_id, alice, now())
    assert "ne se trouvaient plus en attente" in text(
        page.post(f"/plateau/lignes/{here}/confier", given, follow=True)
    )
    assert contacts.get(world.conn, taken.contact_id)["holder_id"] == alice
    bob = {**given, "personne": str(pk(world, "bob"))}  # does not answer that line
    other = world.receive(mail(sender="Zoé <zoe@client.example>"))
    page.post(f"/plateau/lignes/{here}/confier", {**bob, "contact": [str(other.contact_id)]})
    assert contacts.get(world.conn, other.contact_id)["preferred_id"] is None


def test_a_contact_is_taken_back_and_goes_to_somebody_else_first(world: World, sign: Any) -> None:
    held, alice = world.held_by("alice"), pk(world, "alice")
    page = sign("sophie")
    assert "Reprendre" in text(page.get(f"/plateau/personnes/{alice}"))
    page.post(f"/plateau/contacts/{held.contact_id}/reprendre")
    after = contacts.get(world.conn, held.contact_id)
    assert (after["state"], after["holder_id"], after["declined"]) == ("waiting", None, [alice])
    world.conn.execute("update contact set channel = 'phone' where id = %s", [held.contact_id])
    contacts.take(world.conn, held.contact_id, alice, now())
    page.post(f"/plateau/contacts/{held.contact_id}/reprendre")
    assert contacts.get(world.conn, held.contact_id)["holder_id"] == alice  # somebody is speaking


def test_two_supervisors_take_back_the_same_contact_once(world: World) -> None:
    from portevoix.actions import access

    held = world.held_by("alice")
    who = access.actor(world.conn, pk(world, "sophie"))
    floor_acts.pull(world.conn, who, held.contact_id, now())
    with pytest.raises(TooLate):
        floor_acts.pull(world.conn, who, held.contact_id, now())
    assert len(told(world, "contact-transferred")) == 1


def test_a_word_reaches_people_and_one_sees_who_has_read_it(world: World, sign: Any) -> None:
    presence.set_state(world.conn, pk(world, "alice"), "available", "", now())
    page = sign("sophie")
    page.post("/plateau/messages/envoyer", {"texte": "Le dossier est en panne", "pour": "ici", "heures": "4"})
    assert "Le dossier est en panne" in text(sign("alice").get("/bureau/"))
    assert "Le dossier est en panne" not in text(sign("bob").get("/bureau/"))  # was not here
    assert "Lu par 0 sur 1" in text(page.get("/plateau/messages"))
    (event,) = told(world, "team-message")
    assert event["data"]["accounts"] == [pk(world, "alice")]
    number = event["data"]["message_id"]
    assert sign("bob").post(f"/bureau/mots/{number}/lu").status_code == 404
    sign("alice").post(f"/bureau/mots/{number}/lu")
    sign("alice").post(f"/bureau/mots/{number}/lu")
    assert "Le dossier est en panne" not in text(sign("alice").get("/bureau/"))
    assert "Lu par 1 sur 1" in text(page.get("/plateau/messages"))


def test_a_word_is_withdrawn_ends_and_is_refused_when_it_says_nothing(world: World, sign: Any) -> None:
    page, here = sign("sophie"), f"ligne-{line(world, 'inscription')}"
    for wrong in (
        {"texte": " "},
        {"texte": "x" * 1001},
        {"pour": "ligne-999999"},
        {"pour": "x"},
        {"heures": "5"},
    ):
        asked = {"texte": "Bonjour", "pour": here, "heures": "4"} | wrong
        answer = page.post("/plateau/messages/envoyer", asked)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    page.post("/plateau/messages/envoyer", {"texte": "Réunion à 15 h", "pour": here, "heures": "4"})
    assert "Réunion à 15 h" in text(sign("alice").get("/bureau/"))
    assert floor_acts.words(world.conn, pk(world, "alice"), now() + timedelta(hours=5)) == []
    (event,) = told(world, "team-message")
    page.post(f"/plateau/messages/{event['data']['message_id']}/retirer")
    assert "Réunion à 15 h" not in text(sign("alice").get("/bureau/"))


def test_a_share_is_changed_for_what_comes_now_and_told(world: World, sign: Any) -> None:
    from portevoix.web.records.models import Contract

    row = {"id": Contract.objects.create(organisation=world.accounts["charlie"].organisation, share=60).pk}
    page = sign("sophie")
    assert "part de 60 %" in text(page.get("/plateau/"))
    answer = page.post(f"/plateau/contrats/{row['id']}/part", {"part": "40"}, follow=True)
    assert "passe de 60 % à 40 %" in text(answer)
    assert any(event["data"]["what"] == "contract" for event in told(world, "configuration-changed"))
    page.post(f"/plateau/contrats/{row['id']}/part", {"part": "140"})
    for who in ("manon", "alice"):
        sign(who).post(f"/plateau/contrats/{row['id']}/part", {"part": "1"})
    assert world.conn.execute("select share from contract").fetchone() == {"share": 40}
    assert "part de 40 %" not in text(sign("manon").get("/plateau/"))


def test_an_outsourcers_manager_acts_on_nothing_of_the_house(world: World, sign: Any) -> None:
    lsf, page = skill(world), sign("manon")
    held, waits = world.held_by("alice"), world.receive(mail(sender="Zoé <zoe@client.example>"))
    alice, charlie, here = pk(world, "alice"), pk(world, "charlie"), line(world, "inscription")
    lend = {"competence": str(lsf), "niveau": "4", "minutes": "60"}
    assert page.post(f"/plateau/personnes/{alice}/competences", lend).status_code == 404
    assert page.post(f"/plateau/contacts/{held.contact_id}/reprendre").status_code == 404
    # The house shares that line with them: what waits there may be theirs, not what the house has or was given.
    house = world.accounts["alice"].organisation_id
    world.conn.execute(
        "insert into allocation (contact_id, line_id, channel, day, organisation_id, first, wider, may, why, at)"
        " values (%s, %s, 'mail', now()::date, %s, '{}', '[]', '{}', '[]', now())",
        [waits.contact_id, here, house],
    )
    push = {"contact": [str(waits.contact_id)], "personne": str(charlie)}
    assert page.post(f"/plateau/lignes/{here}/confier", push).status_code == 404
    assert page.get(f"/plateau/lignes/{line(world, 'cpf')}/attente").status_code == 404
    assert page.post(f"/plateau/lignes/{line(world, 'cpf')}/confier", push).status_code == 404
    page.post("/plateau/messages/envoyer", {"texte": "Bonjour à tous", "pour": "tous", "heures": "4"})
    (event,) = told(world, "team-message")
    names = world.conn.execute(
        "select organisation_id from account where id = any(%s)", [event["data"]["accounts"]]
    ).fetchall()
    theirs = world.accounts["manon"].organisation_id
    assert {row["organisation_id"] for row in names} == {theirs}
    sign("sophie").post(
        "/plateau/messages/envoyer", {"texte": "Pour la maison", "pour": "tous", "heures": "4"}
    )
    assert "Pour la maison" not in text(page.get("/plateau/messages"))
    house = told(world, "team-message")[-1]["data"]["message_id"]
    assert page.post(f"/plateau/messages/{house}/retirer").status_code == 404
    assert contacts.get(world.conn, held.contact_id)["holder_id"] == alice
    assert known(world, "alice") == []
    page.post(f"/plateau/personnes/{charlie}/competences", lend)
    assert known(world, "charlie") == [[lsf, 4]]


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_an_adviser_has_none_of_it(world: World, sign: Any, who: str) -> None:
    held, page = world.held_by("eve"), sign(who)
    here, lsf = line(world, "inscription"), skill(world)
    assert page.get("/plateau/messages").status_code == 403
    assert page.get(f"/plateau/lignes/{here}/attente").status_code == 403
    page.post("/plateau/messages/envoyer", {"texte": "Bonjour", "pour": "tous", "heures": "4"})
    page.post(f"/plateau/contacts/{held.contact_id}/reprendre")
    lend = {"competence": str(lsf), "niveau": "4", "minutes": "60"}
    page.post(f"/plateau/personnes/{pk(world, 'bob')}/competences", lend)
    assert told(world, "team-message") == []
    assert known(world, "bob") == []
    assert contacts.get(world.conn, held.contact_id)["holder_id"] == pk(world, "eve")


def test_who_works_from_home_is_shown_and_found(world: World, sign: Any) -> None:
    for who in ("alice", "eve"):
        presence.set_state(world.conn, pk(world, who), "available", "", now())
    sign("alice").post("/presence/", {"etat": "home"})
    page = sign("sophie")
    assert "à distance" in text(page.get("/plateau/"))
    assert "Alice Martin" in text(page.get("/plateau/?lieu=home"))
    assert "Eve" not in text(page.get("/plateau/?lieu=home")).split('id="board"')[1]
