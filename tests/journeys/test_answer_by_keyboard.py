"""A mail is answered from sign-in to sent, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from a11y.browser import Site
from centre_world import PASSWORD, World, build, mail
from playwright.sync_api import Page, Route, expect

from portevoix.store import db

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    """The small centre behind the pages."""
    with db.connect(django_module_database) as conn:
        yield build(conn)


def tab_to(page: Page, name: str, limit: int = 60) -> None:
    """Press Tab until the thing with this name has the focus: that it can be reached is part of the test."""
    for _press in range(limit):
        page.keyboard.press("Tab")
        text = page.evaluate(
            "document.activeElement === document.body ? ''"
            " : document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText ?? ''"
        )
        if name in text:
            return
    pytest.fail(f"Tab does not lead to {name!r}")


def focused(page: Page) -> str:
    """The id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


def test_from_sign_in_to_sent(page: Page, site: Site, world: World) -> None:
    taken = world.receive(mail(subject="Pièce manquante", sender="Camille Leroy <camille@client.example>"))
    world.offer("alice", taken.contact_id)
    page.goto(f"{site.url}/")
    tab_to(page, "Adresse électronique")
    page.keyboard.type("alice@centre.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    offer = page.get_by_role("article", name="Proposition")
    expect(offer).to_contain_text("Camille Leroy")

    page.wait_for_load_state()
    page.keyboard.press("a")  # accept
    expect(page.locator("#conversation-title")).to_have_text("Pièce manquante")
    expect(page.locator("#conversation-title")).to_be_focused()
    expect(page).to_have_url(f"{site.url}/bureau/c/{taken.conversation_id}/")
    expect(page.locator(".offer")).to_have_count(0)

    page.keyboard.press("s")  # a saved answer
    expect(page.get_by_role("button", name="Pièce reçue")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#reply-body")).to_be_focused()
    page.keyboard.type(
        "Bonjour Camille,\n\nVotre pièce est bien arrivée. e t p a ?"
    )  # letters are letters here
    expect(page.locator("#draft-state")).to_contain_text("Brouillon enregistré à")
    tab_to(page, "Envoyer")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Réponse envoyée.")
    expect(page.locator(".message-out")).to_contain_text("Votre pièce est bien arrivée.")
    expect(page.locator("#reply-send")).to_be_focused()  # where one was
    expect(page.locator("#reply-body")).to_have_value("")

    page.keyboard.press("e")  # close, with its subject
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type("manquante")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation-head")).to_contain_text("Clos")
    expect(page.get_by_role("dialog")).to_have_count(0)
    row = world.conn.execute(
        "select o.recipients, k.state, k.subject_id from outgoing o join message m on m.id = o.message_id"
        " join contact k on k.id = m.contact_id where m.conversation_id = %s and m.kind = 'out'",
        [taken.conversation_id],
    ).fetchone()
    assert row == {
        "recipients": ["camille@client.example"],
        "state": "closed",
        "subject_id": world.subjects["Pièce manquante"],
    }


def test_single_letters_can_be_turned_off(page: Page, site: Site, world: World) -> None:
    taken = world.held_by("eve", mail(subject="Sans raccourci"))
    world.accounts["eve"].shortcuts = False
    world.accounts["eve"].save()
    site.sign_in(page, "eve@centre.example", PASSWORD)
    page.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    expect(page.locator("#conversation-title")).to_have_text("Sans raccourci")
    for key in ("t", "p", "m", "e", "?", "r", "j"):
        page.keyboard.press(key)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert focused(page) != "reply-body"
    expect(page.locator(".key-hint").first).to_be_hidden()


def test_what_is_written_survives_what_arrives(page: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="En direct", message_id="<direct-1@client.example>"))
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    page.locator("#reply-body").click()
    page.keyboard.type("Je commence")
    world.receive(mail(text="Un second courriel", In_Reply_To="<direct-1@client.example>"))
    page.evaluate(
        "id => document.body.dispatchEvent(new CustomEvent('pv:message-added', {bubbles: true, detail: {kind: 'message-added', id, mine: true}}))",
        taken.conversation_id,
    )
    expect(page.locator("#thread")).to_contain_text("Un second courriel")
    expect(page.locator("#announce")).to_contain_text("Nouveau message de l’usager")
    expect(page.locator("#reply-body")).to_be_focused()
    expect(page.locator("#reply-body")).to_have_value("Je commence")
    expect(page.locator("#thread .message-in")).to_have_count(2)


def test_undo_in_time_gives_the_text_back(page: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="À annuler"))
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    page.locator("#reply-body").fill("Trop vite envoyé")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Réponse envoyée.")
    expect(page.locator("#reply-body")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#conversation-title")).to_be_focused()
    tab_to(page, "Annuler l’envoi")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-body")).to_have_value("Trop vite envoyé")
    expect(page.locator("#reply-body")).to_be_focused()
    expect(page.locator(".message-out")).to_contain_text("Envoi annulé")


def test_what_is_sent_is_in_view_and_the_focus_stays(page: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="Longue suite", text="Une ligne\n" * 60))
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    page.locator("#reply-body").fill("Bonjour,\n\nVoici.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message-out")).to_contain_text("Voici.")
    expect(page.locator("#reply-body")).to_be_focused()
    page.wait_for_function(
        "() => document.querySelector('.message-out').getBoundingClientRect().bottom"
        " <= document.getElementById('composer-area').getBoundingClientRect().top"
    )
    # Called back from the toast: in its place, without a new page.
    page.evaluate("window.samePage = true")
    page.locator("#toasts").get_by_role("button", name="Annuler", exact=True).click()
    expect(page.locator("#reply-body")).to_have_value("Bonjour,\n\nVoici.")
    expect(page.locator(".message-out")).to_contain_text("Envoi annulé")
    assert page.evaluate("window.samePage") is True


def test_quoting_the_last_message(page: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="À citer", text="Première ligne\n\nSeconde ligne"))
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    page.locator("#reply-body").fill("Bonjour,")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.locator("#reply-body")).to_be_focused()
    text = page.locator("#reply-body").input_value()
    assert text.startswith("Bonjour,\n\nLe ")
    assert text.endswith(", Camille Leroy a écrit :\n> Première ligne\n>\n> Seconde ligne\n\n")
    expect(page.locator("#draft-state")).to_contain_text("Brouillon enregistré à")


def test_renaming_and_concluding_later(page: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="Sans titre"))
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    tab_to(page, "Plus")
    page.keyboard.press("Enter")
    tab_to(page, "Renommer")
    page.keyboard.press("Enter")
    expect(page.locator("#new-title")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Relevé manquant")
    page.keyboard.press("Enter")
    expect(page.locator("#conversation-title")).to_have_text("Relevé manquant")
    expect(page.locator(f"#history-{taken.conversation_id}")).to_contain_text("Relevé manquant")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("e")
    tab_to(page, "Conclure plus tard")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation-head")).to_contain_text("À conclure")
    expect(page.locator("#mine")).to_contain_text("Relevé manquant")
    page.locator("#close-inline").select_option(label="Dossier › Délai")
    page.locator("#close-note").fill("Rappeler en mars")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".conversation-head")).to_contain_text("Clos")
    expect(page.locator("#thread")).to_contain_text("Rappeler en mars")


def test_a_push_that_overtakes_the_answer_does_not_lose_it(page: Page, site: Site, world: World) -> None:
    """The live push replaces the offer's card before the answer to "accept" arrives: it opens all the same."""
    taken = world.receive(mail(subject="Qui va plus vite ?", sender="Noé <noe@client.example>"))
    world.offer("alice", taken.contact_id)
    sign_in(page, site)
    expect(page.locator(".offer")).to_have_count(1)
    page.wait_for_load_state()

    def overtaken(route: Route) -> None:
        answer = route.fetch()
        with page.expect_response(lambda response: "/bureau/travail" in response.url):
            page.evaluate("document.dispatchEvent(new CustomEvent('pv:mine'))")
        route.fulfill(response=answer)

    page.route("**/accepter", overtaken)
    page.keyboard.press("a")
    expect(page.locator("#conversation-title")).to_have_text("Qui va plus vite ?")


def sign_in(page: Page, site: Site) -> None:
    """As Alice."""
    page.goto(f"{site.url}/")
    page.get_by_label("Adresse électronique").fill("alice@centre.example")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
