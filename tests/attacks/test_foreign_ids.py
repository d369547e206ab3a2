"""Forms that name what belongs to others: lines, advisers, conversations, files, subjects, answers, views, fields."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from centre_world import World, mail
from django.conf import settings

HX = {"HX-Request": "true"}


@pytest.fixture
def foreign(world: World) -> Any:
    """A conversation on a line of the other organisation, with a file."""
    from portevoix.actions import uploads

    taken = world.held_by(
        "charlie", mail(subject="Affaire scolaire", sender="Zoé <zoe@client.example>", to="scolaire@centre.example"),
        "scolaire@centre.example",
    )  # fmt: skip
    file = uploads.add(
        world.conn, conversation_id=taken.conversation_id, account_id=world.accounts["charlie"].pk,
        name="bulletin.pdf", type="application/pdf", content=b"secret scolaire", at=datetime.now(UTC),
    )  # fmt: skip
    person = one(world, "select person_id as x from conversation where id = %s", taken.conversation_id)
    return {
        "conversation": taken.conversation_id,
        "message": taken.message_id,
        "file": file,
        "person": person,
    }


def one(world: World, query: str, *values: Any) -> Any:
    row = world.conn.execute(query, list(values)).fetchone()
    return row["x"] if row else None


def test_a_transfer_goes_to_an_adviser_of_that_very_line(
    sign: Any, world: World, ids: dict[str, Any]
) -> None:
    taken = world.held_by("alice", mail(subject="À transmettre"))
    here, there = world.lines["inscription"].pk, world.lines["scolaire"].pk
    wrong = (
        f"{here}:{world.accounts['charlie'].pk}", f"{here}:{world.accounts['admin'].pk}", f"{there}:{world.accounts['eve'].pk}",
        f"{here}:0", "0", "-1", f"{10**17}", f"{here}:{10**17}", f"{here}:", ":", "",
    )  # fmt: skip
    for destination in (*wrong[:-3], "", ":"):
        sign("alice").post(
            f"/bureau/c/{taken.conversation_id}/transferer",
            {"destination": destination, "note": "x"},
            headers=HX,
        )
        assert (
            one(world, "select holder_id as x from contact where id = %s", taken.contact_id)
            == world.accounts["alice"].pk
        )
    assert (
        one(
            world,
            "select count(*) as x from message where kind = 'note' and conversation_id = %s",
            taken.conversation_id,
        )
        == 0
    )


def test_a_foreign_conversation_is_neither_merged_nor_split(
    sign: Any, world: World, ids: dict[str, Any], foreign: dict[str, Any]
) -> None:
    mine = f"/bureau/c/{ids['conversation_id']}"
    count = "select count(*) as x from message where conversation_id = %s"
    before = one(world, count, foreign["conversation"])
    for said in (
        foreign["conversation"],
        f"PV-{foreign['conversation']:06d}",
        f"http://x/bureau/c/{foreign['conversation']}/",
    ):
        page = sign("alice").post(f"{mine}/fusionner", {"autre": said}, headers=HX).content.decode()
        assert "Affaire scolaire" not in page
    page = sign("alice").post(f"{mine}/scinder", {"message": foreign["message"]}, headers=HX)
    assert page.status_code == 404 or "Affaire scolaire" not in page.content.decode()
    assert (
        one(world, "select merged_into as x from conversation where id = %s", foreign["conversation"]) is None
    )
    assert one(world, count, foreign["conversation"]) == before


def test_a_foreign_person_is_neither_merged_nor_shown(
    sign: Any, world: World, ids: dict[str, Any], foreign: dict[str, Any]
) -> None:
    client = sign("alice")
    for path in ("fusionner", "separer"):
        answer = client.post(f"/bureau/p/{ids['person_id']}/{path}", {"autre": foreign["person"]}, headers=HX)
        assert "zoe@client.example" not in answer.content.decode()
    assert one(world, "select merged_into as x from person where id = %s", foreign["person"]) is None
    assert (
        "zoe@client.example"
        not in client.get(f"/bureau/p/{ids['person_id']}/candidats?qui=client.example").content.decode()
    )
    # A conversation given beside the person is only where to go back to.
    page = client.get(
        f"/bureau/p/{ids['person_id']}/?conversation={foreign['conversation']}"
    ).content.decode()
    assert "Affaire scolaire" not in page


def test_a_foreign_file_never_leaves_with_my_answer(sign: Any, world: World, foreign: dict[str, Any]) -> None:
    taken = world.held_by("alice", mail(subject="Réponse avec pièce"))
    form = {
        "body": "Bonjour",
        "to": "camille@client.example",
        "token": uuid.uuid4().hex,
        "piece": str(foreign["file"]),
    }
    sign("alice").post(f"/bureau/c/{taken.conversation_id}/repondre", form, headers=HX)
    assert (
        one(
            world,
            "select count(*) as x from message where kind = 'out' and conversation_id = %s",
            taken.conversation_id,
        )
        == 0
    )
    assert one(world, "select message_id as x from upload where id = %s", foreign["file"]) is None
    assert sign("alice").post(f"/bureau/pieces/{foreign['file']}/retirer", headers=HX).status_code == 404
    assert one(world, "select count(*) as x from upload where id = %s", foreign["file"]) == 1


def test_a_form_token_of_another_conversation_sends_and_shows_nothing(
    sign: Any, world: World, foreign: dict[str, Any]
) -> None:
    token = uuid.uuid4().hex
    form = {"body": "Réponse de Charlie", "to": "zoe@client.example", "token": token}
    sign("charlie").post(f"/bureau/c/{foreign['conversation']}/repondre", form, headers=HX)
    taken = world.held_by("alice", mail(subject="Autre"))
    page = sign("alice").post(
        f"/bureau/c/{taken.conversation_id}/repondre", {"body": "Bonjour", "to": "camille@client.example", "token": token},
        headers=HX,
    )  # fmt: skip
    assert "Réponse de Charlie" not in page.content.decode()
    made = "select author_id as x from message where kind = 'out' and conversation_id = %s"
    assert one(world, made, taken.conversation_id) == world.accounts["alice"].pk
    assert one(world, made, foreign["conversation"]) == world.accounts["charlie"].pk


def test_a_foreign_subject_and_a_foreign_saved_answer_are_refused(
    sign: Any, world: World, ids: dict[str, Any], foreign: dict[str, Any]
) -> None:
    from portevoix.web.records.models import SavedAnswer, Subject

    subject = Subject.objects.create(line=world.lines["scolaire"], name="Cantine")
    saved = SavedAnswer.objects.create(
        line=world.lines["scolaire"], title="Cantine", body="Secret de la cantine"
    )
    mine = f"/bureau/c/{ids['conversation_id']}"
    client = sign("alice")
    for path in ("motif", "clore"):
        client.post(f"{mine}/{path}", {"motif": subject.pk}, headers=HX)
    row = world.conn.execute(
        "select subject_id, state from contact where id = %s", [ids["contact_id"]]
    ).fetchone()
    assert row == {"subject_id": None, "state": "active"}
    assert client.get(f"{mine}/reponses/{saved.pk}").status_code == 404
    assert "cantine" not in client.get(f"{mine}/reponses").content.decode().lower()


def test_a_view_is_shared_within_its_organisation(sign: Any, world: World) -> None:
    from portevoix.web.records.models import SavedView

    form = {"nom": "Dossier de Mme Martin", "q": "martin", "partagee": "1"}
    sign("sophie").post("/recherche/vues", form)
    sign("alice").post("/recherche/vues", form | {"nom": "Vue d’Alice"})
    assert not SavedView.objects.get(name="Vue d’Alice").shared
    assert "Dossier de Mme Martin" in sign("alice").get("/recherche/").content.decode()
    assert "Dossier de Mme Martin" not in sign("charlie").get("/recherche/").content.decode()
    view = SavedView.objects.get(name="Dossier de Mme Martin")
    for who in ("alice", "charlie", "admin"):
        assert sign(who).post(f"/recherche/vues/{view.pk}/supprimer").status_code == 404


def test_no_form_sets_what_it_does_not_show(sign: Any, world: World, ids: dict[str, Any]) -> None:
    from portevoix.web.accounts.models import User

    eve = world.accounts["eve"]
    extra = {
        "role": "administrator", "is_staff": "1", "is_superuser": "1", "is_active": "", "organisation": "", "password": "x",
        "account_id": world.accounts["alice"].pk, "id": "1", "pk": "1", "author_id": "1", "holder_id": eve.pk,
    }  # fmt: skip
    look = {"language": "fr", "theme": "dark", "density": "dense", "font": "default"}
    sign("eve").post("/compte/preferences", look | extra)
    before = User.objects.get(pk=eve.pk)
    assert (before.role, before.is_staff, before.is_active, before.organisation_id) == (
        "adviser",
        False,
        True,
        eve.organisation_id,
    )
    assert before.password == eve.password
    form = {"full_name": "Eve Blanc", "email": "eve@centre.example", "role": "adviser", "language": "fr", "mail_capacity": "3",
            "organisation": eve.organisation_id, "lines": [world.lines["inscription"].pk]}  # fmt: skip
    hidden = {
        "is_staff": "on",
        "is_superuser": "on",
        "password": "x",
        "is_active": "",
        "created_at": "2000-01-01",
    }
    assert sign("admin").post(f"/reglages/personnes/{eve.pk}", form | hidden).status_code == 302
    after = User.objects.get(pk=eve.pk)
    assert (after.is_staff, after.is_active, after.password) == (False, True, eve.password)
    assert not getattr(after, "is_superuser", False)
    sign("eve").post(f"/bureau/c/{ids['conversation_id']}/noter", {"note": "Bonjour", **extra}, headers=HX)
    author = "select author_id as x from message where kind = 'note' and conversation_id = %s order by id desc limit 1"
    assert one(world, author, ids["conversation_id"]) == eve.pk


def test_an_administrator_of_an_outsourcer_administers_nothing(sign: Any, world: World) -> None:
    """The form refuses such an account; an organisation can still become one afterwards."""
    from portevoix.store.intake import set_aside

    door = one(world, "select id as x from door where address = 'inscription@centre.example'")
    aside = set_aside(
        world.conn, door_id=door, at=datetime.now(UTC), sender="x@y.fr", recipient="", reason="r", sha256=b"2" * 32,
        content=b"mots d'un client",
    )  # fmt: skip
    charlie = world.accounts["charlie"]
    charlie.role = "administrator"
    charlie.save()
    try:
        client = sign("charlie")
        for path in (
            f"/bureau/mis-de-cote/{aside}.eml",
            "/bureau/liste/mis-de-cote/",
            "/reglages/",
            "/admin/",
        ):
            answer = client.get(path)
            assert answer.status_code in (302, 403, 404), path
            assert b"mots d'un client" not in answer.content
    finally:
        charlie.role = "adviser"
        charlie.save()


def test_djangos_own_pages_are_for_staff(sign: Any, world: World) -> None:
    assert not settings.DEBUG
    for who in ("", "alice", "sophie", "admin", "charlie"):
        for path in ("/admin/", "/admin/accounts/user/", "/admin/records/door/", "/admin/records/line/add/"):
            assert sign(who).get(path).status_code in (302, 403, 404), (who, path)
