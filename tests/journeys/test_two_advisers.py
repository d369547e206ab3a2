"""Two people at two browsers, live: each sees what the other does, nobody's focus is taken and nothing jumps."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from a11y.browser import Site, serve
from centre_world import PASSWORD, World, build, mail
from live_process import Live, Runner
from playwright.sync_api import Browser, Page, expect
from services.ports import free_port

from portevoix.actions import contacts, presence
from portevoix.embedded import EmbeddedNats
from portevoix.store import db

expect.set_options(timeout=120_000)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]
WHERE = """() => { const one = document.activeElement, box = one.getBoundingClientRect();
  return [one.id || one.dataset.card || one.tagName, Math.round(box.x), Math.round(box.y), Math.round(box.width), one.value ?? ""]; }"""


@pytest.fixture(scope="module")
def own_bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A NATS of this module's own: its centre tells a lot."""
    server = EmbeddedNats(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server.url()
    server.stop()


@pytest.fixture(scope="module")
def site(
    module_database_url: str, static_root: Path, django_module_database: str, own_bus: str
) -> Iterator[Site]:
    """Pages, open connections and herald: all that makes the desk live."""
    assert django_module_database == module_database_url
    port = free_port()
    extra = {"PORTEVOIX_LIVE_URL": f"http://127.0.0.1:{port}", "NATS_URL": own_bus}
    environment = {**os.environ, "DATABASE_URL": module_database_url, "NATS_URL": own_bus}
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(serve(module_database_url, static_root, extra))
        live = Live(port, {**environment, "PORTEVOIX_ORIGIN": running.url})
        live.start()
        stack.callback(live.stop)
        stack.callback(Runner("herald", environment).stop)
        yield running


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    """The small centre behind the pages."""
    with db.connect(django_module_database) as conn:
        yield build(conn)


@contextlib.contextmanager
def at_desk(chromium: Browser, site: Site, name: str, path: str = "/bureau/") -> Iterator[Page]:
    """Somebody at their own browser, connected live."""
    context = chromium.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(100_000)
    page = context.new_page()
    site.sign_in(page, f"{name}@centre.example", PASSWORD)
    page.goto(site.url + path)
    expect(page.locator("#live-state")).to_have_text("En direct", timeout=120_000)
    yield page
    context.close()


def place(page: Page) -> list[Any]:
    """What has the focus, where it stands and what is written in it."""
    return list(page.evaluate(WHERE))


def test_on_a_telephone_the_warning_moves_nothing(chromium: Browser, site: Site, world: World) -> None:
    """At 320 px the reply box is part of the page: the line about a colleague lies over the end of the thread."""
    taken = world.held_by("alice", mail(subject="À quatre mains, au téléphone"))
    path = f"/bureau/c/{taken.conversation_id}/"
    with at_desk(chromium, site, "alice", path) as alice, at_desk(chromium, site, "eve", path) as eve:
        alice.set_viewport_size({"width": 320, "height": 700})
        alice.locator("#reply-body").click()
        before = alice.locator("#reply-body").bounding_box()
        eve.keyboard.press("n")
        expect(eve.locator("#note-body")).to_be_focused()
        eve.keyboard.type("Je regarde aussi")
        expect(alice.locator("#writers")).to_contain_text("Eve Blanc écrit aussi")
        assert alice.locator("#reply-body").bounding_box() == before


def test_both_see_the_same_and_are_warned_of_one_another(chromium: Browser, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="À quatre mains"))
    path = f"/bureau/c/{taken.conversation_id}/"
    with at_desk(chromium, site, "alice", path) as alice, at_desk(chromium, site, "eve", path) as eve:
        alice.locator("#reply-body").click()
        mine = place(alice)
        # A note of the one appears at the other, who stays where they are.
        eve.keyboard.press("n")
        expect(eve.locator("#note-body")).to_be_focused()
        eve.keyboard.type("Je regarde aussi")
        eve.keyboard.press("Control+Enter")
        expect(alice.locator("#thread")).to_contain_text("Je regarde aussi")
        assert place(alice) == mine

        expect(eve.locator("#note-body")).to_have_value("")
        eve.locator("#note-body").click()
        before = place(eve)
        alice.keyboard.type("Bonjour")
        expect(eve.locator("#writers")).to_contain_text("Alice Martin écrit aussi dans cette conversation.")
        assert place(eve) == before
        mine = place(alice)
        eve.wait_for_timeout(4100)  # a browser says at most every 4 s that somebody writes
        eve.keyboard.type("Je relis")
        expect(alice.locator("#writers")).to_contain_text("Eve Blanc écrit aussi dans cette conversation.")
        assert place(alice) == mine
        alice.keyboard.type(" Camille,")
        expect(alice.locator("#reply-body")).to_have_value("Bonjour Camille,")

        # The answer, and the state that follows, arrive at the colleague: thread, head and the person's history.
        alice.keyboard.press("Control+Enter")
        expect(eve.locator(".message-out")).to_contain_text("Bonjour Camille,")
        alice.locator("#conversation-title").focus()
        alice.keyboard.press("p")
        alice.get_by_role("button", name="demain, 9 h").click()
        expect(alice.locator(f"#history-{taken.conversation_id}")).to_contain_text("En attente")
        expect(eve.locator(".conversation-head")).to_contain_text("En attente")
        expect(eve.locator(f"#history-{taken.conversation_id}")).to_contain_text("En attente")


def test_what_one_takes_the_other_sees_gone(chromium: Browser, site: Site, world: World) -> None:
    offered = world.receive(mail(subject="Proposée", sender="Lina <lina@client.example>"))
    waiting = world.receive(mail(subject="Encore libre", sender="Omar <omar@client.example>"))
    with (
        at_desk(chromium, site, "alice") as alice,
        at_desk(chromium, site, "alice") as elsewhere,
        at_desk(chromium, site, "eve", "/bureau/liste/attente/") as eve,
    ):
        card = eve.locator(f'#rows [data-card="{offered.conversation_id}"]')
        expect(card).to_be_visible()
        eve.locator(f'#rows [data-card="{waiting.conversation_id}"]').focus()
        before = place(eve)
        world.offer("alice", offered.contact_id, datetime.now(UTC))
        for page in (alice, elsewhere):
            expect(page.locator(".offer")).to_contain_text("Lina")
        alice.keyboard.press("a")
        expect(alice.locator("#conversation-title")).to_have_text("Proposée")
        expect(elsewhere.locator(".offer")).to_have_count(0)
        expect(elsewhere.locator("#mine")).to_contain_text("Proposée")
        # In a colleague's queue the row stays in its place and says who has it.
        expect(card).to_contain_text("Alice Martin")
        assert place(eve) == before
    contacts.take(world.conn, waiting.contact_id, world.accounts["sophie"].pk, datetime.now(UTC))


def test_a_transfer_arrives_with_its_note_and_draft(
    chromium: Browser, site: Site, world: World, own_bus: str
) -> None:
    taken = world.held_by("alice", mail(subject="À transmettre", sender="Sami <sami@client.example>"))
    other = world.held_by("eve", mail(subject="Le travail d’Eve", sender="Ida <ida@client.example>"))
    there = f"/bureau/c/{taken.conversation_id}/"
    with (
        at_desk(chromium, site, "alice", there) as alice,
        at_desk(chromium, site, "eve", f"/bureau/c/{other.conversation_id}/") as eve,
    ):
        alice.locator("#reply-body").fill("Bonjour Sami, j’ai commencé à vous répondre.")
        expect(alice.locator("#draft-state")).to_contain_text("Brouillon enregistré")
        alice.locator("#conversation-title").focus()
        alice.keyboard.press("t")
        alice.locator("#destination").select_option(label=f"{world.accounts['eve'].full_name} (absent)")
        alice.locator("#transfer-note").fill("Il attend depuis lundi.")
        alice.get_by_role("dialog").get_by_role("button", name="Transférer").click()
        expect(alice.locator("#toasts")).to_contain_text("Conversation transmise à Inscription.")

        eve.locator("#reply-body").click()
        eve.keyboard.type("Je réponds à Ida")
        before = place(eve)
        environment = {**os.environ, "DATABASE_URL": site.database_url, "NATS_URL": own_bus}
        presence.set_state(world.conn, world.accounts["eve"].pk, "available", "", datetime.now(UTC))
        router = Runner("router", environment)
        try:
            expect(eve.locator(".offer")).to_contain_text("Sami", timeout=120_000)
        finally:
            router.stop()
        assert place(eve) == before
        eve.keyboard.press("Escape")
        eve.keyboard.press("a")
        expect(eve.locator("#conversation-title")).to_have_text("À transmettre")
        expect(eve.locator("#thread")).to_contain_text("Il attend depuis lundi.")
        expect(eve.locator("#reply-body")).to_have_value("Bonjour Sami, j’ai commencé à vous répondre.")
        expect(eve.locator(".composer-note")).to_contain_text("Brouillon commencé par Alice Martin.")


def test_a_merge_is_seen_live(chromium: Browser, site: Site, world: World) -> None:
    gone = world.held_by(
        "alice",
        mail(subject="La seconde", sender="Max <max@client.example>", text="Le message venu d’ailleurs"),
    )
    kept = world.held_by(
        "alice", mail(subject="La première", sender="Max <max@client.example>", text="Le message d’ici")
    )
    with (
        at_desk(chromium, site, "alice", f"/bureau/c/{kept.conversation_id}/") as alice,
        at_desk(chromium, site, "eve", f"/bureau/c/{kept.conversation_id}/") as eve,
        at_desk(chromium, site, "sophie", f"/bureau/c/{gone.conversation_id}/") as sophie,
    ):
        eve.keyboard.press("n")
        eve.keyboard.type("Je note")
        before = place(eve)
        alice.get_by_text("Plus", exact=True).click()
        alice.get_by_role("button", name="Fusionner avec une autre").click()
        alice.get_by_label("La seconde").check()
        alice.get_by_role("dialog").get_by_role("button", name="Fusionner", exact=True).click()
        expect(alice.locator("#toasts")).to_contain_text("n’en font plus qu’une")

        # It is older than what Eve has before her, and stands above it.
        expect(eve.locator("#thread > .message").first).to_contain_text("Le message venu d’ailleurs")
        expect(eve.locator("#thread > .message")).to_have_count(2)
        assert place(eve) == before
        expect(eve.locator("#note-body")).to_have_value("Je note")

        # Whoever looks at the one that went is told where it goes on.
        sophie.get_by_role("link", name="Y aller").click()
        expect(sophie.locator("#conversation-title")).to_have_text("La première")
