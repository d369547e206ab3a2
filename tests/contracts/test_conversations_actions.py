"""Joining and parting conversations and persons loses nothing: on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from centre_rows import DOMAIN, NOW, SECRET, TO_JEAN, came

from portevoix.actions import contacts, conversations, drafts, messages, persons
from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.domain.contacts.fold import fold
from portevoix.store import log

LATER = NOW + timedelta(minutes=5)


def rows(conn, sql, *values):
    return conn.execute(sql, values).fetchall()


def merge(conn, into, other):
    conversations.merge(conn, into_id=into, other_id=other, account_id=1, at=LATER)


def state(conn, contact_id):
    return rows(
        conn, "select state, conversation_id, outcome, due_at from contact where id = %s", contact_id
    )[0]


def consistent(conn):
    """Every contact's row is what its events add up to."""
    for row in rows(conn, "select id, state, line_id from contact"):
        told = log.of_contact(conn, row["id"])
        assert fold(told[0].line_id, (one.event for one in told)).state == row["state"]


def test_a_merge_keeps_every_message_and_one_open_contact(conn):
    one = came(conn)
    two = came(conn, "marie@client.example", at=NOW - timedelta(hours=1))
    note = messages.note(conn, conversation_id=two.conversation_id, account_id=1, body="à part", at=NOW)
    for place, body in ((one, "A"), (two, "B")):
        drafts.save(
            conn,
            conversation_id=place.conversation_id,
            account_id=1,
            body=body,
            recipients=[],
            version=None,
            at=NOW,
        )
    merge(conn, one.conversation_id, two.conversation_id)
    kept = rows(conn, "select id from message where conversation_id = %s order by id", one.conversation_id)
    assert [row["id"] for row in kept] == [one.message_id, two.message_id, note]
    assert state(conn, one.contact_id)["state"] == "waiting"
    assert state(conn, one.contact_id)["due_at"] == NOW + timedelta(hours=15)
    closed = state(conn, two.contact_id)
    assert (closed["state"], closed["outcome"], closed["conversation_id"]) == (
        "closed",
        "merged",
        one.conversation_id,
    )
    assert drafts.get(conn, one.conversation_id)["body"] == "A\n\nB"
    consistent(conn)
    with pytest.raises(TooLate, match="merged"):
        merge(conn, one.conversation_id, two.conversation_id)


def test_the_contact_that_is_further_on_stays(conn):
    one, two = came(conn), came(conn, "marie@client.example")
    contacts.take(conn, two.contact_id, 1, NOW)
    merge(conn, one.conversation_id, two.conversation_id)
    assert state(conn, one.contact_id)["state"] == "closed"
    assert state(conn, two.contact_id) | {"due_at": None} == {
        "state": "active", "conversation_id": one.conversation_id, "outcome": "", "due_at": None,
    }  # fmt: skip
    consistent(conn)


def test_merged_twice_everything_points_to_the_last(conn):
    one, two, three = (came(conn, f"p{n}@client.example") for n in range(3))
    merge(conn, two.conversation_id, one.conversation_id)
    merge(conn, three.conversation_id, two.conversation_id)
    merged = rows(
        conn,
        "select merged_into from conversation where id = any(%s)",
        [one.conversation_id, two.conversation_id],
    )
    assert {row["merged_into"] for row in merged} == {three.conversation_id}
    assert len(rows(conn, "select 1 from message where conversation_id = %s", three.conversation_id)) == 3
    # An answer that names the first conversation by our signed token still arrives.
    joined = came(conn, "p0@client.example", token=one.conversation_id)
    assert joined.conversation_id == three.conversation_id


def test_the_only_open_contact_does_not_change_its_line(conn):
    one, two = came(conn), came(conn, "marie@client.example", door=2)
    contacts.close(conn, one.contact_id, 1, subject_id=None, at=NOW)
    with pytest.raises(Invalid, match="other-line"):
        merge(conn, one.conversation_id, two.conversation_id)
    with pytest.raises(Invalid, match="same-conversation"):
        merge(conn, one.conversation_id, one.conversation_id)


def test_an_answer_in_its_ten_seconds_goes_along(conn):
    one, two = came(conn), came(conn, "marie@client.example")
    message_id = messages.reply(
        conn, conversation_id=two.conversation_id, account_id=1, body="Oui", recipients=TO_JEAN, upload_ids=[], token="t",
        secret=SECRET, domain=DOMAIN, at=NOW,
    )  # fmt: skip
    merge(conn, one.conversation_id, two.conversation_id)
    messages.undo(conn, message_id=message_id, account_id=1, at=NOW)
    assert drafts.get(conn, one.conversation_id)["body"] == "Oui"


def test_a_split_takes_what_follows_and_keeps_its_age(conn):
    first = came(conn)
    second = came(conn, at=NOW + timedelta(minutes=1), token=first.conversation_id)
    assert second.conversation_id == first.conversation_id
    split = lambda message_id: conversations.split(  # noqa: E731
        conn,
        conversation_id=first.conversation_id,
        message_id=message_id,
        account_id=1,
        due_at=LATER,
        at=LATER,
    )
    with pytest.raises(Invalid, match="first-message"):
        split(first.message_id)
    new = split(second.message_id)
    moved = rows(conn, "select id, contact_id from message where conversation_id = %s", new)
    contact = rows(conn, "select * from contact where conversation_id = %s", new)[0]
    assert [row["id"] for row in moved] == [second.message_id]
    assert moved[0]["contact_id"] == contact["id"]
    assert (contact["state"], contact["waiting_since"], contact["preferred_id"]) == (
        "waiting", NOW + timedelta(minutes=1), 1,
    )  # fmt: skip
    assert [
        row["id"]
        for row in rows(conn, "select id from message where conversation_id = %s", first.conversation_id)
    ] == [first.message_id]
    consistent(conn)
    merge(conn, first.conversation_id, new)
    assert len(rows(conn, "select 1 from message where conversation_id = %s", first.conversation_id)) == 2


def test_who_is_writing_is_seen_for_fifteen_seconds(conn):
    place = came(conn).conversation_id
    conversations.writing(conn, place, 1, NOW)
    conversations.writing(conn, place, 2, NOW)
    seen = conversations.writers(conn, place, NOW + timedelta(seconds=14), but=1)
    assert [row["name"] for row in seen] == ["Bruno Petit"]
    assert conversations.writers(conn, place, NOW + timedelta(seconds=15), but=1) == []


def test_a_merge_of_persons_is_undone_without_loss(conn):
    one, two = came(conn), came(conn, "marie@client.example", sender_name="Marie")
    jean, marie = (
        row["person_id"]
        for row in rows(conn, "select person_id from conversation where id = any(%s) order by id",
                        [one.conversation_id, two.conversation_id])
    )  # fmt: skip
    persons.merge(conn, into_id=jean, other_id=marie, account_id=1, at=NOW)
    since = came(conn, "marie@client.example")
    own = came(conn)
    owners = "select id, person_id from conversation order by id"
    assert {row["person_id"] for row in rows(conn, owners)} == {jean}
    assert {row["person_id"] for row in rows(conn, "select person_id from address")} == {jean}
    with pytest.raises(TooLate, match="merged"):
        persons.merge(conn, into_id=jean, other_id=marie, account_id=1, at=NOW)
    persons.unmerge(conn, person_id=jean, other_id=marie, account_id=1, at=NOW)
    assert {row["id"]: row["person_id"] for row in rows(conn, owners)} == {
        one.conversation_id: jean, two.conversation_id: marie, since.conversation_id: marie, own.conversation_id: jean,
    }  # fmt: skip
    assert {row["value"]: row["person_id"] for row in rows(conn, "select value, person_id from address")} == {
        "jean@client.example": jean, "marie@client.example": marie,
    }  # fmt: skip
    with pytest.raises(TooLate, match="not-merged"):
        persons.unmerge(conn, person_id=jean, other_id=marie, account_id=1, at=NOW)


def test_persons_merged_in_a_chain_can_each_be_parted(conn):
    taken = [came(conn, f"p{n}@client.example") for n in range(3)]
    a, b, c = (
        rows(conn, "select person_id from conversation where id = %s", one.conversation_id)[0]["person_id"]
        for one in taken
    )
    persons.merge(conn, into_id=b, other_id=a, account_id=1, at=NOW)
    persons.merge(conn, into_id=c, other_id=b, account_id=1, at=NOW)
    assert {row["merged_into"] for row in rows(conn, "select merged_into from person where id <> %s", c)} == {
        c
    }
    for who in (a, b):
        persons.unmerge(conn, person_id=c, other_id=who, account_id=1, at=NOW)
    owners = [
        rows(conn, "select person_id from conversation where id = %s", one.conversation_id)[0]["person_id"]
        for one in taken
    ]
    assert owners == [a, b, c]
    assert [row["person_id"] for row in rows(conn, "select person_id from address order by value")] == [
        a,
        b,
        c,
    ]


def test_an_address_belongs_to_one_person(conn):
    one = came(conn)
    person = rows(conn, "select person_id from conversation where id = %s", one.conversation_id)[0][
        "person_id"
    ]
    who = {"account_id": 1, "at": NOW, "conversation": (one.conversation_id, 1)}
    made = persons.add_address(conn, person_id=person, kind="mail", value="Jean@Étude.example", **who)
    again = persons.add_address(conn, person_id=person, kind="mail", value="jean@xn--tude-9oa.example", **who)
    assert again == made
    (told,) = rows(conn, "select actor_id, conversation_id, data from event where kind = 'address-added'")
    assert told == {
        "actor_id": 1,
        "conversation_id": one.conversation_id,
        "data": {"person_id": person, "way": "mail", "value": "jean@xn--tude-9oa.example"},
    }
    came(conn, "autre@client.example")
    with pytest.raises(TooLate, match="address-taken"):
        persons.add_address(conn, person_id=person, kind="mail", value="autre@client.example", **who)
    with pytest.raises(Invalid):
        persons.add_address(conn, person_id=person, kind="mail", value="a b@c", **who)


def test_a_rename_says_who_and_what_it_was(conn):
    one = came(conn)
    before = rows(conn, "select subject from conversation where id = %s", one.conversation_id)[0]["subject"]
    for _again in range(2):  # the same title again is no news
        conversations.rename(
            conn, conversation_id=one.conversation_id, account_id=1, subject=" Dossier \n 2026 ", at=NOW
        )
    assert rows(conn, "select subject from conversation where id = %s", one.conversation_id) == [
        {"subject": "Dossier 2026"}
    ]
    assert rows(conn, "select actor_id, data from event where kind = 'conversation-renamed'") == [
        {"actor_id": 1, "data": {"subject": "Dossier 2026", "before": before}}
    ]
    with pytest.raises(Invalid, match="empty-subject"):
        conversations.rename(conn, conversation_id=one.conversation_id, account_id=1, subject=" \n", at=NOW)
    with pytest.raises(Missing):
        conversations.rename(conn, conversation_id=10**12, account_id=1, subject="Rien", at=NOW)
