"""A centre under fault: its own PostgreSQL where the test breaks it, its own NATS, real runners."""

import contextlib

import pytest
from hall import Centre
from ledger import Ledger
from own_server import prepared, server  # noqa: F401 - fixtures
from scene import Scene
from services.mails import fill

from portevoix.store import db


@pytest.fixture
def conn(database_url):
    with contextlib.closing(db.connect(database_url)) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
def centre(conn, database_url, own_nats, tmp_path):
    made = Centre(database_url, own_nats.url(), tmp_path)
    yield made
    made.stop()


@pytest.fixture
def floor(centre, conn, ledger):
    """``floor(VAR="…")`` gives a floor at work."""
    made = []

    def make(**environment):
        made.append(Scene(centre, ledger, **environment))
        return made[0]

    yield make
    for one in made:
        one.crew.stop()
