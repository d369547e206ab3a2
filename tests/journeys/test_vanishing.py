"""A browser that vanishes frees its work; when it is back the page says what happened, and one key makes it good."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from a11y.browser import Site, serve
from centre_world import PASSWORD, World, build, mail
from live_process import Live, Runner
from playwright.sync_api import Browser, Page, expect
from services.ports import free_port, until

from portevoix.actions import presence
from portevoix.embedded import EmbeddedNats
from portevoix.store import db

expect.set_options(timeout=120_000)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def site(
    module_database_url: str,
    static_root: Path,
    django_module_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Pages, open connections, herald and timers."""
    assert django_module_database == module_database_url
    port = free_port()
    with contextlib.ExitStack() as stack:
        bus = EmbeddedNats(tmp_path_factory.mktemp("nats"))
        bus.start()
        stack.callback(bus.stop)
        extra = {"PORTEVOIX_LIVE_URL": f"http://127.0.0.1:{port}", "NATS_URL": bus.url()}
        environment = {**os.environ, "DATABASE_URL": module_database_url, "NATS_URL": bus.url()}
        running = stack.enter_context(serve(module_database_url, static_root, extra))
        live = Live(port, {**environment, "PORTEVOIX_ORIGIN": running.url})
        live.start()
        stack.callback(live.stop)
        for name in ("herald", "timers"):
            stack.callback(Runner(name, environment).stop)
        yield running


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    """The small centre behind the pages."""
    with db.connect(django_module_database) as conn:
        yield build(conn)


@pytest.fixture
def desk(chromium: Browser, site: Site, world: World) -> Iterator[Page]:
    """Alice at her desk, available and heard of."""
    presence.set_state(world.conn, world.accounts["alice"].pk, "available", "", datetime.now(UTC))
    context = chromium.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(site.url + "/bureau/")
    expect(page.locator("#live-state")).to_have_text("En direct")
    yield page
    context.close()


def test_a_page_that_is_cut_off_frees_the_work_and_says_so_when_it_is_back(desk: Page, world: World) -> None:
    account = world.accounts["alice"].pk
    held = world.held_by("alice", mail(subject="À reprendre"))
    with desk.expect_response(lambda answer: answer.url.endswith("/here") and answer.status == 204):
        pass  # the page has answered a beat
    assert presence.get(world.conn, account)["state"] == "available"

    desk.context.set_offline(True)
    until(lambda: presence.get(world.conn, account)["state"] == "away", seconds=300)
    row = world.conn.execute(
        "select state, holder_id from contact where id = %s", [held.contact_id]
    ).fetchone()
    assert row == {"state": "waiting", "holder_id": None}

    desk.context.set_offline(False)
    back = desk.locator(".not-here")
    expect(back).to_contain_text("votre travail est retourné dans la file")
    back.get_by_role("button", name="Me rendre disponible").press("Enter")
    until(lambda: presence.get(world.conn, account)["state"] == "available", seconds=120)
    expect(back).to_have_count(0)


def test_after_a_call_the_page_counts_down_and_a_key_ends_it(desk: Page, world: World) -> None:
    account = world.accounts["alice"].pk
    line = next(iter(world.lines.values())).pk
    now = datetime.now(UTC)
    with world.conn.transaction():
        world.conn.execute("update line set wrap_up_seconds = 600")
        presence.set_state(world.conn, account, "available", "", now)
        presence.after_contact(world.conn, account, line, "phone", now)
    note = desk.locator(".not-here")
    expect(note).to_contain_text("Fin de contact")
    note.get_by_role("button", name="Prolonger").press("Enter")
    expect(note.get_by_role("button", name="Prolonger")).to_have_count(0)
    assert (presence.get(world.conn, account)["ends_at"] - now).total_seconds() == 1200
    note.get_by_role("button", name="Prêt maintenant").press("Enter")
    until(lambda: presence.get(world.conn, account)["state"] == "available", seconds=120)
    expect(note).to_have_count(0)
