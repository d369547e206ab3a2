"""The door's « Essayer la connexion » against a real Dovecot: what happened, and what to do about it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from services.dovecot import PASSWORD, Dovecot
from services.mails import mail
from services.ports import free_port

pytestmark = pytest.mark.mailserver


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="portevoix-mailbox-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Dovecot]:
    made = Dovecot(home / "dovecot")
    made.put(mail("un"))
    made.put(mail("deux"))
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def tried(server: Dovecot, world: SimpleNamespace, at: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``tried(imap_port=...)``: what the page says when these settings are tried."""
    monkeypatch.setenv("PORTEVOIX_IMAP_CPF", PASSWORD)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority.ca))
    client = at("admin")

    def page(**values: Any) -> str:
        given = {
            "imap_host": "localhost", "imap_port": server.imaps, "imap_user": server.user, "imap_secret": "CPF", **values,
        }  # fmt: skip
        type(world.door).objects.filter(pk=world.door.pk).update(**given)
        answer = client.post(f"/reglages/portes/{world.door.pk}/essai", headers={"hx-request": "true"})
        assert answer.status_code == 200
        said = answer.content.decode()
        assert PASSWORD not in said
        return " ".join(said.replace("&#x27;", "'").split())

    return page


def test_right_at_once_and_by_starttls(tried: Any, server: Dovecot) -> None:
    assert "le dossier contient 2 courriels" in tried()
    assert "le dossier contient 2 courriels" in tried(imap_port=server.imap)
    assert "retient lui-même" not in tried()
    # Nothing was read, marked or moved.
    assert all(path.name.endswith(".test") for path in (server.mail / "Maildir" / "new").iterdir())


def test_a_wrong_password(tried: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTEVOIX_IMAP_CPF", "pas-le-bon")
    said = tried()
    assert "refuse le compte « cigogne@exemple.fr » ou son mot de passe" in said
    assert "PORTEVOIX_IMAP_CPF" in said
    assert "pas-le-bon" not in said


def test_no_password_at_all(tried: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTEVOIX_IMAP_CPF", "")
    assert "n’a pas de variable PORTEVOIX_IMAP_CPF. Ajoutez-la" in tried()


def test_a_wrong_host_a_closed_port_a_silent_one(tried: Any) -> None:
    assert "Aucun serveur ne porte le nom « imap.invalid »" in tried(imap_host="imap.invalid")
    assert "refuse la connexion au port" in tried(imap_port=free_port())


def test_the_folder_does_not_exist(tried: Any) -> None:
    assert "pas le dossier « Nulle part »" in tried(imap_folder="Nulle part")


def test_a_certificate_of_an_unknown_authority_or_another_name(
    tried: Any, monkeypatch: pytest.MonkeyPatch, server: Dovecot
) -> None:
    assert "établi à un autre nom que « 127.1 »" in tried(imap_host="127.1")
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "vient d’une autorité inconnue" in tried()


def test_encryption_wished_where_there_is_none_and_the_other_way_round(
    tried: Any, server: Dovecot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the clear to a port that speaks TLS: both wait for the other.
    monkeypatch.setattr("portevoix.web.centre.imap_check._SECONDS", 1)
    assert "Cochez « Connexion chiffrée (TLS) »" in tried(imap_tls=False)
    plain = Dovecot(home / "plain")
    plain.write_config("ssl = no")
    plain.start(plain=True)
    try:
        said = tried(imap_port=plain.imap, imap_tls=True)
        assert "ne propose pas de connexion chiffrée" in said
        assert "Login" not in plain.log()
        assert "le dossier contient 0 courriel" in tried(imap_port=plain.imap, imap_tls=False)
    finally:
        plain.stop()


def test_a_certificate_that_ran_out(tried: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Dovecot(home / "old")
    old.authority.certificate(days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(old.authority.ca))
    old.start()
    try:
        assert "est périmé" in tried(imap_port=old.imaps)
    finally:
        old.stop()


def test_a_server_that_keeps_no_marks_is_said(
    tried: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgetful = Dovecot(home / "forgetful")
    forgetful.keep_no_keywords()
    monkeypatch.setenv("SSL_CERT_FILE", str(forgetful.authority.ca))
    forgetful.start()
    try:
        assert "retient lui-même" in tried(imap_port=forgetful.imaps)
    finally:
        forgetful.stop()


def test_a_door_of_its_own_wishes(world: SimpleNamespace, at: Any) -> None:
    client, path = at("admin"), f"/reglages/portes/{world.door.pk}"
    values = {
        "line": world.cpf.pk, "address": "cpf@centre.example", "active": "on", "imap_host": "localhost", "imap_port": "993",
        "imap_folder": "INBOX", "imap_user": "cpf", "imap_secret": "CPF", "imap_after": "move", "imap_move_to": "",
        "imap_since": "",
    }  # fmt: skip
    assert "Donnez le dossier où ranger" in client.post(path, values).content.decode()
    assert "donnez-en un autre" in client.post(path, values | {"imap_move_to": "INBOX"}).content.decode()
    assert client.post(path, values | {"imap_since": "hier"}).status_code == 422
    assert client.post(path, values | {"imap_move_to": "Pris"}).status_code == 302
    world.door.refresh_from_db()
    assert (world.door.imap_after, world.door.imap_move_to, world.door.imap_since) == ("move", "Pris", None)
    assert (
        client.post(path, values | {"imap_after": "leave", "imap_since": "2026-03-01T09:30"}).status_code
        == 302
    )
    world.door.refresh_from_db()
    assert world.door.imap_since.isoformat() == "2026-03-01T08:30:00+00:00"
    assert 'value="2026-03-01T09:30"' in client.get(path).content.decode()


def test_a_new_door_takes_what_arrives_from_now_on(world: SimpleNamespace, at: Any) -> None:
    from datetime import timedelta

    from django.utils import timezone

    client = at("admin")
    assert (
        f'value="{timezone.localtime():%Y-%m-%dT}' in client.get("/reglages/portes/nouvelle").content.decode()
    )
    assert timezone.now() - world.door.imap_since < timedelta(minutes=10)
