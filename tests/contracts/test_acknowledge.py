"""Acknowledging receipt: what the law asks, once, and never to a machine."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta

import pytest
from centre_rows import DOMAIN, NOW, SECRET, came

from portevoix.actions import acknowledge, contacts, conversations, outbox
from portevoix.channels.mail import identity


def follow(conn, at=NOW):
    return acknowledge.follow(conn, secret=SECRET, domain=DOMAIN, at=at)


def mail_of(conn, message_id):
    row = conn.execute("select content from outgoing where message_id = %s", [message_id]).fetchone()
    return email.message_from_bytes(row["content"], policy=email.policy.default)


def acked(conn):
    return conn.execute(
        "select count(*) as n from message where kind = 'automatic' and author_id is null and status <> ''"
    ).fetchone()["n"]


def test_a_new_conversation_gets_one_with_everything_the_law_asks(conn):
    conn.execute(
        "update line set silence = 'reject', silence_months = 2, appeal_text = 'Tribunal administratif de Paris, deux mois.'"
    )
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # already the 2nd in Paris
    taken = came(conn, at=late, external_id="a@client.example", subject="Achetez nos pilules")
    (message_id,) = follow(conn)
    row = conn.execute(
        "select m.kind, m.author_id, m.status, m.source_id, o.state, o.sender, o.recipients from message m"
        " join outgoing o on o.message_id = m.id where m.id = %s", [message_id],
    ).fetchone()  # fmt: skip
    assert row == {
        "kind": "automatic", "author_id": None, "status": "queued", "source_id": f"ack:{taken.conversation_id}",
        "state": "due", "sender": "", "recipients": ["jean@client.example"],
    }  # fmt: skip
    mail = mail_of(conn, message_id)
    text = mail.get_body(("plain",)).get_content()
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<a@client.example>"
    assert identity.read_message_id(SECRET, mail["Message-ID"]).message_id == message_id
    reference = f"PV-{taken.conversation_id:06d}"
    assert mail["Subject"] == f"Accusé de réception de votre message du 2 mars 2026 ({reference})"
    for said in ("2 mars 2026", reference, "Service des inscriptions", "1 rue du Port, 75001 Paris", "01 02 03 04 05",
                 "inscription@centre.example", "rejetée", "2 mai 2026", "Tribunal administratif de Paris, deux mois."):  # fmt: skip
        assert said in text
    assert "pilules" not in mail.as_string()
    assert follow(conn) == []
    (claimed,) = outbox.claim(conn, NOW, limit=5)
    assert claimed.message_id == message_id


def test_silence_that_accepts_names_the_attestation(conn):
    conn.execute("update line set silence = 'accept', ack_text = 'Merci, {{ prenom }}. {{ surnom }}'")
    came(conn)
    text = mail_of(conn, follow(conn)[0]).get_body(("plain",)).get_content()
    assert text.startswith("Merci, Jean.")
    assert "{{" not in text
    assert "L. 232-3" in text


def test_without_the_mandatory_words_it_leaves_and_says_so(conn):
    conn.execute("update line set service_phone = ''")
    came(conn)
    facts = conn.execute("select facts from message where id = %s", [follow(conn)[0]]).fetchone()["facts"]
    assert facts["warnings"] == ["acknowledgement-incomplete", "service-phone"]


def test_in_english_to_who_wrote_in_english(conn):
    came(conn, facts={"language": "en"}, language="en")
    assert mail_of(conn, follow(conn)[0])["Subject"].startswith(
        "We have received your message of 2 March 2026"
    )


@pytest.mark.parametrize(
    "values",
    [
        {"automatic": True},
        {"facts": {"no_answer": "sender-takes-no-answer"}},
        {"facts": {"authentication": [{"method": "dmarc", "result": "fail", "trusted": True}]}},
        {"sender": "cpf@centre.example"},
        {"sender": ""},
        {"sender": "not an address"},
        {"at": NOW - timedelta(days=20)},
    ],
)
def test_never_to_what_no_person_wrote(conn, values):
    came(conn, **values)
    assert follow(conn) == []
    came(conn, "autre@client.example")
    assert len(follow(conn)) == 1


def test_only_what_opens_a_conversation_by_mail(conn):
    taken = came(conn)
    assert len(follow(conn)) == 1
    second = came(conn, token=taken.conversation_id)
    new = conversations.split(
        conn,
        conversation_id=taken.conversation_id,
        message_id=second.message_id,
        account_id=1,
        due_at=NOW,
        at=NOW,
    )
    contacts.close(conn, taken.contact_id, 1, subject_id=None, at=NOW)
    again = came(conn, token=taken.conversation_id)
    assert again.conversation_id == taken.conversation_id
    assert again.contact_id not in (None, taken.contact_id)
    assert new != taken.conversation_id
    assert follow(conn) == []


def test_a_line_that_does_not_want_it(conn):
    conn.execute("update line set ack_active = false where id = 1")
    came(conn)
    assert follow(conn) == []


def test_three_an_hour_to_one_address_whatever_loops(conn):
    for _ in range(10):
        came(conn)
    came(conn, "autre@client.example")
    assert len(follow(conn)) == 4
    later = NOW + timedelta(minutes=61)
    came(conn, at=later)
    assert len(follow(conn, later)) == 1


def test_read_again_after_a_crash_nothing_is_doubled(conn):
    came(conn)
    came(conn, "autre@client.example")
    assert len(follow(conn)) == 2
    conn.execute("delete from log_cursor where reader = 'acknowledger'")
    assert follow(conn) == []
    assert acked(conn) == 2
