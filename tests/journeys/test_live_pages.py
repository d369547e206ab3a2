"""The page's open connection: what NATS tells reaches the page as an event; a break is shown, and made good."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from a11y.browser import PASSWORD, Site, serve
from live_process import Live
from playwright.sync_api import Page, expect
from services.ports import until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
HEARD = """() => { window.heard = [];
  for (const kind of ["contact-offered", "resync"])
    document.body.addEventListener(`pv:${kind}`, (event) => window.heard.push([kind, event.detail.id ?? null])); }"""


@pytest.fixture(scope="module")
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def site(
    module_database_url: str, static_root: Path, free_port: int, nats_url: str, django_module_database: str
) -> Iterator[Site]:
    from portevoix.web.accounts.models import User

    User.objects.create_user("lea@example.org", PASSWORD, full_name="Léa Faure", role="administrator")
    extra = {"PORTEVOIX_LIVE_URL": f"http://127.0.0.1:{free_port}", "NATS_URL": nats_url}
    with serve(module_database_url, static_root, extra) as running:
        yield running


@pytest.fixture
def live(site: Site, free_port: int, nats_url: str) -> Iterator[Live]:
    process = Live(free_port, {**os.environ, "NATS_URL": nats_url, "PORTEVOIX_ORIGIN": site.url})
    process.start()
    yield process
    process.stop()


def tell(nats_url: str, topic: str, text: str) -> None:
    async def send() -> None:
        client = await nats.connect(nats_url)
        await client.publish(f"pv.push.{topic}", text.encode())
        await client.drain()

    # In a thread of its own: Playwright's loop runs in this one.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, send()).result()


def test_push_becomes_an_event_and_a_break_is_made_good(
    page: Page, site: Site, live: Live, nats_url: str
) -> None:
    from portevoix.web.accounts.models import User

    topic = f"account.{User.objects.get(email='lea@example.org').pk}"
    site.sign_in(page, "lea@example.org")
    page.goto(site.url + "/ui/bureau")
    state = page.locator("#live-state")
    expect(state).to_have_text("En direct", timeout=120_000)
    page.evaluate(HEARD)
    page.locator("#reply").focus()
    tell(nats_url, topic, '{"seq": 7, "kind": "contact-offered", "id": 42}')
    until(lambda: page.evaluate("heard.length > 0"))
    assert page.evaluate("heard") == [["contact-offered", 42]]

    live.stop()
    expect(state).to_have_text("Reconnexion…")
    live.start()
    expect(state).to_have_text("En direct", timeout=120_000)
    # The new process remembers nothing: it says so, and the page fetches everything again.
    until(lambda: page.evaluate("heard.some(([kind]) => kind === 'resync')"))
    expect(page.locator("#reply")).to_be_focused()


def test_other_peoples_events_do_not_arrive(page: Page, site: Site, live: Live, nats_url: str) -> None:
    from portevoix.web.accounts.models import User

    topic = f"account.{User.objects.get(email='lea@example.org').pk}"
    site.sign_in(page, "lea@example.org")
    page.goto(site.url + "/ui/bureau")
    expect(page.locator("#live-state")).to_have_text("En direct", timeout=120_000)
    page.evaluate(HEARD)
    tell(nats_url, "account.999999", '{"seq": 8, "kind": "contact-offered", "id": 1}')
    tell(nats_url, topic, '{"seq": 9, "kind": "contact-offered", "id": 2}')
    until(lambda: page.evaluate("heard.length > 0"))
    assert page.evaluate("heard") == [["contact-offered", 2]]
