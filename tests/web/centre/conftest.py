"""Fixtures of the settings pages."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from a11y.browser import chromium, context, page, site, static_root
from settings_world import build

__all__ = ["chromium", "context", "page", "site", "static_root"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@pytest.fixture
def plain_home() -> Iterator[Path]:
    """A directory that other users may enter: mail servers drop their rights."""
    home = Path(tempfile.mkdtemp(prefix="portevoix-settings-"))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def world(django_database: str) -> SimpleNamespace:
    """The centre, fresh for this test."""
    return build()


@pytest.fixture
def at(world: SimpleNamespace) -> Iterator[Any]:
    """Give a signed-in client: ``at("admin")``; ``at()`` for a stranger."""
    from django.test import Client, override_settings

    def client(who: str = "") -> Client:
        made = Client(HTTP_HOST="localhost", headers={"accept-language": "fr"})
        if who:
            made.force_login(getattr(world, who), "django.contrib.auth.backends.ModelBackend")
        return made

    with override_settings(STORAGES=STORAGES, EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        yield client
