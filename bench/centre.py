"""A centre of its own for a benchmark: durable PostgreSQL, NATS, migrations, lines and doors, real runner processes."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

from portevoix.embedded import EmbeddedNats, EmbeddedPostgres, free_port
from portevoix.store import db

ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

_LINE = """insert into line (id, slug, name, language, time_zone, holiday_region, active, target_minutes, offer_seconds,
  preferred_seconds, wrap_up_seconds, sender_name, signature, ack_active, ack_text, service_name, service_address,
  service_phone, silence, silence_months, appeal_text)
values (%s, %s, %s, 'fr', 'Europe/Paris', 'metropole', true, 960, 600, 300, 120, '', '', false, '', '', '', '', 'none', 2, '')"""
_DOOR = """insert into door (id, line_id, kind, address, active, reply_token, imap_host, imap_port, imap_tls, imap_user,
  imap_secret, imap_folder) values (%s, %s, 'mail', %s, true, true, '', 993, true, '', '', 'INBOX')"""


def machine() -> dict[str, Any]:
    """What the figures were taken on, and how busy it was with other things."""
    model = "unknown"
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "cores": os.cpu_count(), "processor": model, "system": platform.platform(), "python": platform.python_version(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }  # fmt: skip


class Process:
    """One of our processes; ready when it says so (or listens)."""

    def __init__(self, argv: list[str], env: dict[str, str], log: Path, *, port: int | None = None) -> None:
        with log.open("ab") as errors:
            self.child = subprocess.Popen(
                [sys.executable, *argv], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self._log = log
        if port is None:
            self._wait_ready()
        else:
            self._wait_port(port)

    def _wait_ready(self) -> None:
        assert self.child.stdout is not None
        line = self.child.stdout.readline().strip()
        if line != "ready":
            raise SystemExit(f"{self.child.args!r} did not start: {self._log.read_text('utf-8')[-2000:]}")
        threading.Thread(target=self.child.stdout.read, daemon=True).start()

    def _wait_port(self, port: int) -> None:
        import time

        from portevoix.embedded.process import accepts

        assert self.child.stdout is not None
        threading.Thread(target=self.child.stdout.read, daemon=True).start()
        end = time.monotonic() + 60
        while not accepts(port):
            if self.child.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{self.child.args!r} did not start: {self._log.read_text('utf-8')[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """SIGTERM, then wait."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(10)


def family(pid: int) -> list[int]:
    """The process and those it started."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return [pid, *(below for child in text.split() for below in family(int(child)))]
    return [pid]


def cpu(pids: list[int]) -> float:
    """Processor seconds used so far, with those of children that ended."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
            total += sum(int(ticks) for ticks in fields[11:15]) / _TICKS
    return total


def resident(pids: list[int]) -> float:
    """Megabytes of memory in use, shared pages left out."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/statm").read_text("ascii").split()
            total += (int(fields[1]) - int(fields[2])) * _PAGE
    return total / 2**20


class Centre:
    """Use as a context manager."""

    def __init__(self, home: Path | None = None, *, keep: bool = False) -> None:
        self.home = home or Path(tempfile.mkdtemp(prefix="portevoix-bench-"))
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o755)  # PostgreSQL runs as another user when this runs as root
        self._keep = keep
        self.postgres = EmbeddedPostgres(self.home / "db")
        self.nats = EmbeddedNats(self.home / "nats")
        self.processes: list[Process] = []
        self.smtp_port = 0
        self.env: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self) -> None:
        url = self.postgres.start()
        self.smtp_port = free_port(None)
        self.env = {
            **os.environ,
            "DATABASE_URL": url,
            "NATS_URL": self.nats.start(),
            "PORTEVOIX_SECRET": secrets.token_urlsafe(48),
            "PORTEVOIX_DATA": str(self.home / "data"),
            "PORTEVOIX_DOMAIN": "centre.example",
            "PORTEVOIX_SMTP_PORT": str(self.smtp_port),
            "PORTEVOIX_LOG": "WARNING",
            "DJANGO_SETTINGS_MODULE": "portevoix.web.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"], env=self.env, check=True
        )

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.stop()
        self.nats.stop()
        self.postgres.stop()
        if not self._keep:
            shutil.rmtree(self.home, ignore_errors=True)

    @property
    def url(self) -> str:
        """Of the database."""
        return self.env["DATABASE_URL"]

    def connect(self) -> db.Connection:
        """To the database, without time limits."""
        return db.connect(self.url, name="bench", session="-c timezone=UTC")

    def lines(self, slugs: list[str]) -> list[str]:
        """Lay lines with a door each; gives the addresses."""
        doors = [f"{slug}@centre.example" for slug in slugs]
        with contextlib.closing(self.connect()) as conn:
            for number, (slug, door) in enumerate(zip(slugs, doors, strict=True), 1):
                conn.execute(_LINE, [number, slug, slug.capitalize()])
                conn.execute(_DOOR, [number, number, door])
        return doors

    def start(self, name: str, argv: list[str], *, port: int | None = None, **extra: str) -> Process:
        """Start ``python argv``."""
        process = Process(argv, {**self.env, **extra}, self.home / f"{name}.log", port=port)
        self.processes.append(process)
        return process

    def runner(self, name: str, **extra: str) -> Process:
        """Start one of our runners."""
        return self.start(name, ["-m", f"portevoix.runners.{name}"], **extra)

    def stop(self, process: Process) -> None:
        """Stop one process."""
        process.stop()
        self.processes.remove(process)

    def database_cpu(self) -> float:
        """Processor seconds of PostgreSQL so far."""
        assert self.postgres.pid is not None
        return cpu(family(self.postgres.pid))
