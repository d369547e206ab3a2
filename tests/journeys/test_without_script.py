"""A mail is worked on in a browser that runs no script: every act is a plain page and a plain form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from a11y.browser import Site
from centre_world import PASSWORD, World, build, mail
from playwright.sync_api import Browser, Page, expect

from portevoix.actions import drafts
from portevoix.store import db

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    """The small centre behind the pages."""
    with db.connect(django_module_database) as conn:
        yield build(conn)


@pytest.fixture
def plain(chromium: Browser, site: Site, world: World) -> Iterator[Page]:
    """Alice in a browser without scripts."""
    assert world
    context = chromium.new_context(
        locale="fr-FR", java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    site.sign_in(page, "alice@centre.example", PASSWORD)
    yield page
    context.close()


def test_from_the_queue_to_closed(plain: Page, site: Site, world: World) -> None:
    taken = world.receive(mail(subject="Sans script"))
    plain.goto(f"{site.url}/bureau/liste/attente/")
    plain.get_by_role("link", name="Sans script").click()
    plain.get_by_role("button", name="Prendre la conversation").click()
    expect(plain.locator(".page-messages")).to_contain_text("La conversation est à vous.")

    plain.get_by_label("Note pour les collègues, jamais envoyée à l’usager").fill("Vu par Alice")
    plain.get_by_role("button", name="Ajouter la note").click()
    expect(plain.locator("#thread")).to_contain_text("Vu par Alice")

    # Refused for want of a subject: the text is not lost.
    plain.locator("#reply-body").fill("Bonjour, votre pièce est arrivée.")
    plain.get_by_role("button", name="Envoyer et clore").click()
    expect(plain.locator(".page-messages")).to_contain_text("Choisissez le motif avant de clore.")
    expect(plain.locator("#reply-body")).to_have_value("Bonjour, votre pièce est arrivée.")

    plain.get_by_role("button", name="Motif").click()
    plain.get_by_label("Dossier › Délai").check()
    plain.get_by_role("button", name="Enregistrer le motif").click()
    expect(plain.locator(".head-facts")).to_contain_text("Délai")
    plain.get_by_role("button", name="Envoyer et clore").click()
    expect(plain.locator(".page-messages")).to_contain_text("Réponse envoyée, conversation close.")
    row = world.conn.execute("select state from contact where id = %s", [taken.contact_id]).fetchone()
    assert row == {"state": "closed"}


def test_parked_and_handed_on(plain: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="À remettre"))
    plain.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    plain.get_by_role("button", name="Mettre en attente").click()
    plain.get_by_role("button", name="demain, 9 h").click()
    expect(plain.locator(".head-facts")).to_contain_text("En attente")
    plain.get_by_role("button", name="Transférer").click()
    plain.get_by_label("À qui ?").select_option(label="Ligne CPF, au premier disponible")
    plain.get_by_label("Note pour la suite").fill("Pour le CPF")
    plain.get_by_role("button", name="Transférer").click()
    expect(plain).to_have_url(f"{site.url}/bureau/")
    expect(plain.locator(".page-messages")).to_contain_text("Conversation transmise à CPF.")


def test_files_saved_answers_and_quotes(plain: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="Avec des aides", text="Où en est mon dossier ?"))
    world.conn.execute(
        "insert into saved_answer (title, body, language, active, line_id) values ('Bonjour', 'Bonjour {{ nom }},', 'fr', true, null)"
    )
    plain.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    plain.locator("#reply-body").fill("Voici.")
    plain.get_by_label("Fichiers").set_input_files(
        [{"name": "plan d'accès.txt", "mimeType": "text/plain", "buffer": b"au fond de la cour"}]
    )
    plain.get_by_role("button", name="Joindre").click()
    expect(plain.locator(".page-messages")).to_contain_text("Fichier joint.")
    expect(plain.locator("#uploads")).to_contain_text("plan d'accès.txt")
    expect(plain.locator("#reply-body")).to_have_value("Voici.")

    plain.get_by_label("Réponse enregistrée").select_option(label="Bonjour")
    plain.get_by_role("button", name="Insérer").click()
    expect(plain.locator("#reply-body")).to_have_value(re.compile(r"^Voici\.\n\nBonjour .*,$"))

    plain.get_by_role("button", name="Citer le dernier message").click()
    expect(plain.locator("#reply-body")).to_have_value(re.compile(r"a écrit :\n> Où en est mon dossier \?$"))
    plain.get_by_role("button", name="Envoyer", exact=True).click()
    expect(plain.locator(".page-messages")).to_contain_text("Réponse envoyée.")
    row = world.conn.execute(
        "select body, attachments from message where kind = 'out' order by id desc limit 1"
    ).fetchone()
    assert row is not None
    assert [one["name"] for one in row["attachments"]] == ["plan d'accès.txt"]
    assert "> Où en est mon dossier ?" in row["body"]


def test_what_a_colleague_saved_meanwhile_stays(plain: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="À deux"))
    plain.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    drafts.save(
        world.conn, conversation_id=taken.conversation_id, account_id=world.accounts["bob"].pk, body="Bruno écrit aussi.",
        recipients=[], version=None, at=datetime.now(UTC),
    )  # fmt: skip
    plain.locator("#reply-body").fill("Alice écrit.")
    plain.get_by_role("button", name="Envoyer et clore").click()
    expect(plain.locator(".page-messages")).to_contain_text("Choisissez le motif avant de clore.")
    expect(plain.locator("#reply-body")).to_have_value("Bruno écrit aussi.\n\nAlice écrit.")
