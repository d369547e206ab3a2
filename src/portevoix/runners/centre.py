"""What a running centre consists of: its data directory, its addresses, and the environment of its processes."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from portevoix.embedded import EmbeddedError
from portevoix.embedded.process import write_private

DEFAULT_PORT = 8000
DEFAULT_SMTP_PORT = 2525
# Handed from the caller's environment to the processes under another name, or set when absent.
_SMTP_SCHEME = "smtp://"


@dataclass(frozen=True)
class Places:
    """The files of one data directory."""

    data: Path

    @property
    def run(self) -> Path:
        """What describes the centre that runs now."""
        return self.data / "run"

    @property
    def status(self) -> Path:
        """The state of every process, for `portevoix doctor`."""
        return self.run / "status.json"

    @property
    def environment(self) -> Path:
        """The environment of the processes; private, since it holds the secrets."""
        return self.run / "environment.json"

    @property
    def secret(self) -> Path:
        """The secret that signs sessions and reply addresses; kept for good."""
        return self.data / "secret"

    def log(self, name: str) -> Path:
        """Where the output of process `name` goes."""
        return self.data / "log" / f"{name}.log"


@dataclass(frozen=True)
class Addresses:
    """Where the centre listens."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    live_port: int = DEFAULT_PORT + 1
    smtp_port: int = DEFAULT_SMTP_PORT

    @property
    def shown_host(self) -> str:
        """The name a browser on this machine uses."""
        return "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - compared only

    @property
    def web(self) -> str:
        """The address of the pages."""
        return f"http://{self.shown_host}:{self.port}"

    @property
    def live(self) -> str:
        """The address of the open connections."""
        return f"http://{self.shown_host}:{self.live_port}"


@dataclass
class Plan:
    """What `portevoix up` was asked for."""

    data: Path
    addresses: Addresses = field(default_factory=Addresses)
    relay: str | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def places(self) -> Places:
        """The files of this centre."""
        return Places(self.data)


def ensure_secret(path: Path) -> str:
    """Return the centre's secret, made on the first start. Losing it signs everybody out."""
    if path.exists():
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        kept = path.read_text(encoding="utf-8").strip()
        if kept:
            return kept
    made = secrets.token_urlsafe(48)
    write_private(path, made + "\n")
    return made


def environment(plan: Plan, database_url: str, nats_url: str) -> dict[str, str]:
    """Return the environment of every process of the centre. What the caller set already wins."""
    at = plan.addresses
    ours = {
        "PORTEVOIX_SECRET": os.environ.get("PORTEVOIX_SECRET") or ensure_secret(plan.places.secret),
        "PORTEVOIX_LIVE_URL": at.live,
        "PORTEVOIX_ORIGIN": at.web,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "portevoix.web.settings",
    }
    if plan.relay:
        ours["PORTEVOIX_RELAY"] = plan.relay
        ours["PORTEVOIX_ACCOUNT_SMTP"] = _SMTP_SCHEME + plan.relay
    told = {key: os.environ[key] for key in ours if key in os.environ}
    fixed = {
        "DATABASE_URL": database_url,
        "NATS_URL": nats_url,
        "PORTEVOIX_DATA": str(plan.data),
        "PORTEVOIX_PORT": str(at.port),
        "PORTEVOIX_LIVE_PORT": str(at.live_port),
        "PORTEVOIX_SMTP_PORT": str(at.smtp_port),
    }
    return {**os.environ, **ours, **told, **plan.extra, **fixed}


def keep_environment(places: Places, env: dict[str, str]) -> None:
    """Keep what `portevoix doctor` and other commands in a second terminal need to find the centre."""
    kept = {
        key: value
        for key, value in env.items()
        if key.startswith("PORTEVOIX_") or key in ("DATABASE_URL", "NATS_URL", "DJANGO_SETTINGS_MODULE")
    }
    write_private(places.environment, json.dumps(kept, indent=1))


def find_environment(places: Places) -> dict[str, str]:
    """Return the environment of the centre on this data directory; the caller's own variables win."""
    try:
        kept: dict[str, Any] = json.loads(places.environment.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    return {**{str(key): str(value) for key, value in kept.items()}, **os.environ}


def lock(places: Places) -> IO[str]:
    """Take the data directory for this process; the lock ends with it, however it ends."""
    places.run.mkdir(parents=True, exist_ok=True)
    handle = (places.run / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        holder = handle.read().strip() or "unknown"
        handle.close()
        msg = (
            f"a centre already runs on {places.data} (process {holder}); stop it first or give another --data"
        )
        raise EmbeddedError(msg) from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle
