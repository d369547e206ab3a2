"""A mail is worked on in a browser that runs no script: every act is a plain page and a plain form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from a11y.browser import Site
from centre_world import PASSWORD, World, build, mail
from playwright.sync_api import Browser, Page, expect

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
