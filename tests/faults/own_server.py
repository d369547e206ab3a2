"""A PostgreSQL of the test's own, durable as in production, that a test may fill, slow down, freeze and break."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row
from services.mails import fill

from portevoix.embedded import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]


class OwnServer:
    """``start`` and ``stop`` at will: the port and the password stay."""

    def __init__(self, home: Path) -> None:
        self.home = home
        # What a small disk can hold; the rest is what production has.
        settings = {"shared_buffers": "32MB", "max_wal_size": "96MB", "wal_recycle": "off"}
        self.postgres = EmbeddedPostgres(home, durable=True, settings=settings)
        self.url = self.postgres.start()

    @property
    def pids(self) -> list[int]:
        """The postmaster and all that it forked."""
        first = self.postgres.pid
        if first is None:
            return []
        children = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True, check=False)
        return [first, *map(int, children.stdout.split())]

    def connect(self) -> psycopg.Connection[dict[str, object]]:
        """A connection of the observer, with none of the product's limits."""
        return psycopg.connect(self.url, autocommit=True, row_factory=dict_row, connect_timeout=10)

    def back(self) -> bool:
        """Whether it answers; starts it again when it ended, as the supervisor does twice a second."""
        if self.postgres.pid is None:
            self.postgres.start()
        with contextlib.suppress(psycopg.OperationalError), self.connect() as conn:
            return bool(conn.execute("select 1").fetchone())
        return False

    def log(self) -> str:
        """What the server wrote."""
        return self.postgres.log.read_text(errors="replace")

    def stop(self) -> None:
        """Stop it, if it still runs."""
        self.postgres.stop()


def migrate(url: str) -> None:
    """Lay the tables and the small centre of the fault tests."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"],
        env=os.environ | {"DATABASE_URL": url}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as conn:
        fill(conn)


def open_folder(prefix: str = "portevoix-fault-") -> Path:
    """A folder that PostgreSQL's own user may pass: pytest's are closed to it."""
    home = Path(tempfile.mkdtemp(prefix=prefix))
    home.chmod(0o755)
    return home


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """The data directory of a migrated centre, stopped; made once a session and copied for each test."""
    home = open_folder("portevoix-fault-base-")
    try:
        server = OwnServer(home)
        try:
            migrate(server.url)
        finally:
            server.stop()
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def copy(prepared: Path, home: Path) -> None:
    """Owner and modes too: PostgreSQL refuses a cluster that others could read."""
    subprocess.run(["cp", "-a", f"{prepared}/.", str(home)], check=True)


@pytest.fixture
def server(prepared: Path) -> Iterator[OwnServer]:
    """A server for one test."""
    home = open_folder()
    copy(prepared, home)
    running = None
    try:
        running = OwnServer(home)
        yield running
    finally:
        if running is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.stop()
        shutil.rmtree(home, ignore_errors=True)
