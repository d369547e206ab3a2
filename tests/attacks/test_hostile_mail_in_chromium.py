"""A hostile mail opened in a real browser: nothing of it runs, nothing is fetched, nothing leaves its frame."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from a11y.browser import Site
from attacks.hostile import TAGS, hostile
from centre_world import PASSWORD, World, build
from playwright.sync_api import Browser, Page, expect

from portevoix.store import db

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    """The small centre behind the pages."""
    with db.connect(django_module_database) as conn:
        yield build(conn)


@pytest.fixture
def watched(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A tab that notes every script of the mail that runs, every dialog and every request to elsewhere."""
    context = chromium.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(150_000)
    noted: list[str] = []
    context.expose_function("stolen", lambda *_: noted.append("a script ran"))
    context.on("dialog", lambda dialog: (noted.append(f"dialog {dialog.message}"), dialog.dismiss()))
    context.on(
        "page", lambda page: noted.append(f"a window opened: {page.url}") if len(context.pages) > 1 else None
    )
    context.on(
        "request",
        lambda asked: (
            noted.append(asked.url)
            if urlsplit(asked.url).hostname not in ("127.0.0.1", None)
            and asked.url[:5] not in ("data:", "about")
            else None
        ),
    )
    context.route(
        "**/*", lambda route: route.abort() if "evil.example" in route.request.url else route.continue_()
    )
    yield context.new_page(), noted
    context.close()


def test_a_hostile_mail_runs_and_fetches_nothing(
    watched: tuple[Page, list[str]], site: Site, world: World
) -> None:
    page, noted = watched
    taken = [world.held_by("alice", hostile(tag, at)) for at, tag in enumerate(TAGS)]
    site.sign_in(page, "alice@centre.example", PASSWORD)
    for one in taken:
        page.goto(f"{site.url}/bureau/c/{one.conversation_id}/")
        expect(page.locator("#conversation-title")).to_be_visible()
        folded = page.locator("details.framed").first
        folded.locator("summary").click()
        frame = page.frame_locator("details.framed iframe").first
        expect(frame.get_by_text("Texte du message piégé")).to_be_visible()
        assert (
            folded.locator("iframe").get_attribute("sandbox") == "allow-popups allow-popups-to-escape-sandbox"
        )
        assert (
            frame.locator(
                "script, form, input, iframe, object, embed, meta[http-equiv=refresh], link"
            ).count()
            == 0
        )
        # The frame has no origin of ours: what is in it reaches neither page nor session.
        inner = next(found for found in page.frames if found != page.main_frame)
        assert inner.evaluate("origin") == "null"
    page.goto(f"{site.url}/recherche/?q=relevé")
    expect(page.locator("mark").first).to_be_visible()
    page.goto(f"{site.url}/bureau/liste/toutes/")
    assert noted == []


def test_the_frame_opened_by_itself_runs_nothing_either(
    watched: tuple[Page, list[str]], site: Site, world: World
) -> None:
    page, noted = watched
    one = world.held_by("alice", hostile(TAGS[1], 99))
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(f"{site.url}/bureau/m/{one.message_id}/html")
    expect(page.get_by_text("Texte du message piégé")).to_be_visible()
    assert page.evaluate("origin") == "null"
    assert noted == []


def test_the_watcher_notices(watched: tuple[Page, list[str]], site: Site) -> None:
    page, noted = watched
    page.goto(f"{site.url}/compte/connexion")
    page.evaluate("stolen(1)")
    page.evaluate("fetch('https://evil.example/').catch(() => 0)")
    assert "a script ran" in noted
