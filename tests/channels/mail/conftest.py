"""Fixtures for tests with real mail servers and our own mail processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from services.dovecot import Dovecot
from services.mails import fill
from services.process import Process

from portevoix.store import db


@pytest.fixture
def plain_home() -> Iterator[Path]:
    """A directory that other users may enter: mail servers drop their rights."""
    home = Path(tempfile.mkdtemp(prefix="portevoix-mail-"))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def dovecot(plain_home: Path) -> Iterator[Dovecot]:
    """A running Dovecot with an empty mailbox."""
    server = Dovecot(plain_home / "dovecot")
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def centre(database_url: str) -> Iterator[Any]:
    """Connection to a database with two lines and a door each."""
    with contextlib.closing(db.connect(database_url)) as conn:
        fill(conn)
        yield conn


@pytest.fixture
def runner(database_url: str, nats_url: str, tmp_path: Path, centre: Any) -> Iterator[Callable[..., Process]]:
    """Start our processes on the test's database: ``runner("imap", **environment)``."""
    started: list[Process] = []

    def start(name: str, **environment: str) -> Process:
        base = {
            "DATABASE_URL": database_url,
            "NATS_URL": nats_url,
            "PORTEVOIX_SECRET": os.environ["PORTEVOIX_SECRET"],
            "PORTEVOIX_DATA": str(tmp_path / "data"),
            "PORTEVOIX_DOMAIN": "centre.example",
            "PORTEVOIX_MAIL_WORKERS": "1",
        }
        process = Process(name, **{**base, **environment})
        started.append(process)
        return process.start()

    yield start
    for process in started:
        if process.alive():
            process.stop()
        process.log.unlink(missing_ok=True)
