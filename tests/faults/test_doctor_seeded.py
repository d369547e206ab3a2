"""Each promise of the doctor, broken once by hand: it names the breach, says what to do, and is clean otherwise."""

from __future__ import annotations

import contextlib
import json
import uuid
from datetime import UTC, datetime

import pytest
from centre_rows import DOMAIN, SECRET, TO_JEAN, came, fill

from portevoix.actions import messages
from portevoix.actions.intake import put_aside
from portevoix.cli import doctor
from portevoix.cli.checks.c_promises import _PROMISES
from portevoix.store import db

AGO = "now() - interval '1 hour'"
SEAT = "insert into seat (contact_id, account_id, state, since, expires_at) select id, 1, '{}', now(), {} from contact"

# name of the check: statements that break what it proves
BREACHES = {
    "nobody is forgotten": ["update contact set waiting_since = null"],
    "offers have a seat": ["update contact set state = 'offered'"],
    "one holder": ["update contact set state = 'active', holder_id = 1"],
    "offers end": ["update contact set state = 'offered'", SEAT.format("offered", AGO)],
    "parked work comes back": [f"update contact set state = 'parked', holder_id = 1, wake_at = {AGO}"],
    "holders are here": [
        "update contact set state = 'active', holder_id = 1",
        SEAT.format("held", "null"),
        "update account set is_active = false where id = 1",
    ],
    "history begins": ["delete from event where kind = 'contact-received'"],
    "mail is work": ["update message set contact_id = null where kind = 'in'"],
    "mail is kept": ["delete from mail_raw"],
    "answers leave": [
        f"update outgoing set state = 'sending', lease = gen_random_uuid(), lease_until = {AGO}"
    ],
    "status is true": ["update outgoing set state = 'sent'"],
    "log is read": [
        f"update event set at = {AGO}",
        "insert into log_cursor (reader, xid, id) values ('herald', '0', 0)",
    ],
    "persons end somewhere": [
        "insert into person (id, name, created_at) values (101, 'A', now())",
        "insert into person (id, name, created_at, merged_into) values (102, 'B', now(), 101)",
        "update person set merged_into = 102 where id = 101",
    ],
    "signs of life": [
        f"insert into heartbeat (process, host, pid, at, detail) values ('timers', 'here', 1, {AGO}, '{{}}')"
    ],
    "lines are served": [
        "insert into skill (id, slug, name) values (501, 'lsf', 'Langue des signes')",
        "insert into line_skill (line_id, skill_id, min_level) select line_id, 501, 2 from contact limit 1",
        "insert into adviser_skill (account_id, skill_id, level) values (1, 501, 1)",
    ],
    "set aside": [],  # seeded below: there is an action for it
    "state is its history": ["update contact set state = 'closed', closed_at = now(), waiting_since = null"],
}
WARNINGS = {"lines are served", "set aside"}
ANSWERED = {"answers leave", "status is true"}


@pytest.fixture
def conn(database_url):
    with contextlib.closing(db.connect(database_url)) as opened:
        fill(opened)
        opened.execute("update line set ack_active = false")
        yield opened


@pytest.fixture
def ask(database_url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database_url)

    def verdicts():
        words = ["--json", "--data", str(tmp_path)]
        doctor.main([*words, *(word for name in BREACHES for word in ("--only", name))])
        return {verdict["name"]: verdict for verdict in json.loads(capsys.readouterr().out)["checks"]}

    return verdicts


def answered(conn, taken):
    now = datetime.now(UTC)
    messages.reply(
        conn, conversation_id=taken.conversation_id, account_id=1, body="Bonjour", upload_ids=[],
        recipients=TO_JEAN, token=uuid.uuid4().hex, secret=SECRET, domain=DOMAIN, at=now, undo_seconds=10,
    )  # fmt: skip


def test_a_centre_at_work_is_clean(conn, ask):
    answered(conn, came(conn, at=datetime.now(UTC)))
    found = ask()
    assert set(found) == set(BREACHES) == {promise[0] for promise in _PROMISES} | {"state is its history"}
    assert {name: v["findings"] for name, v in found.items() if v["result"] != "ok"} == {}


@pytest.mark.parametrize("name", BREACHES)
def test_each_breach_is_named_with_what_to_do(conn, ask, name):
    taken = came(conn, at=datetime.now(UTC))
    if name in ANSWERED:
        answered(conn, taken)
    if name == "set aside":
        put_aside(
            conn,
            raw=b"x",
            door_id=1,
            sender="a@x.example",
            recipient="",
            reason="seeded",
            at=datetime.now(UTC),
        )
    for statement in BREACHES[name]:
        assert conn.execute(statement).rowcount >= 1, statement
    verdict = ask()[name]
    assert verdict["result"] == ("warning" if name in WARNINGS else "failed"), verdict
    assert verdict["findings"]
    assert verdict["remedy"]
