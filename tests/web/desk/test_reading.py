"""Saved answers to read: what an adviser is shown, marks, and may not mark."""

from __future__ import annotations

from typing import Any

import pytest
from centre_world import World

PAGE = "/bureau/lectures/"
MARK = PAGE + "lues"


@pytest.fixture
def answers(world: World) -> Any:
    from portevoix.web.records.models import SavedAnswer

    world.conn.execute("delete from reading")
    SavedAnswer.objects.exclude(title="Pièce reçue").delete()
    mine = SavedAnswer.objects.get()
    foreign = SavedAnswer.objects.create(line=world.lines["cpf"], title="Droits CPF", body="Texte CPF")
    return mine, foreign


def noted(world: World) -> list[tuple[int, int, int]]:
    rows = world.conn.execute("select thing_id, version, account_id from reading order by 1, 2, 3")
    return [(row["thing_id"], row["version"], row["account_id"]) for row in rows]


def test_an_adviser_reads_what_is_new_on_their_lines_and_marks_it(
    world: World, sign: Any, answers: Any
) -> None:
    mine, _foreign = answers
    client = sign("alice")
    assert "1 réponse nouvelle ou modifiée à lire" in client.get("/bureau/").content.decode()
    page = client.get(PAGE).content.decode()
    assert "Pièce reçue" in page
    assert "Nouvelle pour vous" in page
    assert "Droits CPF" not in page
    answer = client.post(MARK, {"lue": f"{mine.pk}:{mine.version}"}, follow=True).content.decode()
    assert "1 réponse marquée comme lue." in answer
    assert "Tout est lu" in answer
    assert "à lire" not in client.get("/bureau/").content.decode().replace("nouvelle ou modifiée", "")
    assert noted(world) == [(mine.pk, mine.version, world.accounts["alice"].pk)]
    mine.body = "Un texte changé"
    mine.save()
    again = client.get(PAGE).content.decode()
    assert f"version {mine.version + 1}, vous connaissez la {mine.version}" in again
    # Marking the text one had seen says so; the new one stays to be read.
    still = client.post(MARK, {"lue": f"{mine.pk}:{mine.version}"}, follow=True).content.decode()
    assert "voici ce qui reste" in still
    assert "Un texte changé" in still


@pytest.mark.parametrize(
    "lue", ["", "x", "1", "1:", ":1", "1:x", "-1:1", "999999:1", "1:99999999999", "1:0", "٣:1"]
)
def test_what_nobody_was_shown_is_not_marked(world: World, sign: Any, answers: Any, lue: str) -> None:
    assert sign("alice").post(MARK, {"lue": lue}).status_code == 302
    assert noted(world) == []


def test_the_answers_of_other_lines_cannot_be_marked(world: World, sign: Any, answers: Any) -> None:
    mine, foreign = answers
    client = sign("charlie")
    assert "Pièce reçue" not in client.get(PAGE).content.decode()
    client.post(MARK, {"lue": [f"{mine.pk}:1", f"{foreign.pk}:1"]})
    assert noted(world) == []


def test_an_administrator_has_nothing_to_read_and_a_stranger_signs_in(
    sign: Any, world: World, answers: Any
) -> None:
    assert sign("admin").get(PAGE).status_code == 403
    sign("admin").post(MARK, {"lue": f"{answers[0].pk}:1"})
    assert noted(world) == []
    for path in (PAGE, MARK):
        assert sign("").post(path)["Location"].startswith("/compte/connexion")
    assert sign("alice").get(MARK).status_code == 405


def test_a_change_in_the_settings_is_a_new_version_whoever_makes_it(
    world: World, sign: Any, answers: Any
) -> None:
    mine, _foreign = answers
    form = {"title": mine.title, "body": mine.body, "language": "fr", "line": mine.line_id, "active": "on"}
    before = mine.version
    sign("admin").post(f"/reglages/reponses/{mine.pk}", form)
    mine.refresh_from_db()
    assert mine.version == before
    sign("sophie").post(f"/reglages/reponses/{mine.pk}", {**form, "body": "Bonjour, c’est fait."})
    mine.refresh_from_db()
    assert (mine.version, mine.body) == (before + 1, "Bonjour, c’est fait.")


def test_a_new_answer_of_the_settings_is_to_be_read(world: World, sign: Any, answers: Any) -> None:
    form = {
        "title": "Tout neuf",
        "body": "Texte",
        "language": "fr",
        "line": world.lines["cpf"].pk,
        "active": "on",
    }
    assert sign("admin").post("/reglages/reponses/nouvelle", form).status_code == 302
    assert "Tout neuf" in sign("bob").get(PAGE).content.decode()
    assert "Tout neuf" not in sign("alice").get(PAGE).content.decode()
