"""A router that follows the one that leads is ready: what it decides when it takes over is what the tables say then.

Both routers run in this process, round by round, so that each test says exactly what each of them had seen.
"""

import contextlib
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from centre_rows import came, fill
from services.ports import until
from test_router_allocation import contract

from portevoix.actions import contacts, presence
from portevoix.actions.configuration import changed
from portevoix.bus.memory import MemoryBus
from portevoix.runners import router as module
from portevoix.runners.router import Router
from portevoix.store import db


def now():
    return datetime.now(UTC)


class Hand:
    """A router and its connection, moved by hand."""

    def __init__(self, url):
        self.conn = db.connect(url, name="router under test")
        self.router = Router(SimpleNamespace(bus=MemoryBus()))
        self.router.begin(self.conn)
        self.rebuilt = 0
        rebuild = self.router._rebuild

        def counted(conn):
            self.rebuilt += 1
            rebuild(conn)

        self.router._rebuild = counted

    def round(self):
        self.router.round(self.conn)


@pytest.fixture
def centre(conn, monkeypatch):
    monkeypatch.setattr(module, "FOLLOWING_SECONDS", 0)
    fill(conn)
    conn.execute("insert into adviser_line (account_id, line_id) values (1, 1), (1, 2), (2, 1), (2, 2)")
    conn.execute(
        "insert into organisation (id, name, kind) values (71, 'Maison', 'in-house'), (72, 'Nord', 'outsourcer')"
    )
    conn.execute("update account set organisation_id = 70 + id, mail_capacity = 3 where id in (1, 2)")
    return conn


@pytest.fixture
def pair(centre, database_url):
    leading, following = Hand(database_url), Hand(database_url)
    yield leading, following
    for one in (leading, following):
        with contextlib.suppress(Exception):
            one.conn.close()


def mails(conn, count, start=0):
    return [came(conn, f"p{start + n}@client.example", at=now()).contact_id for n in range(count)]


def seats(conn):
    rows = conn.execute("select contact_id, account_id from seat order by contact_id").fetchall()
    return [(row["contact_id"], row["account_id"]) for row in rows]


def lead_after(dead, other):
    """The server lets the lock go when it notices that the connection is closed, a moment later."""
    dead.conn.close()

    def leads():
        other.round()
        return other.router._leading

    until(leads)


def test_who_follows_decides_nothing_and_takes_over_without_reading_all_again(centre, pair):
    leading, following = pair
    leading.round()
    waiting = mails(centre, 5)
    following.round()
    presence.set_state(centre, 1, "available", "", now())
    following.round()
    assert seats(centre) == []
    leading.round()
    assert seats(centre) == [(contact, 1) for contact in waiting[:3]]
    following.round()
    contacts.accept(centre, waiting[0], 1, now())
    contacts.close(centre, waiting[0], 1, subject_id=None, at=now())
    presence.set_state(centre, 2, "available", "", now())
    later = mails(centre, 2, start=10)
    lead_after(leading, following)
    assert following.rebuilt == 1
    given = dict(seats(centre))
    assert set(given) == {*waiting[1:], *later}
    assert Counter(given.values()) == {1: 3, 2: 3}


def test_a_change_of_the_configuration_reaches_who_follows(centre, pair):
    leading, following = pair
    presence.set_state(centre, 1, "available", "", now())
    leading.round()
    following.round()
    centre.execute("update line set active = false where id = 1")
    changed(centre, "line", 1, None, now())
    following.round()
    mails(centre, 1)
    lead_after(leading, following)
    assert seats(centre) == []


def test_shares_are_kept_by_who_takes_over_also_for_what_was_not_decided_yet(centre, pair):
    leading, following = pair
    centre.execute("update account set mail_capacity = 50 where id in (1, 2)")
    contract(centre, 71, 70)
    contract(centre, 72, 30)
    for account in (1, 2):
        presence.set_state(centre, account, "available", "", now())
    leading.round()
    following.round()
    mails(centre, 4)
    leading.round()
    following.round()
    mails(centre, 6, start=10)
    following.round()  # sees what nobody decided about
    following.round()
    lead_after(leading, following)
    assert following.rebuilt == 1
    assert Counter(account for _, account in seats(centre)) == {1: 7, 2: 3}
    assert centre.execute("select count(*) as n from allocation").fetchone()["n"] == 10


def test_a_new_connection_forgets_what_was_half_read(centre, pair, database_url):
    leading, following = pair
    following.round()
    assert following.router._leading
    following.conn.close()
    following.conn = db.connect(database_url, name="router under test")
    following.router.begin(following.conn)
    leading.conn.close()
    presence.set_state(centre, 1, "available", "", now())
    (contact,) = mails(centre, 1)

    def leads():
        following.round()
        return following.router._leading

    until(leads)
    assert following.rebuilt == 2
    assert seats(centre) == [(contact, 1)]
