"""Fixtures: the pages served by gunicorn on a real database, looked at with Debian's Chromium.

A browser lives for one module only: its event loop would get in the way of the asynchronous tests.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
expect.set_options(timeout=30_000)  # to find what never comes: how fast a page is, the benchmarks say

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PASSWORD = "cheval correct agrafe"
# Playwright's loop lives in the thread of the tests, which also prepare their rows through the ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@dataclass
class Site:
    """A running page server."""

    url: str
    database_url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def sign_in(self, page: Page, email: str, password: str = PASSWORD) -> None:
        """Sign in through the page, as a person does."""
        page.goto(f"{self.url}/compte/connexion")
        page.get_by_label("Adresse électronique").fill(email)
        page.get_by_label("Mot de passe").fill(password)
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_url(lambda address: "/compte/connexion" not in address)


def settings_of(database_url: str, static: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of a page server in the tests."""
    kept = {key: value for key, value in os.environ.items() if key != "PORTEVOIX_DEBUG"}
    return {
        **kept,
        "DATABASE_URL": database_url,
        "PORTEVOIX_STATIC": str(static),
        "PORTEVOIX_DATA": str(static.parent / "data"),
        **(extra or {}),
    }


@contextlib.contextmanager
def serve(database_url: str, static: Path, extra: Mapping[str, str] | None = None) -> Iterator[Site]:
    """Serve the pages on a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind=127.0.0.1:0", "--threads=4", "portevoix.web.wsgi"],
        env=settings_of(database_url, static, extra), cwd=ROOT, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    lines: list[str] = []
    address = None
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"Listening at: (http://\S+)", line):
            address = found[1]
            break
    if address is None:
        process.wait(10)
        pytest.fail("the page server did not start:\n" + "".join(lines), pytrace=False)
    threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True).start()
    try:
        yield Site(address, database_url, process, lines)
    finally:
        process.terminate()
        process.wait(15)


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory, superuser_url: str) -> Path:
    """The hashed static files, collected once a session."""
    target = tmp_path_factory.mktemp("web") / "static"
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "--verbosity=0"],
        env=settings_of(superuser_url, target), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def site(module_database_url: str, static_root: Path) -> Iterator[Site]:
    """The pages on a database that the tests of the module share."""
    with serve(module_database_url, static_root) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh profile in French; fails the test when a page breaks its own policy or a script throws."""
    opened = chromium.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(50_000)
    wrong: list[str] = []
    opened.on("weberror", lambda error: wrong.append(str(error.error)))
    opened.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield opened
    opened.close()
    assert not wrong, wrong


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """One tab of it."""
    return context.new_page()
