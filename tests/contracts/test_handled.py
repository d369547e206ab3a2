"""Handlings made from the log by the reader, and who has read which answer: with PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from centre_rows import NOW, came, fill
from services.ports import until

from portevoix.actions import access, contacts, handled, reading
from portevoix.bus import MemoryBus
from portevoix.runners.timers import Timers
from portevoix.store import db


@pytest.fixture
def conn(database_url):
    with db.connect(database_url) as opened:
        fill(opened)
        opened.execute(
            "insert into organisation (name, kind) values ('Maison', 'in-house'), ('Presta', 'outsourcer')"
        )
        opened.execute(
            "update account set organisation_id = (select id from organisation where name = 'Presta') where id = 1"
        )
        opened.execute(
            "update account set organisation_id = (select id from organisation where name = 'Maison') where id = 2"
        )
        opened.execute("insert into adviser_line (account_id, line_id) values (1, 1), (2, 1), (2, 2)")
        opened.execute(
            "insert into subject (id, line_id, name, position, active) values (5, 1, 'Dossier', 1, true)"
        )
        yield opened


def table(conn):
    return [
        (row["part"], row["account_id"], row["line_id"], row["subject_id"], row["ending"], row["seconds"], row["in_target"], row["reopened"])
        for row in conn.execute("select * from handling order by contact_id, part")
    ]  # fmt: skip


_UNREAD = """select exists(select from event e where not exists(
  select from log_cursor c where c.reader = 'handled' and (e.xid, e.id) <= (c.xid, c.id))) as more"""


def read_some(conn):
    while handled.learn(conn, limit=3):
        pass


def read_all(conn):
    """Until all that is committed was read: whoever writes in the same PostgreSQL, another test too, holds the reader back."""

    def nothing_left():
        read_some(conn)
        return not conn.execute(_UNREAD).fetchone()["more"]

    until(nothing_left)


def minutes(count):
    return NOW + timedelta(minutes=count)


def work(conn, contact, who, begin, end, **closing):
    contacts.take(conn, contact, who, minutes(begin))
    contacts.close(conn, contact, who, subject_id=closing.pop("subject", None), at=minutes(end), **closing)


def test_what_is_done_at_the_desk_is_counted(conn):
    first = came(conn)
    contacts.take(conn, first.contact_id, 1, minutes(1))
    contacts.transfer(
        conn, first.contact_id, 1, line_id=2, to_account_id=None, due_at=minutes(60), at=minutes(3)
    )
    work(conn, first.contact_id, 2, 10, 14)
    second = came(conn, "anna@client.example")
    work(conn, second.contact_id, 1, 0, 30, subject=5)
    read_all(conn)
    assert table(conn) == [
        (1, 1, 1, None, "transferred", 120.0, None, False),
        (2, 2, 2, None, "closed", 240.0, True, False),
        (1, 1, 1, 5, "closed", 1800.0, True, False),
    ]
    assert not handled.learn(conn)


def test_the_timers_count_what_is_finished(conn):
    work(conn, came(conn).contact_id, 1, 0, 5)
    timers = Timers(SimpleNamespace(bus=MemoryBus()))

    def counted():
        timers.round(conn)
        return len(table(conn)) == 1

    until(counted)


def test_reading_the_log_again_changes_nothing(conn):
    work(conn, came(conn).contact_id, 1, 0, 5)
    read_all(conn)
    once = table(conn)
    conn.execute("delete from log_cursor where reader = 'handled'")
    read_all(conn)
    assert table(conn) == once != []


def test_who_changes_sides_takes_no_past_along(conn):
    first = came(conn)
    contacts.take(conn, first.contact_id, 1, minutes(1))
    contacts.transfer(
        conn, first.contact_id, 1, line_id=2, to_account_id=None, due_at=minutes(60), at=minutes(3)
    )
    read_all(conn)
    conn.execute("update account set organisation_id = (select id from organisation where name = 'Maison')")
    work(conn, first.contact_id, 2, 10, 14)
    work(conn, came(conn, "anna@client.example").contact_id, 1, 20, 24)
    read_all(conn)
    sides = conn.execute(
        "select h.account_id, g.name from handling h join organisation g on g.id = h.organisation_id order by contact_id, part"
    ).fetchall()
    assert [(row["account_id"], row["name"]) for row in sides] == [
        (1, "Presta"),
        (2, "Maison"),
        (1, "Maison"),
    ]


@pytest.mark.parametrize(("days", "back"), [(2, True), (8, False)])
def test_a_matter_that_comes_back_within_a_week_is_noted_on_who_closed_it(conn, days, back):
    taken = came(conn)
    work(conn, taken.contact_id, 1, 0, 5)
    read_all(conn)
    contacts.reopen(conn, taken.conversation_id, 2, minutes(60 * 24 * 9), minutes(60 * 24 * days))
    read_all(conn)
    assert [row[-1] for row in table(conn)] == [back]
    conn.execute("delete from log_cursor where reader = 'handled'")  # and the same when all is read at once
    conn.execute("delete from handling")
    read_all(conn)
    assert [row[-1] for row in table(conn)] == [back]


def test_events_that_commit_late_are_not_missed(conn, database_url):
    late = came(conn)
    contacts.take(conn, late.contact_id, 1, minutes(0))
    with db.connect(database_url) as other, other.transaction():
        contacts.close(other, late.contact_id, 1, subject_id=None, at=minutes(1))
        work(conn, came(conn, "anna@client.example").contact_id, 2, 0, 5)
        read_some(conn)
    read_all(conn)
    assert len(table(conn)) == 2


def test_a_history_that_cannot_be_read_keeps_nothing_else_from_being_counted(conn):
    broken = came(conn)
    conn.execute(
        "insert into event (at, kind, v, contact_id, data) values (now(), 'contact-taken', 99, %s, '{}'),"
        " (now(), 'contact-closed', 1, %s, '{\"unheard\": 1}'),"
        ' (now(), \'contact-transferred\', 1, %s, \'{"line_id": 1, "from_line_id": 777, "from_account_id": 1}\')',
        [broken.contact_id] * 3,
    )
    work(conn, came(conn, "anna@client.example").contact_id, 2, 0, 5)
    read_all(conn)
    assert [row[1] for row in table(conn)] == [2]


def test_what_was_handed_on_from_a_line_that_is_gone_counts_where_the_contact_is(conn):
    taken = came(conn)
    contacts.take(conn, taken.contact_id, 1, minutes(0))
    contacts.transfer(
        conn, taken.contact_id, 1, line_id=2, to_account_id=None, due_at=minutes(60), at=minutes(3)
    )
    conn.execute(
        "update event set data = data || '{\"from_line_id\": 777}' where kind = 'contact-transferred'"
    )
    read_all(conn)
    assert [(row[1], row[2]) for row in table(conn)] == [(1, 2)]


def answer(conn, line=1, title="Pièce", body="Texte"):
    row = conn.execute(
        "insert into saved_answer (line_id, title, body, language, active) values (%s, %s, %s, 'fr', true) returning id",
        [line, title, body],
    ).fetchone()
    return row["id"]


def test_an_answer_is_unread_until_it_is_read_and_again_when_its_text_changes(conn):
    mine, foreign = answer(conn), answer(conn, line=2)
    anne = access.actor(conn, 1)
    assert [(row["id"], row["version"], row["read_version"]) for row in reading.unread(conn, anne)] == [
        (mine, 1, None)
    ]
    assert reading.mark(conn, anne, [(mine, 1), (foreign, 1), (mine, 7), (10**9, 1)], NOW) == 1
    assert reading.count(conn, anne) == 0
    conn.execute("update saved_answer set active = active, language = 'en' where id = %s", [mine])
    assert reading.count(conn, anne) == 0
    conn.execute("update saved_answer set body = 'Autre', version = 1 where id = %s", [mine])
    assert [(row["version"], row["read_version"]) for row in reading.unread(conn, anne)] == [(2, 1)]
    # What changed between the showing and the click was not read.
    conn.execute("update saved_answer set body = 'Encore' where id = %s", [mine])
    reading.mark(conn, anne, [(mine, 2)], NOW)
    assert [(row["version"], row["read_version"]) for row in reading.unread(conn, anne)] == [(3, 2)]
