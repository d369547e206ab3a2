"""A day at the desk through its pages: take, note, draft, answer, undo, park, close, reopen, transfer."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from centre_world import World, mail

HTMX = {"HX-Request": "true"}


def contact(world: World, taken: Any) -> dict[str, Any]:
    row = world.conn.execute(
        "select * from contact where conversation_id = %s order by id desc limit 1", [taken.conversation_id]
    ).fetchone()
    assert row
    return row


def post(client: Any, taken: Any, what: str, **form: Any) -> Any:
    return client.post(f"/bureau/c/{taken.conversation_id}/{what}", form, headers=HTMX)


def said(answer: Any) -> str:
    return str(json.loads(answer.headers["HX-Trigger-After-Settle"])["pv:toast"]["text"])


def reply(client: Any, taken: Any, **form: Any) -> Any:
    whole = {
        "body": "Bonjour, voici.",
        "to": "camille@client.example",
        "token": "jeton-1",
        "envoyer": "envoyer",
    }
    return post(client, taken, "repondre", **{**whole, **form})


def test_take_answer_and_close(sign: Any, world: World) -> None:
    taken = world.receive(mail(subject="Une demande"))
    alice = sign("alice")
    page = alice.get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    assert "Prendre la conversation" in page
    assert "repondre" not in page
    post(alice, taken, "prendre")
    assert contact(world, taken)["state"] == "active"
    assert said(reply(alice, taken)) == "Réponse envoyée."
    message = world.conn.execute(
        "select * from message where conversation_id = %s and kind = 'out'", [taken.conversation_id]
    ).fetchone()
    assert message
    assert message["status"] == "held"
    assert message["body"].startswith("Bonjour, voici.")
    answer = post(alice, taken, "clore")
    assert "Choisissez le motif avant de clore" in answer.content.decode()
    assert contact(world, taken)["state"] == "active"
    post(alice, taken, "clore", motif=world.subjects["Délai"])
    assert contact(world, taken)["state"] == "closed"
    assert contact(world, taken)["subject_id"] == world.subjects["Délai"]


def test_what_the_client_wrote_meanwhile_keeps_the_conversation_open(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    root = world.conn.execute("select external_id from message where id = %s", [taken.message_id]).fetchone()
    assert root
    world.receive(mail(In_Reply_To=f"<{root['external_id']}>", text="Encore un mot"))
    alice = sign("alice")
    motif = world.subjects["Délai"]
    page = post(alice, taken, "clore", motif=motif, message_vu=taken.message_id).content.decode()
    assert "La personne vient d’écrire" in page
    assert contact(world, taken)["state"] == "active"
    sent = reply(alice, taken, token="encore", envoyer="clore", motif=motif, message_vu=taken.message_id)
    assert said(sent).startswith("Réponse envoyée. La personne vient d’écrire de nouveau")
    assert contact(world, taken)["state"] == "active"


def test_the_same_form_sent_twice_is_one_answer(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    for _again in range(2):
        reply(sign("alice"), taken, token="deux-fois")
    sent = world.conn.execute(
        "select count(*) as n from message where conversation_id = %s and kind = 'out'",
        [taken.conversation_id],
    ).fetchone()
    assert sent == {"n": 1}


def test_send_and_close_wants_the_subject_then_does_both(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    answer = reply(sign("alice"), taken, envoyer="clore", token="t-clore")
    assert "motif" in answer.content.decode()
    assert contact(world, taken)["state"] == "active"
    answer = reply(sign("alice"), taken, envoyer="clore", token="t-clore", motif=world.subjects["Délai"])
    assert said(answer) == "Réponse envoyée, conversation close."
    assert contact(world, taken)["state"] == "closed"


def test_undo_gives_the_text_back(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    answer = reply(sign("alice"), taken, body="À reprendre", token="annule")
    address = json.loads(answer.headers["HX-Trigger-After-Settle"])["pv:toast"]["undo"]
    back = sign("alice").post(address, headers=HTMX)
    assert "Envoi annulé" in said(back)
    assert "À reprendre" in back.content.decode()
    world.conn.execute("update outgoing set not_before = now() - interval '1 minute'")
    reply(sign("alice"), taken, body="Trop tard", token="annule-2")
    world.conn.execute("update outgoing set not_before = now() - interval '1 minute'")
    row = world.conn.execute("select max(id) as id from message where kind = 'out'").fetchone()
    assert row
    late = sign("alice").post(f"/bureau/m/{row['id']}/annuler", headers=HTMX).content.decode()
    assert "Trop tard pour annuler" in late


def test_what_cannot_be_sent_says_why_and_keeps_the_text(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    for form, why in (
        ({"body": "  "}, "Le message est vide"),
        ({"to": "pas une adresse"}, "n’est pas valable"),
        ({"to": ""}, "au moins un destinataire"),
        ({"body": "Bonjour {{ prenom_inconnu }}"}, "variables à compléter"),
    ):
        answer = reply(sign("alice"), taken, token=why, **form).content.decode()
        assert why in answer, form
        assert 'id="composer-area"' not in answer, "the reply box must stay as it is"


def test_note_is_seen_by_colleagues_and_not_sent(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    post(sign("eve"), taken, "noter", note="<b>À relancer</b>")
    page = sign("alice").get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    assert "&lt;b&gt;À relancer&lt;/b&gt;" in page
    assert "Note interne, jamais envoyée" in page
    assert (
        world.conn.execute(
            "select 1 from outgoing o join message m on m.id = o.message_id where m.kind = 'note'"
        ).fetchone()
        is None
    )


def test_a_draft_changed_by_a_colleague_is_not_overwritten(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    first = post(
        sign("alice"), taken, "brouillon", body="Mon texte", to="a@b.fr", version="0"
    ).content.decode()
    assert "Brouillon enregistré à" in first
    version = re.search(r'name="version" value="(\d+)"', first)
    assert version
    post(sign("sophie"), taken, "brouillon", body="Le texte de Sophie", to="a@b.fr", version=version[1])
    conflict = post(
        sign("alice"), taken, "brouillon", body="Mon texte, suite", to="a@b.fr", version=version[1]
    ).content.decode()
    assert "Sophie Garnier a modifié ce brouillon" in conflict
    assert "Le texte de Sophie" in conflict
    row = world.conn.execute(
        "select body from draft where conversation_id = %s", [taken.conversation_id]
    ).fetchone()
    assert row == {"body": "Le texte de Sophie"}


def test_draft_goes_along_with_a_transfer(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    post(sign("alice"), taken, "brouillon", body="Commencé par Alice", to="a@b.fr", version="0")
    line = world.lines["inscription"].pk
    post(sign("alice"), taken, "transferer", destination=f"{line}:{world.accounts['eve'].pk}", note="À toi")
    row = contact(world, taken)
    assert (row["state"], row["preferred_id"], row["preferred_only"]) == (
        "waiting",
        world.accounts["eve"].pk,
        True,
    )
    post(sign("eve"), taken, "prendre")
    page = sign("eve").get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    assert "Commencé par Alice" in page
    assert "Brouillon commencé par Alice Martin" in page
    assert "À toi" in page


def test_transfer_to_a_line_i_do_not_see_leaves_my_desk(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    answer = post(sign("alice"), taken, "transferer", destination=str(world.lines["cpf"].pk))
    assert answer.status_code == 200
    assert "transmise à CPF" in said(answer)
    assert sign("alice").get(f"/bureau/c/{taken.conversation_id}/").status_code == 404
    assert sign("bob").get(f"/bureau/c/{taken.conversation_id}/").status_code == 200


def test_park_until_a_moment(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    past = (datetime.now() - timedelta(days=1)).isoformat(timespec="minutes")
    assert "déjà passée" in post(sign("alice"), taken, "attendre", quand="date", date=past).content.decode()
    assert (
        "n’a pas été comprise"
        in post(sign("alice"), taken, "attendre", quand="date", date="demain").content.decode()
    )
    post(sign("alice"), taken, "attendre", quand="demain")
    row = contact(world, taken)
    assert row["state"] == "parked"
    assert row["wake_at"] > datetime.now(UTC)
    assert "En attente" in sign("alice").get("/bureau/travail").content.decode()
    post(sign("alice"), taken, "reprendre")
    assert contact(world, taken)["state"] == "active"


def test_closed_is_reopened_by_hand(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    post(sign("alice"), taken, "clore", motif=world.subjects["Délai"])
    post(sign("eve"), taken, "rouvrir")
    row = contact(world, taken)
    assert (row["state"], row["holder_id"]) == ("active", world.accounts["eve"].pk)
    assert (
        "a rouvert la conversation" in sign("eve").get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    )


def test_too_late_says_so_and_shows_where_it_stands(sign: Any, world: World) -> None:
    taken = world.receive(mail())
    post(sign("eve"), taken, "prendre")
    answer = post(sign("alice"), taken, "prendre").content.decode()
    assert "un collègue vient de la prendre" in answer
    assert "Eve Blanc" in answer


def test_a_subject_of_another_line_is_refused(sign: Any, world: World) -> None:
    from portevoix.web.records.models import Subject

    foreign = Subject.objects.create(line=world.lines["cpf"], name="Autre ligne")
    taken = world.held_by("alice")
    assert "n’est plus proposé" in post(sign("alice"), taken, "motif", motif=foreign.pk).content.decode()
    assert contact(world, taken)["subject_id"] is None


def test_merge_and_split(sign: Any, world: World) -> None:
    first = world.held_by("alice", mail(subject="Première"))
    second = world.held_by("alice", mail(subject="Seconde", text="Le second message"))
    answer = post(sign("alice"), first, "fusionner", autre=f"PV-{second.conversation_id:06d}")
    assert "Le second message" in answer.content.decode()
    moved = sign("alice").get(f"/bureau/c/{second.conversation_id}/")
    assert moved["Location"] == f"/bureau/c/{first.conversation_id}/"
    post(sign("alice"), first, "scinder", message=str(second.message_id))
    row = world.conn.execute(
        "select conversation_id from message where id = %s", [second.message_id]
    ).fetchone()
    assert row
    assert row["conversation_id"] != first.conversation_id


def test_merging_with_a_conversation_one_does_not_see_tells_nothing(sign: Any, world: World) -> None:
    mine = world.held_by("alice")
    theirs = world.receive(mail(to="scolaire@centre.example"), "scolaire@centre.example")
    unseen = post(sign("alice"), mine, "fusionner", autre=str(theirs.conversation_id)).content.decode()
    absent = post(sign("alice"), mine, "fusionner", autre="999999999").content.decode()
    assert "Aucune conversation ne porte ce numéro" in unseen
    assert "Aucune conversation ne porte ce numéro" in absent


def test_news_are_appended_once(sign: Any, world: World) -> None:
    taken = world.held_by("alice", mail(message_id="<suite-1@client.example>"))
    page = sign("alice").get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    seen = re.findall(r'name="(message|event)_vu" value="(\d+)"', page)
    world.receive(mail(text="Encore un mot", In_Reply_To="<suite-1@client.example>"))
    news = (
        sign("alice")
        .get(f"/bureau/c/{taken.conversation_id}/nouveau", dict(seen), headers=HTMX)
        .content.decode()
    )
    assert "Encore un mot" in news
    assert "Il manque un relevé" not in news
    seen = re.findall(r'name="(message|event)_vu" value="(\d+)"', news)
    again = (
        sign("alice")
        .get(f"/bureau/c/{taken.conversation_id}/nouveau", dict(seen), headers=HTMX)
        .content.decode()
    )
    assert "Encore un mot" not in again


def test_lists_tell_of_new_ones_without_moving(sign: Any, world: World) -> None:
    page = sign("alice").get("/bureau/liste/attente/", headers=HTMX).content.decode()
    address = re.search(r'data-newer="([^"]+)"', page)
    assert address
    assert sign("alice").get(address[1]).content == b""
    world.receive(mail(subject="Toute neuve"))
    assert "1 nouveau" in sign("alice").get(address[1]).content.decode()


def test_lists_are_paged_by_key_without_gap_or_double(sign: Any, world: World) -> None:
    at = datetime.now(UTC)
    for number in range(90):
        world.receive(mail(subject=f"page {number}", to="cpf@centre.example"), "cpf@centre.example", at)
    for name in ("attente", "toutes"):
        found: list[str] = []
        address: str | None = f"/bureau/liste/{name}/"
        while address:
            page = sign("bob").get(address, headers=HTMX).content.decode()
            found += re.findall(r"page \d+", page)
            more = re.search(r'hx-get="(/bureau/liste/[^"]+apres=[^"]+)"', page)
            address = more[1] if more else None
        assert len(found) == len(set(found)) == 90, name


def test_made_up_keys_are_the_first_page(sign: Any, world: World) -> None:
    for key in ("x", "WzFd", "W251bGwsbnVsbF0", "%00"):
        assert sign("bob").get(f"/bureau/liste/toutes/?apres={key}").status_code == 200


def test_queries_of_a_page_do_not_grow_with_its_rows(sign: Any, world: World, monkeypatch: Any) -> None:
    from portevoix.store import desk

    counted: list[str] = []
    real = desk.rows

    def counting(conn: Any, query: str, **values: Any) -> Any:
        counted.append(query)
        return real(conn, query, **values)

    monkeypatch.setattr(desk, "rows", counting)
    sign("bob").get("/bureau/liste/attente/")
    many = len(counted)
    counted.clear()
    sign("charlie").get("/bureau/liste/attente/")
    assert many == len(counted) <= 8


def test_presence_and_the_sign_of_life(sign: Any, world: World) -> None:
    alice = sign("alice")
    alice.post("/presence/", {"etat": "available"})
    state = "select state, reason from presence where account_id = %s"
    assert world.conn.execute(state, [world.accounts["alice"].pk]).fetchone() == {
        "state": "available",
        "reason": "",
    }
    assert alice.post("/presence/signe", {"etat": "available"}, headers=HTMX).status_code == 204
    world.conn.execute(
        "update presence set state = 'away', reason = 'vanished' where account_id = %s",
        [world.accounts["alice"].pk],
    )
    assert (
        "ne répondait plus"
        in alice.post("/presence/signe", {"etat": "available"}, headers=HTMX).content.decode()
    )
    alice.post("/presence/", {"etat": "paused", "raison": "Repas"})
    assert world.conn.execute(state, [world.accounts["alice"].pk]).fetchone() == {
        "state": "paused",
        "reason": "Repas",
    }
    assert alice.post("/presence/", {"etat": "empereur"}, headers=HTMX).status_code == 200
    assert world.conn.execute(state, [world.accounts["alice"].pk]).fetchone() == {
        "state": "paused",
        "reason": "Repas",
    }


def test_signing_out_frees_the_work(sign: Any, world: World) -> None:
    eve = sign("eve")
    eve.post("/presence/", {"etat": "available"})
    taken = world.held_by("eve")
    eve.post("/compte/deconnexion")
    assert contact(world, taken)["state"] == "waiting"


def test_live_token_names_me_and_my_lines(sign: Any, world: World) -> None:
    import time

    from django.conf import settings

    from portevoix.realtime import token

    made = sign("alice").get("/live/token").json()["token"]
    grant = token.read(settings.SECRET_KEY.encode(), made, time.time())
    assert grant.account_id == world.accounts["alice"].pk
    assert grant.topics == {f"account.{world.accounts['alice'].pk}", f"line.{world.lines['inscription'].pk}"}


def test_saved_answer_is_filled_and_says_what_is_missing(sign: Any, world: World) -> None:
    taken = world.held_by("alice", mail(sender="Inconnu <x1@client.example>"))
    row = world.conn.execute("select id from saved_answer limit 1").fetchone()
    assert row
    answer = sign("alice").get(f"/bureau/c/{taken.conversation_id}/reponses/{row['id']}").json()
    assert f"PV-{taken.conversation_id:06d}" in answer["text"]
    assert answer["missing"] == ["prenom"]
    assert "À compléter" in answer["warning"]


def test_another_persons_line_only_shows_that_something_is_there(sign: Any, world: World) -> None:
    taken = world.held_by("alice", mail(sender="Deux Lignes <deux@client.example>"))
    world.receive(
        mail(
            sender="Deux Lignes <deux@client.example>", subject="Objet confidentiel", to="cpf@centre.example"
        ),
        "cpf@centre.example",
    )
    page = sign("alice").get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    assert "Une conversation sur la ligne CPF" in page
    assert "Objet confidentiel" not in page


def test_persons_are_merged_and_parted(sign: Any, world: World) -> None:
    one = world.receive(mail(sender="Nora Un <nora1@client.example>"))
    two = world.receive(mail(sender="Nora Deux <nora2@client.example>"))
    ids = [
        world.conn.execute(
            "select person_id as id from conversation where id = %s", [t.conversation_id]
        ).fetchone()["id"]
        for t in (one, two)
    ]
    found = (
        sign("alice").get(f"/bureau/p/{ids[0]}/candidats", {"qui": "nora2@"}, headers=HTMX).content.decode()
    )
    assert "nora2@client.example" in found
    page = (
        sign("alice").post(f"/bureau/p/{ids[0]}/fusionner", {"autre": ids[1]}, headers=HTMX).content.decode()
    )
    assert "nora1@client.example" in page
    assert "nora2@client.example" in page
    assert sign("alice").get(f"/bureau/p/{ids[1]}/").status_code == 200
    sign("alice").post(f"/bureau/p/{ids[0]}/separer", {"autre": ids[1]}, headers=HTMX)
    assert (
        "nora2@client.example" not in sign("alice").get(f"/bureau/p/{ids[0]}/", headers=HTMX).content.decode()
    )
