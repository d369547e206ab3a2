"""The main job on the real thing: ``portevoix up``, a mail over SMTP, a live offer in Chromium, the answer over SMTP,
in the same thread, and the client's next mail back in the same conversation."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from centre_world import PASSWORD, build
from playwright.sync_api import BrowserContext, Page, expect
from services.ports import free_port, until
from sink import Sink

from portevoix.store import db

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("browser"),
]
ROOT = Path(__file__).resolve().parents[2]


class Up:
    """A centre under the supervisor."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.port, self.smtp_port, self.sink = free_port(), free_port(), Sink()
        self.log = data / "up.log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-c", "from portevoix.cli import main; main()", "up", "--plain",
                    "--data", str(data), "--port", str(self.port), "--live-port", str(free_port()),
                    "--smtp-port", str(self.smtp_port), "--relay", f"127.0.0.1:{self.sink.port}",
                ],
                env=environment, stdout=out, stderr=out, cwd=ROOT,
            )  # fmt: skip
        until(
            lambda: "Portevoix is ready" in self.text() or self.process.poll() is not None,
            seconds=150,
            why=str(self.log),
        )
        assert self.process.poll() is None, self.text()

    def text(self) -> str:
        return self.log.read_text()

    def children(self) -> list[str]:
        listed = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return listed.stdout.split()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def centre(django_database: str, own_nats: Any, tmp_path: Path) -> Iterator[Up]:
    with db.connect(django_database) as conn:
        build(conn)
    up = Up(
        tmp_path,
        os.environ
        | {"DATABASE_URL": django_database, "NATS_URL": own_nats.url(), "PORTEVOIX_DOMAIN": "centre.example"},
    )
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.stop()


def send(centre: Up, subject: str, text: str, **headers: str) -> str:
    """A mail from Camille; gives its Message-ID."""
    mail = EmailMessage()
    mail["From"] = "Camille Leroy <camille@client.example>"
    mail["To"] = "inscription@centre.example"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{os.urandom(8).hex()}@client.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", centre.smtp_port) as client:
        client.send_message(mail)
    return str(mail["Message-ID"])


def answers(centre: Up) -> list[Any]:
    """What a person of ours sent, as the client's mailbox has it (not the acknowledgement)."""
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for _, _, raw in centre.sink.taken]
    return [mail for mail in mails if not mail["Auto-Submitted"]]


def test_a_mail_is_answered(centre: Up, context: BrowserContext, django_database: str) -> None:
    page: Page = context.new_page()
    page.goto(f"http://127.0.0.1:{centre.port}/")
    page.get_by_label("Adresse électronique").fill("alice@centre.example")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Me rendre disponible").click()
    expect(page.get_by_text("En direct")).to_be_visible()

    asked = send(centre, "Pièce manquante", "Bonjour,\n\nIl manque un relevé de notes.\n\nCamille")
    offer = page.get_by_role("article", name="Proposition")
    expect(offer).to_contain_text("Camille Leroy", timeout=120_000)  # pushed: nobody reloaded anything
    offer.get_by_role("button", name="Accepter").click()
    expect(page.locator("#conversation-title")).to_have_text("Pièce manquante")
    page.locator("#reply-body").fill("Bonjour Camille,\n\nVotre relevé « 2026 » est bien arrivé.")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Réponse envoyée.")

    (answer,) = until(lambda: answers(centre), seconds=40, why="the answer in the client's mailbox")
    assert answer["In-Reply-To"] == asked
    assert asked in answer["References"]
    assert answer["Subject"] == "Re: Pièce manquante"
    assert answer["To"].addresses[0].addr_spec == "camille@client.example"
    assert answer["From"].addresses[0].addr_spec == "inscription@centre.example"
    assert "Votre relevé « 2026 » est bien arrivé." in answer.get_body(("plain",)).get_content()
    receipts = [raw for _, _, raw in centre.sink.taken if b"Auto-Submitted" in raw]
    assert len(receipts) == 1
    expect(page.locator(".message-out").filter(has_text="Votre relevé")).to_contain_text(
        "Envoyé", timeout=15_000
    )

    # The client answers, and it appears in the open conversation without a reload.
    send(centre, "RE: Pièce manquante", "Merci beaucoup !", In_Reply_To=str(answer["Message-ID"]))
    expect(page.locator(".message-in").filter(has_text="Merci beaucoup !")).to_be_visible(timeout=120_000)
    with db.connect(django_database) as conn:
        row = conn.execute(
            "select count(*) as n, count(distinct conversation_id) as c from message where kind='in'"
        )
        assert row.fetchone() == {"n": 2, "c": 1}


def test_a_process_that_dies_is_started_again_and_nothing_is_left_behind(centre: Up) -> None:
    before = set(centre.children())
    found = subprocess.run(
        ["pgrep", "-f", "-P", str(centre.process.pid), "portevoix.runners.router"],
        capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    assert len(found) == 1
    os.kill(int(found[0]), signal.SIGKILL)
    until(
        lambda: re.search(
            r"router\s+.*(again|restart|starting)", centre.text().split("Portevoix is ready")[-1]
        ),
        seconds=20,
    )
    until(lambda: centre.text().split("Portevoix is ready")[-1].count("router") >= 2, seconds=20)
    assert centre.stop() == 0
    alive = {pid for pid in before if Path(f"/proc/{pid}").exists()}
    assert alive == set()
