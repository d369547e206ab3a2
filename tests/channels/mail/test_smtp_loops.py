"""Mail loops (RELIABILITY.md F36): machines that answer us for ever, and another centre that does the same."""

from __future__ import annotations

import contextlib
import threading
import uuid

import psycopg
import pytest
from aiosmtpd.controller import Controller
from services.mails import INSCRIPTION, count, fill, mail, rows
from services.ports import free_port, until
from services.sender import Talk

from portevoix.store import db


class Responder:
    """Answers every mail with a new one that shows no sign of a machine: the worst vacation program there is."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[bytes] = []
        self.lock = threading.Lock()

    async def handle_DATA(self, _server, _session, envelope):
        with self.lock:
            self.got.append(envelope.content)
        threading.Thread(target=self.answer, daemon=True).start()
        return "250 OK"

    def answer(self) -> None:
        with Talk(self.port) as talk:
            talk.mail(mail("Je suis en congé", body="De retour lundi."), INSCRIPTION)


def caught_up(conn):
    """The acknowledger has read the whole log and nothing waits to be sent."""
    behind = rows(
        conn,
        "select 1 from event e, log_cursor c where c.reader = 'acknowledger' and (e.xid, e.id) > (c.xid, c.id)"
        " and e.kind = 'contact-received'",
    )
    return not behind and count(conn, "outgoing where state in ('held', 'due', 'sending')") == 0


def test_a_responder_without_manners_gets_three_automatic_mails_an_hour(centre, runner):
    smtp, relay = free_port(), free_port()
    responder = Responder(smtp)
    server = Controller(responder, hostname="127.0.0.1", port=relay)
    server.start()
    try:
        runner("mail", PORTEVOIX_SMTP_PORT=str(smtp))
        outbox = runner("outbox", PORTEVOIX_RELAY=f"127.0.0.1:{relay}")
        with Talk(smtp) as talk:
            for n in range(3):
                talk.mail(mail(f"personne {n}"), INSCRIPTION)
        until(lambda: len(responder.got) == 3, seconds=30, why=outbox.text())
        with Talk(smtp) as talk:
            for n in range(10):
                talk.mail(mail(f"encore {n}"), INSCRIPTION)
        until(lambda: count(centre) == 16)
        until(lambda: caught_up(centre), seconds=30)
        assert len(responder.got) == 3
        assert count(centre, "message where kind = 'automatic'") == 3
        assert all(b"Auto-Submitted: auto-replied" in raw for raw in responder.got)
    finally:
        server.stop()


@pytest.fixture
def other_url(superuser_url, template_database):
    """A second centre's database on the same server."""
    name = f"t_other_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(superuser_url, autocommit=True) as admin:
        admin.execute(f"create database {name} template {template_database} owner portevoix")
        yield superuser_url.rsplit("/", 1)[0].replace("//postgres:", "//portevoix:") + f"/{name}"
        admin.execute(f"drop database {name} with (force)")


def test_two_centres_that_acknowledge_each_other_stop_at_once(centre, runner, other_url, tmp_path):
    """A person at centre B writes from B's own door to A: A acknowledges, B must not acknowledge that."""
    door_b = "accueil@autre.example"
    here, there = free_port(), free_port()
    with contextlib.closing(db.connect(other_url)) as other:
        fill(other)
        other.execute("update door set address = %s where id = 1", [door_b])
        apart = {
            "DATABASE_URL": other_url,
            "PORTEVOIX_DATA": str(tmp_path / "other"),
            "PORTEVOIX_DOMAIN": "autre.example",
        }
        runner("mail", PORTEVOIX_SMTP_PORT=str(here))
        runner("mail", PORTEVOIX_SMTP_PORT=str(there), **apart)
        runner("outbox", PORTEVOIX_RELAY=f"127.0.0.1:{there}")
        runner("outbox", PORTEVOIX_RELAY=f"127.0.0.1:{here}", **apart)
        with Talk(here) as talk:
            talk.mail(mail("d’un centre à l’autre", sender=door_b), INSCRIPTION)
        until(lambda: count(other, "message") == 1, seconds=30)
        until(lambda: caught_up(other) and caught_up(centre))
        assert rows(other, "select kind from message") == [{"kind": "automatic"}]
        assert count(other, "contact") == count(other, "outgoing") == 0
        assert count(centre, "message where kind = 'automatic'") == 1
