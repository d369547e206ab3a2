"""The live router on real PostgreSQL and NATS: who waits is offered, once, also when routers die."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from centre_rows import came, fill
from services.ports import until as wait_until

from portevoix.actions import contacts, presence
from portevoix.actions.configuration import changed

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def centre(conn):
    fill(conn)
    conn.execute("insert into adviser_line (account_id, line_id) values (1, 1), (2, 1), (2, 2)")
    return conn


def until(what, seconds=20):
    return wait_until(what, seconds=seconds)


def now():
    return datetime.now(UTC)


def seats(conn, account=None):
    rows = conn.execute("select contact_id, account_id, state from seat order by contact_id").fetchall()
    return [row for row in rows if account is None or row["account_id"] == account]


def test_who_waits_is_offered_to_who_is_there(centre, start):
    start("router")
    first = came(centre, at=now()).contact_id
    presence.set_state(centre, 1, "available", "", now())
    (seat,) = until(lambda: seats(centre))
    assert seat == {"contact_id": first, "account_id": 1, "state": "offered"}
    contacts.accept(centre, first, 1, now())
    assert contacts.get(centre, first)["state"] == "active"


def test_never_above_capacity_and_the_next_comes_when_one_is_done(centre, start):
    presence.set_state(centre, 1, "available", "", now())
    ids = [came(centre, f"p{n}@client.example", at=now()).contact_id for n in range(6)]
    start("router")
    until(lambda: len(seats(centre)) == 3)
    for contact_id in ids[:3]:
        contacts.accept(centre, contact_id, 1, now())
    contacts.close(centre, ids[0], 1, subject_id=None, at=now())
    until(lambda: {s["contact_id"] for s in seats(centre)} == {ids[1], ids[2], ids[3]})


def test_only_advisers_of_the_line_get_it(centre, start):
    start("router")
    cpf = came(centre, door=2, at=now()).contact_id
    presence.set_state(centre, 1, "available", "", now())
    both = came(centre, at=now(), sender="b@client.example").contact_id
    until(lambda: seats(centre, 1))
    assert [s["contact_id"] for s in seats(centre)] == [both]
    presence.set_state(centre, 2, "available", "", now())
    until(lambda: [s for s in seats(centre, 2) if s["contact_id"] == cpf])


def test_declined_goes_to_the_other(centre, start):
    start("router")
    presence.set_state(centre, 1, "available", "", now())
    contact_id = came(centre, at=now()).contact_id
    until(lambda: seats(centre, 1))
    presence.set_state(centre, 2, "available", "", now())
    contacts.decline(centre, contact_id, 1, now())
    until(lambda: [s for s in seats(centre, 2) if s["contact_id"] == contact_id])


def test_one_leads_and_the_other_takes_over_when_it_is_killed(centre, start, environment):
    first = start("router")
    second = start("router")
    presence.set_state(centre, 1, "available", "", now())
    one = came(centre, at=now()).contact_id
    until(lambda: seats(centre))
    first.kill()
    two = came(centre, "b@client.example", at=now()).contact_id
    until(lambda: {s["contact_id"] for s in seats(centre)} == {one, two}, 8)
    offered = centre.execute(
        "select contact_id, count(*) as n from event where kind = 'contact-offered' group by 1"
    ).fetchall()
    assert {row["contact_id"]: row["n"] for row in offered} == {one: 1, two: 1}
    assert second.popen.poll() is None


def test_without_the_bus_it_is_only_slower(centre, start, own_nats):
    start("router")
    presence.set_state(centre, 1, "available", "", now())
    own_nats.stop()
    contact_id = came(centre, at=now()).contact_id
    until(lambda: [s for s in seats(centre) if s["contact_id"] == contact_id])


def test_timers_end_offers_and_the_router_offers_again(centre, start):
    centre.execute("update line set offer_seconds = 5")
    start("router")
    start("timers")
    presence.set_state(centre, 1, "available", "", now())
    contact_id = came(centre, at=now()).contact_id
    until(lambda: seats(centre, 1))
    # The offer's time is over: the row is turned back rather than waited for.
    centre.execute(
        "update seat set expires_at = now() - interval '1 second' where contact_id = %s", [contact_id]
    )
    until(lambda: contacts.get(centre, contact_id)["declined"] == [1])
    presence.set_state(centre, 2, "available", "", now())
    until(lambda: [s for s in seats(centre, 2) if s["contact_id"] == contact_id])


def known(conn, line, account, level):
    """The line requires level 3 of a skill; the person has another one."""
    conn.execute("insert into skill (id, slug, name) values (1, 'lsf', 'LSF') on conflict do nothing")
    conn.execute("insert into line_skill (line_id, skill_id, min_level) values (%s, 1, 3)", [line])
    conn.execute(
        "insert into adviser_skill (account_id, skill_id, level) values (%s, 1, %s)", [account, level]
    )


def reason(conn, contact_id):
    row = conn.execute("select reason from seat where contact_id = %s", [contact_id]).fetchone()
    return row and row["reason"]


def test_a_lower_level_will_do_after_a_while_and_the_reason_is_kept(centre, start):
    known(centre, 1, 1, 2)
    centre.execute("""update line set relaxations = '[{"after": 3600, "skills": "minus-1"}]' where id = 1""")
    start("router")
    presence.set_state(centre, 1, "available", "", now())
    new = came(centre, at=now()).contact_id
    old = came(centre, "old@client.example", at=now() - timedelta(hours=2)).contact_id
    told = until(lambda: reason(centre, old))
    assert (told["step"], told["why"], told["skills"]) == (1, "3600s minus-1", [[1, 2]])
    assert reason(centre, new) is None


def test_people_of_another_line_help_after_a_while(centre, start):
    centre.execute("delete from adviser_line")
    centre.execute("insert into adviser_line (account_id, line_id) values (2, 2)")
    slug = centre.execute("select slug from line where id = 2").fetchone()["slug"]
    steps = json.dumps([{"after": 1, "skills": "same", "lines": [slug, "gone"]}])
    centre.execute("update line set relaxations = %s where id = 1", [steps])
    start("router")
    presence.set_state(centre, 2, "available", "", now())
    contact_id = came(centre, at=now()).contact_id
    told = until(lambda: reason(centre, contact_id))
    assert told["why"] == f"1s +{slug} +gone"
    (seat,) = seats(centre)
    assert seat["account_id"] == 2


def test_the_dearer_line_goes_first_though_it_is_due_later(centre, start):
    centre.execute("update account set mail_capacity = 1")
    cheap = came(centre, "a@client.example", door=1, at=now() - timedelta(hours=1)).contact_id
    dear = came(centre, "b@client.example", door=2, at=now()).contact_id
    centre.execute("update contact set due_at = now() + case id when %s then interval '10 minutes' "
                   "else interval '20 minutes' end", [cheap])  # fmt: skip
    centre.execute("update line set urgency_weight = 5 where id = 2")
    presence.set_state(centre, 2, "available", "", now())
    start("router")
    (seat,) = until(lambda: seats(centre))
    assert seat["contact_id"] == dear


def test_a_paused_line_waits_and_goes_on(centre, start):
    centre.execute("insert into line_pause (line_id, by_id, at) values (1, 1, now())")
    presence.set_state(centre, 2, "available", "", now())
    waits = came(centre, "a@client.example", at=now()).contact_id
    other = came(centre, "b@client.example", door=2, at=now()).contact_id
    start("router")
    until(lambda: [seat["contact_id"] for seat in seats(centre)] == [other])
    with centre.transaction():
        centre.execute("delete from line_pause")
        changed(centre, "line_pause", 1, 1, now(), line_id=1)
    until(lambda: {seat["contact_id"] for seat in seats(centre)} == {waits, other})


def test_who_is_put_on_a_line_gets_its_work(centre, start):
    start("router")
    presence.set_state(centre, 1, "available", "", now())
    contact_id = came(centre, door=2, at=now()).contact_id
    with centre.transaction():
        centre.execute("insert into adviser_line (account_id, line_id) values (1, 2)")
        changed(centre, "adviser_line", 1, 2, now(), line_id=2)
    (seat,) = until(lambda: seats(centre))
    assert (seat["contact_id"], seat["account_id"]) == (contact_id, 1)
