"""The live router keeps the shares of the contracts, also over its own death, and what may not be told stays in the house."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from centre_rows import came, fill
from services.ports import until

from portevoix.actions import presence


def now():
    return datetime.now(UTC)


@pytest.fixture
def centre(conn):
    """Account 1 is of the house, account 2 of an outsourcer; both answer both lines and can hold a hundred mails."""
    fill(conn)
    conn.execute("insert into adviser_line (account_id, line_id) values (1, 1), (1, 2), (2, 1), (2, 2)")
    conn.execute(
        "insert into organisation (id, name, kind) values (71, 'Maison', 'in-house'), (72, 'Nord', 'outsourcer')"
    )
    conn.execute("update account set organisation_id = 70 + id, mail_capacity = 50 where id in (1, 2)")
    for account in (1, 2):
        presence.set_state(conn, account, "available", "", now())
    return conn


def contract(conn, organisation, share, **more):
    values = {
        "lines": "[]", "channels": "[]", "hours": "", "ramp": "", "knows": "[]", "own_platform": False,
        "reference_visible": False, "organisation_id": organisation, "share": share,
    } | more  # fmt: skip
    names = ", ".join(values)
    conn.execute(
        f"insert into contract ({names}) values ({', '.join(['%s'] * len(values))})", list(values.values())
    )


def offered(conn, count):
    def all_there():
        rows = conn.execute("select account_id, contact_id, reason from seat").fetchall()
        return rows if len(rows) == count else None

    return until(all_there)


def mails(conn, count, door=1, start=0):
    return [
        came(conn, f"p{start + number}@client.example", door=door, at=now()).contact_id
        for number in range(count)
    ]


def test_seventy_to_thirty_also_when_the_router_is_killed_in_between(centre, start):
    contract(centre, 71, 70)
    contract(centre, 72, 30)
    first = start("router")
    mails(centre, 7)
    offered(centre, 7)
    first.kill()
    mails(centre, 13, start=100)
    start("router")
    counted = Counter(seat["account_id"] for seat in offered(centre, 20))
    assert counted == {1: 14, 2: 6}
    kept = centre.execute(
        "select organisation_id, count(*) as had from allocation group by 1 order by 1"
    ).fetchall()
    assert [(row["organisation_id"], row["had"]) for row in kept] == [(71, 14), (72, 6)]
    (why,) = centre.execute("select why from allocation order by contact_id limit 1").fetchall()
    assert {one["code"] for one in why["why"]} == {"owed-most", "owed-less"}


def test_health_stays_in_the_house(centre, start):
    contract(centre, 71, 1)
    contract(centre, 72, 99)
    centre.execute("update line set data_class = 'health' where id = 2")
    start("router")
    mails(centre, 6, door=2)
    assert {seat["account_id"] for seat in offered(centre, 6)} == {1}


def test_others_help_after_a_while_and_the_reason_says_so(centre, start):
    contract(centre, 71, 0, helps_after=1)
    contract(centre, 72, 100, lends_after=1)
    presence.set_state(centre, 2, "paused", "déjeuner", now())
    start("router")
    mails(centre, 1)
    (seat,) = offered(centre, 1)
    assert seat["account_id"] == 1
    assert seat["reason"]["why"] == "1s organisations"


def test_who_is_closed_gets_nothing(centre, start):
    day = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")[(now().weekday() + 3) % 7]
    contract(centre, 71, 50)
    contract(centre, 72, 50, hours=f"{day} 09:00-10:00")
    start("router")
    mails(centre, 4)
    assert {seat["account_id"] for seat in offered(centre, 4)} == {1}
    told = centre.execute("select why from allocation").fetchall()
    assert all({"closed", "owed-most"} == {one["code"] for one in row["why"]} for row in told)


def test_without_a_contract_everybody_is_asked(centre, start):
    start("router")
    mails(centre, 10)
    assert {seat["account_id"] for seat in offered(centre, 10)} == {1, 2}
    assert centre.execute("select count(*) as n from allocation").fetchone()["n"] == 0


def test_a_contract_that_cannot_be_read_is_left_out(centre, start):
    contract(centre, 71, 50, hours="never")
    contract(centre, 72, 50, lines=json.dumps(["nowhere"]))
    start("router")
    mails(centre, 2)
    offered(centre, 2)
