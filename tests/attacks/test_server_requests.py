"""What makes the server open a connection: only a mailbox that an administrator named; never anything in a mail."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from attacks.hostile import TAGS, hostile
from centre_world import World
from services.ports import free_port


def door(world: World, host: str) -> Any:
    from portevoix.web.centre.forms.doors import DoorForm

    values = {
        "line": world.lines["cpf"].pk, "address": "neuve@centre.example", "active": "on", "imap_host": host, "imap_port": "993",
        "imap_tls": "on", "imap_user": "cpf", "imap_secret": "CPF", "imap_folder": "INBOX",
        "imap_after": "mark",
    }  # fmt: skip
    return DoorForm(values)


@pytest.mark.parametrize(
    "host",
    ["http://169.254.169.254/", "169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "::ffff:169.254.169.254",
     "imap.example:25", "user@imap.example", "imap.example/path", "a b", "imap.example\r\nA LOGIN", "-x", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_mail_server_is_refused(world: World, host: str) -> None:
    assert "imap_host" in door(world, host).errors


@pytest.mark.parametrize("host", ["imap.exemple.fr", "127.0.0.1", "10.0.0.7", "dovecot", "2001:db8::7", ""])
def test_a_mail_server_is_taken(world: World, host: str) -> None:
    assert "imap_host" not in door(world, host).errors


def test_only_an_administrator_tries_a_mailbox(
    sign: Any, world: World, ids: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from portevoix.channels.mail.imap_connection import MailboxError, Trouble
    from portevoix.web.centre import imap_check
    from portevoix.web.records.models import Door

    tried: list[str] = []
    monkeypatch.setattr(
        imap_check,
        "Session",
        lambda box, *_: tried.append(box.host) or (_ for _ in ()).throw(MailboxError(Trouble.REFUSED)),
    )
    monkeypatch.setenv("PORTEVOIX_IMAP_CPF", "x")
    Door.objects.filter(pk=ids["door_id"]).update(
        imap_host="127.0.0.1", imap_port=free_port(), imap_user="cpf", imap_secret="CPF"
    )
    for who in ("", "alice", "sophie", "charlie"):
        sign(who).post(f"/reglages/portes/{ids['door_id']}/essai", {"imap_host": "10.1.1.1"})
        assert sign(who).get(f"/reglages/portes/{ids['door_id']}/essai").status_code in (302, 403, 405)
    assert tried == []
    # What is tried is what is saved (and stands in the history), not what the request says.
    sign("admin").post(
        f"/reglages/portes/{ids['door_id']}/essai", {"imap_host": "10.1.1.1", "imap_port": "25"}
    )
    assert tried == ["127.0.0.1"]


def test_nothing_in_a_mail_is_looked_up(sign: Any, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    look_up, connect = socket.getaddrinfo, socket.socket.connect
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: asked.append(a[0]) or look_up(*a, **k))
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: asked.append(to) or connect(self, to))
    for at, tag in enumerate(TAGS[:3]):
        taken = world.held_by("alice", hostile(tag, at))
        for path in (f"/bureau/c/{taken.conversation_id}/", f"/bureau/m/{taken.message_id}/html?images=1"):
            assert sign("alice").get(path).status_code == 200
    # (The pages' own database is reached through libpq, which these do not see; the bus is told on this machine.)
    assert [place for place in asked if "evil.example" in str(place)] == []
    assert {str(place[0] if isinstance(place, tuple) else place) for place in asked} <= {
        "127.0.0.1",
        "localhost",
    }
