"""Every act of the desk is also a page with a plain form: transfer, park, subject, close, conclude, merge, split, rename."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from centre_world import World, mail

HTMX = {"HX-Request": "true"}
ACTS = ("transferer", "attendre", "motif", "clore", "fusionner", "scinder", "renommer")


def contact(world: World, taken: Any) -> dict[str, Any]:
    row = world.conn.execute(
        "select * from contact where conversation_id = %s order by id desc limit 1", [taken.conversation_id]
    ).fetchone()
    assert row
    return row


def title(world: World, conversation_id: int) -> str:
    row = world.conn.execute("select subject from conversation where id = %s", [conversation_id]).fetchone()
    assert row
    return str(row["subject"])


def told(world: World, taken: Any, kind: str) -> list[dict[str, Any]]:
    return world.conn.execute(
        "select actor_id, data from event where kind = %s and conversation_id = %s",
        [kind, taken.conversation_id],
    ).fetchall()


def send(client: Any, taken: Any, what: str, **form: Any) -> Any:
    """A form sent without any script, and the page one lands on."""
    return client.post(f"/bureau/c/{taken.conversation_id}/{what}", form, follow=True)


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_a_page(sign: Any, world: World, act: str) -> None:
    taken = world.held_by("alice")
    answer = sign("alice").get(f"/bureau/c/{taken.conversation_id}/faire", {"quoi": act})
    page = answer.content.decode()
    assert answer.status_code == 200
    form = page[page.index("<main") : page.index("</main")]
    assert "hx-post" not in form, "a page of its own sends its form whole"
    assert f"/bureau/c/{taken.conversation_id}/" in form


def test_what_is_no_act_is_not_found(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    assert sign("alice").get(f"/bureau/c/{taken.conversation_id}/faire", {"quoi": "x"}).status_code == 404


def test_a_colleague_gets_no_form_for_what_another_holds(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    answer = sign("eve").get(f"/bureau/c/{taken.conversation_id}/faire", {"quoi": "transferer"})
    assert answer.status_code == 403
    assert "Un collègue tient cette conversation" in answer.content.decode()


def test_transfer_without_script(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    line = world.lines["cpf"]
    page = send(
        sign("alice"), taken, "transferer", destination=f"{line.pk}", note="À suivre", quoi="transferer"
    )
    assert contact(world, taken)["line_id"] == line.pk
    assert page.status_code == 200, "it went where Alice does not see it: she is back at her desk"
    assert page.redirect_chain[-1][0] == "/bureau/"
    assert "Conversation transmise à CPF." in page.content.decode()


def test_park_and_subject_without_script(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    assert (
        "Motif enregistré."
        in send(sign("alice"), taken, "motif", motif=world.subjects["Délai"]).content.decode()
    )
    page = send(sign("alice"), taken, "attendre", quand="demain").content.decode()
    assert "Conversation mise en attente." in page
    assert contact(world, taken)["state"] == "parked"
    assert contact(world, taken)["subject_id"] == world.subjects["Délai"]


def test_a_wrong_form_comes_back_as_the_same_page(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    page = send(sign("alice"), taken, "attendre", quand="date", date="hier", quoi="attendre")
    assert page.redirect_chain[-1][0].endswith("/faire?quoi=attendre")
    assert "La date n’a pas été comprise" in page.content.decode()


def test_merge_offers_the_persons_other_conversations(sign: Any, world: World) -> None:
    first = world.held_by("alice", mail(sender="Zoé <zoe@client.example>", subject="Première de Zoé"))
    second = world.held_by("alice", mail(sender="Zoé <zoe@client.example>", subject="Seconde de Zoé"))
    form = (
        sign("alice").get(f"/bureau/c/{first.conversation_id}/faire", {"quoi": "fusionner"}).content.decode()
    )
    assert "Seconde de Zoé" in form
    page = send(sign("alice"), first, "fusionner", choix=second.conversation_id, autre="").content.decode()
    assert "Les deux conversations n’en font plus qu’une." in page


def test_split_offers_every_message_but_the_first(sign: Any, world: World) -> None:
    taken = world.held_by("alice", mail(message_id="<un@client.example>", text="Le premier"))
    further = world.receive(mail(In_Reply_To="<un@client.example>", text="Le deuxième"))
    form = sign("alice").get(f"/bureau/c/{taken.conversation_id}/faire", {"quoi": "scinder"}).content.decode()
    assert f'<option value="{further.message_id}">' in form
    assert f'<option value="{taken.message_id}">' not in form
    page = send(sign("alice"), taken, "scinder", message=further.message_id)
    assert "La suite est maintenant une conversation à part." in page.content.decode()


def test_a_conversation_is_renamed_and_its_history_says_by_whom(sign: Any, world: World) -> None:
    taken = world.held_by("alice", mail(subject="Question"))
    page = send(sign("alice"), taken, "renommer", objet="  Relevé de\nnotes ").content.decode()
    assert title(world, taken.conversation_id) == "Relevé de notes"
    assert "Alice Martin a renommé la conversation « Relevé de notes »." in page
    assert told(world, taken, "conversation-renamed") == [
        {"actor_id": world.accounts["alice"].pk, "data": {"subject": "Relevé de notes", "before": "Question"}}
    ]
    assert "Donnez un objet" in send(sign("alice"), taken, "renommer", objet=" ").content.decode()


def test_concluding_later_then_with_subject_and_note(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    page = send(sign("alice"), taken, "conclure").content.decode()
    assert contact(world, taken)["state"] == "wrap-up"
    assert "À conclure" in page
    assert 'id="close-note"' in page
    closed = send(
        sign("alice"), taken, "clore", motif=world.subjects["Délai"], note="Rappeler en mars"
    ).content.decode()
    assert contact(world, taken)["state"] == "closed"
    assert "Rappeler en mars" in closed


def test_a_refused_reply_without_script_is_kept_as_the_draft(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    page = send(
        sign("alice"), taken, "repondre", body="Mon long texte", to="camille@client.example", token="t-perdu",
        version="0", envoyer="clore",
    ).content.decode()  # fmt: skip
    assert "Choisissez le motif avant de clore." in page
    assert "Mon long texte</textarea>" in page


def test_an_address_is_added_and_told(sign: Any, world: World) -> None:
    taken = world.held_by("alice", mail(sender="Ada <ada@client.example>"))
    other = world.receive(mail(sender="Bea <bea@client.example>"))
    assert other
    row = world.conn.execute(
        "select person_id from conversation where id = %s", [taken.conversation_id]
    ).fetchone()
    assert row
    there = f"/bureau/p/{row['person_id']}/adresses"
    form = {"adresse": "Ada.Perso@Client.example", "conversation": taken.conversation_id}
    answer = sign("alice").post(there, form, headers=HTMX)
    triggers = json.loads(answer["HX-Trigger-After-Settle"])
    assert triggers["pv:toast"]["text"] == "Adresse ajoutée."
    assert triggers["pv:go"] == {"to": "person-title"}, "the button is gone: the focus goes to the person"
    assert "ada.perso@client.example" in answer.content.decode()
    sign("alice").post(there, {**form, "adresse": "01 23 45 67 89"}, headers=HTMX)
    assert [one["data"]["way"] for one in told(world, taken, "address-added")] == ["mail", "phone"]
    thread = sign("alice").get(f"/bureau/c/{taken.conversation_id}/").content.decode()
    assert "Alice Martin a ajouté ada.perso@client.example à la fiche" in thread
    for wrong, why in (
        ("bea@client.example", "déjà celle d’une autre fiche"),
        ("12", "pas valable"),
        ("a@", "pas valable"),
    ):
        refused = sign("alice").post(there, {**form, "adresse": wrong}, headers=HTMX).content.decode()
        assert why in refused, wrong
        assert f'value="{wrong}"' in refused, "what was typed is still there"


def test_notes_of_persons_found_to_be_one_stay_readable(sign: Any, world: World) -> None:
    taken = [world.held_by("alice", mail(sender=f"Nino <nino{n}@client.example>")) for n in (1, 2)]
    ids = []
    for one, note in zip(taken, ("Première note", "Seconde note"), strict=True):
        row = world.conn.execute(
            "select person_id from conversation where id = %s", [one.conversation_id]
        ).fetchone()
        assert row
        ids.append(row["person_id"])
        form = {"name": "Nino", "note": note, "conversation": one.conversation_id}
        sign("alice").post(f"/bureau/p/{ids[-1]}/fiche", form, headers=HTMX)
        assert told(world, one, "person-changed")[0]["data"]["noted"] is True
    page = (
        sign("alice").post(f"/bureau/p/{ids[0]}/fusionner", {"autre": ids[1]}, headers=HTMX).content.decode()
    )
    assert "Première note" in page
    assert "Seconde note" in page
    page = sign("alice").post(f"/bureau/p/{ids[0]}/separer", {"autre": ids[1]}, headers=HTMX).content.decode()
    assert "Seconde note" not in page
    assert "Seconde note" in sign("alice").get(f"/bureau/p/{ids[1]}/", headers=HTMX).content.decode()


def test_an_act_shows_the_new_state_in_the_persons_history(sign: Any, world: World) -> None:
    taken = world.held_by("alice")
    there = f"/bureau/c/{taken.conversation_id}/attendre"
    answer = sign("alice").post(there, {"quand": "demain"}, headers=HTMX).content.decode()
    card = answer[answer.index(f'id="history-{taken.conversation_id}"') :]
    assert "En attente" in card[: card.index("</div>")]


def test_news_carry_the_next_step_only_when_it_changed(sign: Any, world: World) -> None:
    taken = world.receive(mail(subject="Qui la prend ?"))
    there = f"/bureau/c/{taken.conversation_id}/nouveau"
    same = sign("eve").get(there, {"pas": "take"}, headers=HTMX).content.decode()
    assert 'id="composer-area"' not in same
    sign("alice").post(f"/bureau/c/{taken.conversation_id}/prendre", headers=HTMX)
    changed = sign("eve").get(there, {"pas": "take"}, headers=HTMX).content.decode()
    assert 'id="composer-area"' in changed
    assert "data-acted" not in changed, "a push does not paint over what somebody writes"
    assert "Alice Martin tient cette conversation" in changed


def test_a_merged_conversation_says_where_it_goes_on(sign: Any, world: World) -> None:
    kept, gone = world.held_by("alice"), world.held_by("alice", mail(subject="Celle qui part"))
    send(sign("alice"), kept, "fusionner", autre=gone.conversation_id)
    news = sign("eve").get(f"/bureau/c/{gone.conversation_id}/nouveau", headers=HTMX).content.decode()
    assert f"/bureau/c/{kept.conversation_id}/" in news
    assert told(world, gone, "conversation-absorbed")[0]["data"] == {"into_id": kept.conversation_id}


def test_a_queue_learns_what_waits_no_longer_and_nothing_else(sign: Any, world: World) -> None:
    mine, free = world.held_by("alice"), world.receive(mail(subject="Libre"))
    foreign = world.receive(mail(to="scolaire@centre.example"), "scolaire@centre.example")
    seen = ",".join(str(one.conversation_id) for one in (mine, free, foreign))
    page = sign("eve").get(
        "/bureau/liste/attente/nouveaux", {"depuis": "x", "vus": f"{seen},999999999,a"}, headers=HTMX
    )
    shown = dict(re.findall(r'id="row-(\d+)"[^>]*>(.*?)</div>', page.content.decode(), re.DOTALL))
    assert "Alice Martin" in shown[str(mine.conversation_id)]
    assert str(free.conversation_id) not in shown
    # What one does not see looks exactly like what does not exist.
    assert shown[str(foreign.conversation_id)] == shown["999999999"]
