"""Secrets planted in the environment and the tables are looked for in all that a centre shows, says and leaves."""

from __future__ import annotations

import os
import re
import signal
import smtplib
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from attacks.routes import addresses
from centre_world import World, build, mail
from services.ports import free_port, until

from portevoix.store import db

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "PORTEVOIX_SECRET": "planted-signing-key-0001-" + "k" * 40,
    "PORTEVOIX_IMAP_CPF": "planted-imap-password-0002",
}
RUN = [sys.executable, "-c", "from portevoix.cli import main; main()"]


def found(text: str, secrets: list[str]) -> list[str]:
    return [secret[:24] for secret in secrets if secret in text]


def command_lines() -> str:
    """What anybody on the machine can read of every process."""
    return "".join(
        path.read_bytes().decode(errors="replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    )


def password_of(url: str) -> str:
    match = re.search(r"//[^:@/]+:([^@]+)@", url)
    assert match
    return match[1]


def test_no_process_log_page_or_doctor_tells_a_secret(
    django_database: str, own_nats: Any, tmp_path: Path
) -> None:
    from portevoix.web.records.models import Door

    with db.connect(django_database) as conn:
        build(conn)
    # A mailbox that refuses: errors are where secrets slip out.
    Door.objects.filter(address="cpf@centre.example").update(
        imap_host="127.0.0.1", imap_port=free_port(), imap_user="cpf", imap_secret="CPF", imap_tls=False
    )
    secrets = [
        *SECRETS.values(),
        password_of(django_database),
        own_nats.url().partition("//")[2].partition("@")[0],
    ]
    environment = os.environ | SECRETS | {"DATABASE_URL": django_database, "NATS_URL": own_nats.url(),
                                          "PORTEVOIX_DATA": str(tmp_path), "PORTEVOIX_LOG_LEVEL": "DEBUG"}  # fmt: skip
    port, smtp_port = free_port(), free_port()
    log = tmp_path / "up.log"
    with log.open("w") as out:
        up = subprocess.Popen(
            [*RUN, "up", "--plain", "--data", str(tmp_path), "--port", str(port), "--live-port", str(free_port()),
             "--smtp-port", str(smtp_port), "--relay", f"127.0.0.1:{free_port()}"],
            env=environment, stdout=out, stderr=out, cwd=ROOT,
        )  # fmt: skip
    try:
        until(
            lambda: f"127.0.0.1:{port}" in log.read_text() or up.poll() is not None, seconds=200, why=str(log)
        )
        assert up.poll() is None, log.read_text()
        with smtplib.SMTP("127.0.0.1", smtp_port, timeout=60) as client:
            client.sendmail("c@client.example", ["inscription@centre.example"], mail())
        shown = [command_lines()]
        for path in (
            "/",
            "/nulle-part",
            "/compte/connexion",
            "/admin/",
            "/static/x",
            "/%00",
            "/?x=" + "y" * 9000,
        ):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                    shown.append(answer.read().decode() + str(answer.headers))
            except urllib.error.HTTPError as error:
                shown.append(error.read().decode() + str(error.headers))
        doctor = subprocess.run(
            [*RUN, "doctor"], env=environment, capture_output=True, text=True, cwd=ROOT, timeout=200
        )
        shown += [doctor.stdout, doctor.stderr]
        for place in shown:
            assert found(place, secrets) == []
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(90)
    kept = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.suffix in (".log", ".txt", ".json", "")
    ]
    for path in kept:
        text = path.read_bytes().decode(errors="replace")
        if found(text, secrets):
            assert path.stat().st_mode & 0o077 == 0, f"{path} is readable by others"
            assert path.suffix != ".log", path
    assert found(log.read_text(), secrets) == []


def test_no_broken_address_in_the_environment_is_said_with_its_password(tmp_path: Path) -> None:
    url = "postgresql://portevoix:planted-database-0003@127.0.0.1:1/centre"
    nats = "nats://planted-nats-token-0004@127.0.0.1:1"
    environment = (
        os.environ | SECRETS | {"DATABASE_URL": url, "NATS_URL": nats, "PORTEVOIX_DATA": str(tmp_path)}
    )
    secrets = [*SECRETS.values(), "planted-database-0003", "planted-nats-token-0004"]
    for command in (
        ["doctor"],
        ["doctor", "--json"],
        ["up", "--plain", "--data", str(tmp_path), "--port", str(free_port())],
    ):
        try:
            done = subprocess.run(
                [*RUN, *command],
                env=environment,
                capture_output=True,
                text=True,
                cwd=ROOT,
                timeout=45,
                check=False,
            )
            said = done.stdout + done.stderr
        except subprocess.TimeoutExpired as late:
            said = "".join(part.decode() for part in (late.stdout, late.stderr) if isinstance(part, bytes))
        assert found(said, secrets) == [], command
    for path in tmp_path.rglob("*.log"):
        assert found(path.read_text(errors="replace"), secrets) == [], path


def test_no_page_or_export_tells_a_secret(
    sign: Any,
    world: World,
    ids: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from portevoix.web.records.models import Door

    monkeypatch.setenv("PORTEVOIX_IMAP_CPF", SECRETS["PORTEVOIX_IMAP_CPF"])
    Door.objects.filter(pk=ids["door_id"]).update(
        imap_host="127.0.0.1", imap_port=free_port(), imap_user="cpf", imap_secret="CPF", imap_tls=False
    )
    hashes = [account.password for account in world.accounts.values()]
    secrets = [SECRETS["PORTEVOIX_IMAP_CPF"], os.environ["PORTEVOIX_SECRET"], *hashes]
    secrets.append(password_of(os.environ["DATABASE_URL"]))
    for who in ("alice", "sophie", "admin"):
        for name, path in addresses(ids | {"account_id": world.accounts["eve"].pk}):
            for answer in (sign(who).get(path), sign(who).get(path, {"personnes": "1", "people": "1"})):
                assert found(answer.content.decode(errors="replace") + str(answer.headers), secrets) == [], (
                    name
                )
    tried = sign("admin").post(f"/reglages/portes/{ids['door_id']}/essai", headers={"HX-Request": "true"})
    assert found(tried.content.decode(), secrets) == []
    assert found(caplog.text, secrets) == []
