"""The small centre and signed-in clients for the tests of the desk's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from centre_world import World, build

from portevoix.store import db

Sign = Callable[[str], Any]


@pytest.fixture(scope="module")
def world(django_module_database: str) -> Iterator[World]:
    """The centre of this module's tests."""
    with db.connect(django_module_database) as conn:
        yield build(conn)
    from portevoix.web import database

    database.close()


@pytest.fixture
def sign(world: World) -> Iterator[Sign]:
    """``sign("alice")`` gives a client signed in as Alice; ``sign("")`` a stranger's."""
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
