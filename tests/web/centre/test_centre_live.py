"""What is saved in the settings counts at once in the processes that run: nothing is started again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from services.dovecot import PASSWORD, Dovecot
from services.mails import mail
from services.ports import free_port, until
from services.process import Process
from services.sender import Talk
from settings_world import line_values

pytestmark = pytest.mark.mailserver

#: By itself no process would read the configuration again during this test.
NEVER = "3600"


@pytest.fixture
def start(
    django_database: str, nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Process]]:
    """Start processes on this test's database; the pages of the test tell the same bus."""
    monkeypatch.setenv("NATS_URL", nats_url)
    started: list[Process] = []

    def one(name: str, **environment: str) -> Process:
        base = {
            "DATABASE_URL": django_database, "NATS_URL": nats_url, "PORTEVOIX_DATA": str(tmp_path / "data"),
            "PORTEVOIX_SECRET": os.environ["PORTEVOIX_SECRET"], "PORTEVOIX_DOMAIN": "centre.example",
            "PORTEVOIX_MAIL_WORKERS": "1", "PORTEVOIX_READ_SECONDS": NEVER,
        }  # fmt: skip
        process = Process(name, **{**base, **environment})
        started.append(process)
        return process.start()

    yield one
    for process in started:
        process.stop()
        process.log.unlink(missing_ok=True)


@pytest.fixture
def asked(django_database: str) -> Iterator[Any]:
    """Ask the database: ``asked(sql, ...)`` gives rows."""
    with psycopg.connect(django_database, autocommit=True, row_factory=dict_row) as conn:
        yield lambda sql, *values: conn.execute(sql, values).fetchall()


@pytest.mark.timeout(600)
def test_a_new_line_takes_mail_and_changed_hours_count(
    world: SimpleNamespace, at: Any, start: Any, asked: Any
) -> None:
    client, port = at("admin"), free_port()
    start("herald")
    start("mail", PORTEVOIX_SMTP_PORT=str(port))
    with Talk(port) as talk:
        assert talk.begin("neuve@centre.example")[0].startswith("550")
    assert (
        client.post("/reglages/lignes/nouvelle", line_values(name="Neuve", slug="neuve")).status_code == 302
    )
    line = asked("select id from line where slug = 'neuve'")[0]["id"]
    values = {"line": line, "address": "neuve@centre.example", "active": "on", "imap_port": "993", "imap_folder": "INBOX",
              "imap_after": "mark"}  # fmt: skip
    assert client.post("/reglages/portes/nouvelle", values).status_code == 302

    def wait() -> Any:
        """A mail to the new line; hours until it is due."""
        with Talk(port) as talk:
            if not talk.begin("neuve@centre.example")[0].startswith("250"):
                return None
            assert talk.data(mail("question", to="neuve@centre.example")).startswith("250")
        found = asked(
            "select extract(epoch from due_at - received_at) / 3600 as hours from contact where line_id = %s"
            " order by id desc limit 1", line,
        )  # fmt: skip
        return float(found[0]["hours"])

    # Open day and night, as nobody set hours: 16 hours.
    assert until(wait, why="the new door takes mail") == pytest.approx(16)
    # One hour a day from now on: 16 hours of service take more than a fortnight.
    week = {
        f"d{day}_0_{end}": value
        for day in range(7)
        for end, value in (("opens", "09:00"), ("closes", "10:00"))
    }
    assert (
        client.post(f"/reglages/lignes/{line}/horaires", {"spans": "1", "do": "save", **week}).status_code
        == 302
    )
    assert until(lambda: (hours := wait()) and hours > 14 * 24 and hours, why="the new hours count")


@pytest.mark.timeout(600)
def test_a_mailbox_given_to_a_door_is_fetched(
    world: SimpleNamespace, at: Any, start: Any, asked: Any, plain_home: Path
) -> None:
    dovecot = Dovecot(plain_home / "dovecot")
    dovecot.put(mail("dans la boîte"))
    dovecot.start()
    try:
        start("herald")
        start("imap", PORTEVOIX_IMAP_CPF=PASSWORD, SSL_CERT_FILE=str(dovecot.authority.ca))
        values = {
            "line": world.cpf.pk, "address": "cpf@centre.example", "active": "on", "imap_host": "localhost",
            "imap_port": str(dovecot.imaps), "imap_folder": "INBOX", "imap_tls": "on", "imap_user": dovecot.user,
            "imap_secret": "CPF", "imap_after": "mark", "imap_since": "",
        }  # fmt: skip
        assert at("admin").post(f"/reglages/portes/{world.door.pk}", values).status_code == 302
        until(lambda: asked("select id from message where kind = 'in'"), why="it is fetched")
    finally:
        dovecot.stop()


def test_saving_wakes_the_readers_of_the_log_after_the_commit(
    world: SimpleNamespace, at: Any, nats_url: str, monkeypatch: pytest.MonkeyPatch, asked: Any
) -> None:
    from portevoix.bus import WAKE, NatsBus

    monkeypatch.setenv("NATS_URL", nats_url)
    seen: list[Any] = []
    bus = NatsBus(nats_url, name="test")
    try:
        bus.listen(WAKE, lambda *_: seen.append(asked("select name from line where slug = 'cpf'")[0]["name"]))
        until(bus.connected)
        # The bus is shared by the session's tests: what counts is that one call comes after this commit.
        name = "Nom changé"
        until(
            lambda: (
                at("admin").post(f"/reglages/lignes/{world.cpf.pk}", line_values(name=name)).status_code
                == 302
            )
        )
        until(lambda: name in seen, why="the poke came")
    finally:
        bus.close()
