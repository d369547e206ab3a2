"""Answers, notes and taking back: on a real database."""

from __future__ import annotations

import email
import email.policy
import uuid
from datetime import timedelta

import pytest
from centre_rows import DOMAIN, NOW, SECRET, TO_JEAN, came

from portevoix.actions import drafts, messages, uploads
from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.channels.mail import identity
from portevoix.store import log


def answer(conn, conversation_id, body="Bonjour,\n\nC’est fait.", **values):
    given = {
        "conversation_id": conversation_id,
        "account_id": 1,
        "body": body,
        "recipients": TO_JEAN,
        "upload_ids": [],
        "token": uuid.uuid4().hex,
        "secret": SECRET,
        "domain": DOMAIN,
        "at": NOW,
        **values,
    }
    return messages.reply(conn, **given)


def rows(conn, sql, *values):
    return conn.execute(sql, values).fetchall()


def mail_of(conn, message_id):
    row = rows(conn, "select content from outgoing where message_id = %s", message_id)[0]
    return email.message_from_bytes(row["content"], policy=email.policy.default)


def test_an_answer_is_a_held_mail_in_the_clients_thread(conn):
    taken = came(conn, external_id="a@client.example", facts={"references": ["root@client.example"]})
    message_id = answer(conn, taken.conversation_id)
    row = rows(conn, "select * from message where id = %s", message_id)[0]
    sent = rows(conn, "select * from outgoing where message_id = %s", message_id)[0]
    assert (row["kind"], row["status"], row["contact_id"]) == ("out", "held", taken.contact_id)
    assert (sent["state"], sent["sender"], sent["recipients"]) == (
        "held", "inscription@centre.example", ["jean@client.example"],
    )  # fmt: skip
    assert sent["not_before"] == NOW + timedelta(seconds=10)
    mail = mail_of(conn, message_id)
    assert mail["In-Reply-To"] == "<a@client.example>"
    assert mail["References"] == "<root@client.example> <a@client.example>"
    assert mail["Subject"] == "Re: Ma demande d’inscription"
    assert mail["From"] == "Le centre <inscription@centre.example>"
    assert identity.read_message_id(SECRET, mail["Message-ID"]).message_id == message_id
    text = mail.get_body(("plain",)).get_content()
    assert "C’est fait." in text
    assert "Anne M." in text
    whole = sent["content"].decode()
    assert "Martin" not in whole
    assert "prestataire" not in whole
    assert row["new_body"] == "Bonjour,\n\nC’est fait."
    assert [e.event.kind for e in log.of_conversation(conn, taken.conversation_id)] == [
        "contact-received", "message-added",
    ]  # fmt: skip


def test_the_same_token_twice_is_one_answer(conn):
    taken = came(conn)
    first = answer(conn, taken.conversation_id, token="t1")
    assert answer(conn, taken.conversation_id, token="t1") == first
    assert answer(conn, taken.conversation_id, token="t2") != first
    assert len(rows(conn, "select 1 from outgoing")) == 2


def test_taken_back_the_text_and_the_files_are_the_draft_again(conn):
    taken = came(conn)
    version = drafts.save(
        conn,
        conversation_id=taken.conversation_id,
        account_id=1,
        body="Bonj",
        recipients=[],
        version=None,
        at=NOW,
    )
    assert version == 1
    file = uploads.add(
        conn,
        conversation_id=taken.conversation_id,
        account_id=1,
        name="a.txt",
        type="text/plain",
        content=b"x",
        at=NOW,
    )
    message_id = answer(conn, taken.conversation_id, body="Mon texte", upload_ids=[file], token="t")
    assert drafts.get(conn, taken.conversation_id) is None
    assert uploads.of_draft(conn, taken.conversation_id) == []
    assert (
        messages.undo(conn, message_id=message_id, account_id=1, at=NOW + timedelta(seconds=9)) == "Mon texte"
    )
    draft = drafts.get(conn, taken.conversation_id)
    assert draft["body"] == "Mon texte"
    assert draft["recipients"] == TO_JEAN
    assert [row["id"] for row in uploads.of_draft(conn, taken.conversation_id)] == [file]
    assert rows(conn, "select status from message where id = %s", message_id)[0]["status"] == "cancelled"
    with pytest.raises(TooLate):
        messages.undo(conn, message_id=message_id, account_id=1, at=NOW)
    with pytest.raises(TooLate, match="undone"):
        answer(conn, taken.conversation_id, token="t")


def test_what_was_begun_since_is_kept_when_an_answer_is_taken_back(conn):
    taken = came(conn)
    message_id = answer(conn, taken.conversation_id, body="Ancien")
    drafts.save(
        conn,
        conversation_id=taken.conversation_id,
        account_id=2,
        body="Nouveau",
        recipients=[],
        version=None,
        at=NOW,
    )
    messages.undo(conn, message_id=message_id, account_id=1, at=NOW)
    assert drafts.get(conn, taken.conversation_id)["body"] == "Ancien\n\nNouveau"


def test_it_cannot_be_taken_back_once_its_time_has_come(conn):
    message_id = answer(conn, came(conn).conversation_id)
    with pytest.raises(TooLate, match="already-leaving"):
        messages.undo(conn, message_id=message_id, account_id=1, at=NOW + timedelta(seconds=10))
    assert rows(conn, "select state from outgoing")[0]["state"] == "held"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"body": "  \n "}, "empty-body"),
        ({"body": "Bonjour {{ surnom }}"}, "unfilled-variables"),
        ({"recipients": []}, "no-recipient"),
        ({"recipients": [{"address": "inscription@centre.example", "as": "to"}]}, "no-recipient"),
        ({"recipients": [{"address": "a@b.example\r\nBcc: c@d.example", "as": "to"}]}, "bad-address"),
        ({"upload_ids": [uuid.uuid4()]}, "upload-gone"),
        ({"token": ""}, "no-token"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(conn, values, code):
    taken = came(conn)
    with pytest.raises(Invalid) as refused:
        answer(conn, taken.conversation_id, **values)
    assert refused.value.code == code
    assert rows(conn, "select 1 from outgoing") == []
    assert len(rows(conn, "select 1 from message")) == 1


def test_a_bounced_address_warns_and_does_not_stop(conn):
    taken = came(conn)
    conn.execute("update address set bounced_at = %s, bounce = '550 inconnu'", [NOW])
    message_id = answer(conn, taken.conversation_id)
    facts = rows(conn, "select facts from message where id = %s", message_id)[0]["facts"]
    assert facts == {"warnings": ["bounced-address"]}
    assert messages.bounced(conn, ["Jean@client.example"]) == {"jean@client.example": "550 inconnu"}


def test_variables_are_filled_from_the_conversation(conn):
    taken = came(conn)
    message_id = answer(
        conn, taken.conversation_id, body="Bonjour {{ prenom }} {{nom}}, dossier {{ reference }}, {{date}}"
    )
    body = rows(conn, "select new_body from message where id = %s", message_id)[0]["new_body"]
    assert body == f"Bonjour Jean Dupont, dossier PV-{taken.conversation_id:06d}, 2 mars 2026"


def test_a_note_stays_inside(conn):
    taken = came(conn)
    note = messages.note(
        conn, conversation_id=taken.conversation_id, account_id=2, body="Rappeler\x00 demain", at=NOW
    )
    row = rows(conn, "select * from message where id = %s", note)[0]
    assert (row["kind"], row["body"], row["author_id"]) == ("note", "Rappeler demain", 2)
    assert rows(conn, "select 1 from outgoing") == []
    with pytest.raises(Missing):
        messages.note(conn, conversation_id=999999, account_id=2, body="x", at=NOW)


def test_an_answer_can_be_found(conn):
    taken = came(conn)
    message_id = answer(conn, taken.conversation_id, body="Les élèves sont inscrits")
    found = rows(conn, "select id from message where search @@ to_tsquery('portevoix', 'eleve')")
    assert [row["id"] for row in found] == [message_id]


def test_a_draft_that_a_colleague_changed_is_not_written_over(conn):
    place = came(conn).conversation_id
    save = lambda who, body, version: drafts.save(  # noqa: E731
        conn, conversation_id=place, account_id=who, body=body, recipients=[], version=version, at=NOW
    )
    one = save(1, "de Anne", None)
    two = save(2, "de Bruno", one)
    with pytest.raises(drafts.DraftChanged) as refused:
        save(1, "de Anne encore", one)
    assert refused.value.other["body"] == "de Bruno"
    assert refused.value.other["saved_by_name"] == "Bruno Petit"
    assert save(2, "de Bruno", one) == two  # the same request again
    with pytest.raises(drafts.DraftChanged):
        drafts.discard(conn, conversation_id=place, version=one)
    drafts.discard(conn, conversation_id=place, version=two)
    assert drafts.get(conn, place) is None


def test_files_have_limits_and_clean_names(conn):
    place = came(conn).conversation_id
    add = lambda content, name="a.txt", kind="text/plain": uploads.add(  # noqa: E731
        conn, conversation_id=place, account_id=1, name=name, type=kind, content=content, at=NOW
    )
    made = add(b"abc", "..\\..\\etc/pass\r\nwd\u202efdp.exe", "text/html\r\nX: y")
    row = uploads.get(conn, made)
    assert (row["name"], row["type"], row["size"]) == ("passwdfdp.exe", "application/octet-stream", 3)
    with pytest.raises(Invalid, match="file-too-large"):
        add(b"x" * (uploads.FILE_BYTES + 1))
    add(b"x" * uploads.FILE_BYTES)
    with pytest.raises(Invalid, match="too-large"):
        add(b"x" * uploads.FILE_BYTES)
    uploads.remove(conn, upload_id=made, conversation_id=place)
    with pytest.raises(TooLate):
        uploads.remove(conn, upload_id=made, conversation_id=place)
    assert uploads.sweep(conn, NOW + timedelta(hours=23)) == 0
    assert uploads.sweep(conn, NOW + timedelta(hours=25)) == 1
