"""A small centre with people of the house and of outsourcers, and browsers without a window that are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from centre_world import World, build
from coherence_world import people

from portevoix.store import db


@pytest.fixture
def world(django_database: str) -> Iterator[World]:
    with db.connect(django_database) as conn:
        world = build(conn)
        people(world)
        yield world
    from portevoix.web import database

    database.close()


@pytest.fixture
def sign(world: World) -> Iterator[Callable[[str], Any]]:
    from django.test import Client, override_settings

    storage = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }

    def signed(name: str) -> Any:
        client = Client(headers={"accept-language": "fr"}, HTTP_HOST="localhost")
        if name:
            client.force_login(world.accounts[name], backend="django.contrib.auth.backends.ModelBackend")
        return client

    with override_settings(STORAGES=storage):
        yield signed
