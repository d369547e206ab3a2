"""Real services for the tests: one PostgreSQL and one NATS a session, one fresh database a test.

With pytest-xdist the controlling process starts the servers and the workers share them. Everything
listens on free ports and ends with the session, also when the session is killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from portevoix.embedded import EmbeddedNats, EmbeddedPostgres

# The same examples each time, however slow the machine: what `make test` says must not change from day to day.
# To look for new ones: HYPOTHESIS_PROFILE=search
_CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("repeatable", derandomize=True, **_CALM)
settings.register_profile("search", **_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

ROOT = Path(__file__).resolve().parent.parent
SUPERUSER_URL = "PORTEVOIX_TEST_PG"
NATS_URL = "PORTEVOIX_TEST_NATS"
_TEMPLATE = "portevoix_template"
_TEMPLATE_LOCK = 7_241_001
_MEMORY = Path("/dev/shm")
_MEMORY_WANTED = 2 * 2**30  # bytes free; a session was seen to need 0.2, its log may grow to 0.5
# Copies of the template share their blocks where the file system can, and the log stays small.
_SERVER = {"file_copy_method": "clone", "max_wal_size": "512MB"}


def _roomy() -> Path | None:
    """Return where the cluster goes: memory, where a database of 600 files is copied in 30 ms and not in 600."""
    try:
        free = shutil.disk_usage(_MEMORY).free if os.access(_MEMORY, os.W_OK | os.X_OK) else 0
    except OSError:
        free = 0
    return _MEMORY if free >= _MEMORY_WANTED else None


def _sweep() -> None:
    """Remove what killed sessions left in memory: whose lock nobody holds any more."""
    for held in _MEMORY.glob("portevoix-test-*/held"):
        with contextlib.suppress(OSError), held.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(held.parent, ignore_errors=True)


def _hold(home: Path) -> IO[str]:
    """Say that `home` is in use, until the process ends however it ends."""
    lock = (home / "held.new").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (home / "held.new").rename(home / "held")
    return lock


class Services:
    """The two servers of one test session, in a directory that goes away with it."""

    def __init__(self) -> None:
        _sweep()
        self.home = Path(tempfile.mkdtemp(prefix="portevoix-test-", dir=_roomy()))
        self._lock = _hold(self.home)
        self.home.chmod(0o755)  # PostgreSQL runs as another user when the tests run as root
        self.postgres = EmbeddedPostgres(self.home, durable=False, settings=_SERVER)
        self.nats = EmbeddedNats(self.home)

    def start(self) -> None:
        """Start both and tell their addresses to this process and the workers it will start."""
        self.postgres.start()
        os.environ[SUPERUSER_URL] = self.postgres.url("postgres", superuser=True)
        os.environ[NATS_URL] = self.nats.start()

    def stop(self) -> None:
        """Stop both and remove their files."""
        self.nats.stop()
        self.postgres.stop()
        self._lock.close()
        shutil.rmtree(self.home, ignore_errors=True)


_services: Services | None = None


def _ensure_services() -> None:
    global _services  # noqa: PLW0603 - one pair of servers per process, whoever asks first
    if SUPERUSER_URL not in os.environ:
        _services = Services()
        _services.start()


def pytest_configure(config: pytest.Config) -> None:
    """Under xdist start the servers before the workers, which inherit the addresses."""
    os.environ.setdefault("PORTEVOIX_SECRET", "only-for-tests-" + "x" * 40)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portevoix.web.settings")
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        _ensure_services()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    if _services is not None:
        _services.stop()


@pytest.fixture(scope="session")
def superuser_url() -> str:
    """Address of the server's maintenance database, as superuser."""
    _ensure_services()
    return os.environ[SUPERUSER_URL]


@pytest.fixture(scope="session")
def nats_url() -> str:
    """Address of the NATS server that the whole session shares: use subjects of your own."""
    _ensure_services()
    return os.environ[NATS_URL]


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[EmbeddedNats]:
    """Give a NATS server that this test alone uses and may stop, kill and start again."""
    server = EmbeddedNats(tmp_path / "nats")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def address_of(superuser_url: str, database: str, *, superuser: bool = False) -> str:
    """Return the address of `database` on the test server, for the application's role by default."""
    base = superuser_url.rsplit("/", 1)[0]
    if not superuser:
        base = base.replace("//postgres:", "//portevoix:")
    return f"{base}/{database}"


@pytest.fixture(scope="session")
def template_database(superuser_url: str) -> str:
    """Name of a database with all migrations applied, made once a session by whoever needs it first."""
    with psycopg.connect(superuser_url, autocommit=True) as admin:
        admin.execute("select pg_advisory_lock(%s)", [_TEMPLATE_LOCK])
        made = admin.execute("select 1 from pg_database where datname = %s", [_TEMPLATE]).fetchone()
        if not made:
            building = _TEMPLATE + "_building"
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(building)))
            _create(admin, building, "template1")
            _migrate(address_of(superuser_url, building))
            admin.execute(
                sql.SQL("alter database {} rename to {}").format(
                    sql.Identifier(building), sql.Identifier(_TEMPLATE)
                )
            )
    return _TEMPLATE


def _migrate(url: str) -> None:
    env = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"the migrations failed:\n{done.stdout}\n{done.stderr}", pytrace=False)


def _create(admin: psycopg.Connection[tuple[object, ...]], name: str, template: str) -> None:
    # Copying files is faster than the default (log every page) when fsync is off.
    admin.execute(
        sql.SQL("create database {} template {} strategy file_copy owner portevoix").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


@contextlib.contextmanager
def fresh_database(superuser_url: str, template: str) -> Iterator[str]:
    """Clone `template`, give the address of the clone, drop it afterwards."""
    name = f"t_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(superuser_url, autocommit=True) as admin:
        _create(admin, name, template)
    try:
        yield address_of(superuser_url, name)
    finally:
        _drop_later(superuser_url, name)


_left: list[str] = []


def _drop_later(superuser_url: str, name: str) -> None:
    """End the sessions on `name` now; drop it with the next one, when PostgreSQL need not wait for them."""
    with psycopg.connect(superuser_url, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        while _left:
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(_left.pop()))
            )
    _left.append(name)


@pytest.fixture
def database_url(superuser_url: str, template_database: str) -> Iterator[str]:
    """Address of a migrated database that this test alone uses."""
    with fresh_database(superuser_url, template_database) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(superuser_url: str, template_database: str) -> Iterator[str]:
    """Address of a migrated database that the tests of one module share."""
    with fresh_database(superuser_url, template_database) as url:
        yield url


@pytest.fixture
def empty_database_url(superuser_url: str) -> Iterator[str]:
    """Address of a database without any table."""
    with fresh_database(superuser_url, "template1") as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Open connection, without autocommit, to the database of `database_url`."""
    with psycopg.connect(database_url) as opened:
        yield opened


@pytest.fixture
def django_database(database_url: str) -> Iterator[str]:
    """Point Django's default connection at this test's own database."""
    yield from _django_on(database_url)


@pytest.fixture(scope="module")
def django_module_database(module_database_url: str) -> Iterator[str]:
    """Point Django's default connection at the database shared by this module's tests."""
    yield from _django_on(module_database_url)


def _django_on(url: str) -> Iterator[str]:
    import django

    # Taken back at the end: a program started by a later test would go to a database that is gone.
    before = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = url
    django.setup()
    from django.db import connections

    parts = psycopg.conninfo.conninfo_to_dict(url)
    wanted = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    default = connections["default"]
    default.close()
    default.settings_dict.update({key: str(parts[part]) for key, part in wanted.items()})
    try:
        yield url
    finally:
        connections.close_all()
        if before is None:
            del os.environ["DATABASE_URL"]
        else:
            os.environ["DATABASE_URL"] = before
