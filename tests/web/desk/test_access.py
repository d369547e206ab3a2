"""Who gets what: every address of the desk is tried by a stranger, the adviser of the line, a colleague of another line,
an outsourcer's adviser and an administrator."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from centre_world import World, mail

#: What one must be given to use an address; everything else is one's own.
CONVERSATION = [
    "conversation",
    "news",
    "earlier",
    "print",
    "why",
    "writers",
    "saved-answers",
    "saved-answer",
    "writes",
    "take",
    "resume",
    "transfer",
    "park",
    "subject",
    "close",
    "reopen",
    "merge",
    "split",
    "reply",
    "note",
    "draft",
    "discard",
    "attach",
    "act",
    "wrap",
    "rename-conversation",
]
MESSAGE = ["html", "original", "attachment", "undo", "retry"]
PERSON = ["person", "candidates", "rename", "add-address", "merge-person", "unmerge-person"]
FILE = ["upload", "detach"]
POSTS = {
    "accept",
    "decline",
    "writes",
    "take",
    "resume",
    "transfer",
    "park",
    "subject",
    "close",
    "reopen",
    "merge",
    "split",
    "reply",
    "note",
    "draft",
    "discard",
    "attach",
    "detach",
    "undo",
    "retry",
    "rename",
    "rename-conversation",
    "wrap",
    "add-address",
    "retry-aside",
    "merge-person",
    "unmerge-person",
    "save-view",
    "delete-view",
    "presence",
    "beat",
    "reading-mark",
    "word-read",
}
OPEN_TO_ALL_SIGNED_IN = {
    "root",
    "home",
    "work",
    "list",
    "newer",
    "search",
    "save-view",
    "presence",
    "beat",
    "live-token",
    "reading",
    "reading-mark",
}
# These name a thing of their own kind; each has its own test below (a word: tests/web/floor/test_floor_acts.py).
OTHERS = {"accept", "decline", "set-aside", "retry-aside", "delete-view", "word-read"}


@pytest.fixture(scope="module")
def things(world: World) -> dict[str, Any]:
    """A conversation of Alice's on "inscription" with everything in it."""
    from datetime import UTC, datetime

    from portevoix.actions import uploads

    taken = world.held_by(
        "alice", mail(html="<b>Bonjour</b>", files=(("note.txt", "text/plain", b"secret"),))
    )
    upload = uploads.add(
        world.conn,
        conversation_id=taken.conversation_id,
        account_id=world.accounts["alice"].pk,
        name="joint.txt",
        type="text/plain",
        content=b"secret",
        at=datetime.now(UTC),
    )
    row = world.conn.execute(
        "select person_id from conversation where id = %s", [taken.conversation_id]
    ).fetchone()
    message = world.conn.execute(
        "select attachments from message where id = %s", [taken.message_id]
    ).fetchone()
    assert row
    assert message
    answer = world.conn.execute("select id from saved_answer limit 1").fetchone()
    assert answer
    return {
        "conversation_id": taken.conversation_id,
        "message_id": taken.message_id,
        "person_id": row["person_id"],
        "upload_id": upload,
        "part": message["attachments"][0]["part"],
        "answer_id": answer["id"],
        "contact_id": taken.contact_id,
    }


def address(name: str, things: dict[str, Any]) -> str:
    from django.urls import get_resolver, reverse

    wanted = get_resolver().namespace_dict["desk"][1].reverse_dict.getlist(name)
    params = wanted[0][0][0][1]
    made = {**things, "name": "attente", "set_aside_id": 1, "view_id": 1}
    return str(reverse(f"desk:{name}", kwargs={param: made[param] for param in params}))


def names() -> list[str]:
    from portevoix.web.desk.urls import urlpatterns

    return [str(pattern.name) for pattern in urlpatterns]


def ask(client: Any, name: str, things: dict[str, Any]) -> Any:
    return (client.post if name in POSTS else client.get)(address(name, things))


def test_every_address_is_in_a_class(world: World) -> None:
    assert set(names()) == {*CONVERSATION, *MESSAGE, *PERSON, *FILE, *OPEN_TO_ALL_SIGNED_IN, *OTHERS}


def test_a_stranger_is_sent_to_sign_in_from_everywhere(
    sign: Any, world: World, things: dict[str, Any]
) -> None:
    for name in names():
        answer = ask(sign(""), name, things)
        assert answer.status_code == 302, name
        assert answer["Location"].startswith("/compte/connexion"), name


@pytest.mark.parametrize("who", ["bob", "charlie", "admin"])
def test_others_get_nothing_of_a_conversation(
    sign: Any, world: World, things: dict[str, Any], who: str
) -> None:
    before = world.conn.execute("select count(*) as n, max(id) as last from event").fetchone()
    client = sign(who)
    for name in (*CONVERSATION, *MESSAGE, *PERSON, *FILE):
        answer = ask(client, name, things)
        assert answer.status_code == 404, name
        assert "Camille" not in answer.content.decode(), name
    assert world.conn.execute("select count(*) as n, max(id) as last from event").fetchone() == before


def test_the_lines_adviser_gets_all_that_is_read(sign: Any, world: World, things: dict[str, Any]) -> None:
    client = sign("eve")  # answers the line, holds nothing
    for name in (*CONVERSATION, *MESSAGE, *PERSON, *FILE):
        if name not in POSTS:
            assert ask(client, name, things).status_code == 200, name


def test_a_colleague_cannot_move_what_another_holds(sign: Any, world: World, things: dict[str, Any]) -> None:
    state = "select state, holder_id, version from contact where id = %s"
    before = world.conn.execute(state, [things["contact_id"]]).fetchone()
    for name in ("take", "resume", "transfer", "park", "subject", "close", "wrap", "reply"):
        answer = sign("eve").post(
            address(name, things),
            {"motif": "", "quand": "demain", "body": "x", "to": "a@b.fr"},
            headers={"HX-Request": "true"},
        )
        assert answer.status_code in (200, 422), name
        assert 'role="alert"' in answer.content.decode() or "notice" in answer.content.decode(), name
    assert world.conn.execute(state, [things["contact_id"]]).fetchone() == before


def test_the_desk_lists_only_my_lines(sign: Any, world: World, things: dict[str, Any]) -> None:
    world.receive(mail(subject="Secret de scolaire", to="scolaire@centre.example"), "scolaire@centre.example")
    for who, seen in (("alice", False), ("charlie", True), ("admin", False), ("bob", False)):
        for page in ("/bureau/liste/toutes/", "/bureau/liste/attente/", "/recherche/?q=secret"):
            answer = sign(who).get(page)
            if answer.status_code == 404:
                assert who == "admin"
                continue
            assert (
                "Secret de scolaire" in answer.content.decode()
                or "<mark>Secret</mark> de scolaire" in answer.content.decode()
            ) is seen, (who, page)


def test_an_offer_is_answered_by_whom_it_is_made_to(sign: Any, world: World) -> None:
    taken = world.receive(mail(subject="Proposée à Alice"))
    world.offer("alice", taken.contact_id)
    for who in ("eve", "bob", "charlie", "admin"):
        for way in ("accepter", "decliner"):
            sign(who).post(f"/bureau/offres/{taken.contact_id}/{way}")
    row = world.conn.execute(
        "select account_id, state from seat where contact_id = %s", [taken.contact_id]
    ).fetchone()
    assert row == {"account_id": world.accounts["alice"].pk, "state": "offered"}
    sign("alice").post(f"/bureau/offres/{taken.contact_id}/accepter")
    row = world.conn.execute(
        "select state, holder_id from contact where id = %s", [taken.contact_id]
    ).fetchone()
    assert row == {"state": "active", "holder_id": world.accounts["alice"].pk}


def test_mails_set_aside_are_for_who_may_mend_them(sign: Any, world: World) -> None:
    from datetime import UTC, datetime

    from portevoix.store.intake import set_aside

    door = world.conn.execute("select id from door where address = 'inscription@centre.example'").fetchone()
    assert door
    aside = set_aside(
        world.conn, door_id=door["id"], at=datetime.now(UTC), sender="x@y.fr", recipient="", reason="trop profond",
        sha256=b"1" * 32, content=b"From: x\r\n\r\n\x00",
    )  # fmt: skip
    for who, status in (("alice", 404), ("charlie", 404), ("sophie", 200), ("admin", 200)):
        answer = sign(who).get(f"/bureau/mis-de-cote/{aside}.eml")
        assert answer.status_code == status, who
    assert answer.content == b"From: x\r\n\r\n\x00"
    assert "trop profond" in sign("sophie").get("/bureau/liste/mis-de-cote/").content.decode()
    assert sign("alice").get("/bureau/liste/mis-de-cote/").status_code == 404


def test_a_saved_view_is_deleted_by_its_owner(sign: Any, world: World) -> None:
    from portevoix.web.records.models import SavedView

    sign("alice").post("/recherche/vues", {"nom": "Mes dossiers", "q": "dossier"})
    view = SavedView.objects.get(name="Mes dossiers")
    assert view.query == {"q": "dossier"}
    assert sign("bob").post(f"/recherche/vues/{view.pk}/supprimer").status_code == 404
    assert "Mes dossiers" in sign("alice").get("/recherche/").content.decode()
    assert "Mes dossiers" not in sign("bob").get("/recherche/").content.decode()
    assert sign("alice").post(f"/recherche/vues/{view.pk}/supprimer").status_code == 302
    assert not SavedView.objects.filter(pk=view.pk).exists()


def test_a_closed_account_is_out_at_once(sign: Any, world: World) -> None:
    client = sign("bob")
    world.accounts["bob"].is_active = False
    world.accounts["bob"].save()
    try:
        assert client.get("/bureau/").status_code == 302
    finally:
        world.accounts["bob"].is_active = True
        world.accounts["bob"].save()


def test_ids_out_of_the_blue_are_not_found(sign: Any, world: World, things: dict[str, Any]) -> None:
    for wrong in (10**9, 10**30):
        made = {
            **things,
            **dict.fromkeys(("conversation_id", "message_id", "person_id"), wrong),
            "upload_id": uuid.uuid4(),
        }
        for name in (*CONVERSATION, *MESSAGE, *PERSON, *FILE):
            assert ask(sign("sophie"), name, made).status_code == 404, name
