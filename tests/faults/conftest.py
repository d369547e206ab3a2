"""A centre under fault: its own PostgreSQL where the test breaks it, its own NATS, real runners."""

import contextlib

import pytest
from ledger import Ledger
from services.mails import fill
from services.ports import free_port
from services.process import Process

from portevoix.store import db


@pytest.fixture
def conn(database_url):
    with contextlib.closing(db.connect(database_url)) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.jsonl")


class Centre:
    """Runners on one database and one bus; all are stopped at the end."""

    def __init__(self, url, bus_url, tmp_path):
        self.port = free_port()
        self.environment = {
            "DATABASE_URL": url,
            "NATS_URL": bus_url,
            "PORTEVOIX_SMTP_PORT": str(self.port),
            "PORTEVOIX_MAIL_WORKERS": "1",
            "PORTEVOIX_DATA": str(tmp_path),
            "PORTEVOIX_DOMAIN": "centre.example",
        }
        self.processes = {}
        self._kept = []

    def start(self, name, *, keep=False, **extra):
        process = self.processes[name] = Process(name, **(self.environment | extra)).start()
        if keep:
            self._kept.append(process.keep_alive())
        return process

    def stop(self):
        for done in self._kept:
            done.set()
        for process in self.processes.values():
            if process.alive():
                process.kill()


@pytest.fixture
def centre(conn, database_url, own_nats, tmp_path):
    made = Centre(database_url, own_nats.url(), tmp_path)
    yield made
    made.stop()
