"""The declared table of the processes of a centre. Adding one means adding a row."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portevoix.runners.centre import Addresses

_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes an unlinked file there itself


@dataclass(frozen=True)
class Restart:
    """When a process that died is started again. Seconds throughout.

    The first restart is nearly at once (a crash under load must cost less than 5 s); a process that keeps
    dying young is tried ever less often, and after `limit` such deaths only every `pause`.
    """

    first: float = 0.2
    factor: float = 2.0
    slowest: float = 4.0
    young: float = 10.0
    limit: int = 6
    pause: float = 60.0

    def delay(self, young_deaths: int) -> float:
        """Return how long to wait after the n-th death in a row within `young` seconds of its start."""
        if young_deaths >= self.limit:
            return self.pause
        return min(self.slowest, self.first * self.factor ** max(0, young_deaths - 1))


@dataclass(frozen=True)
class Part:
    """One process: what it is for, how it starts, how we know that it works.

    Ready is the TCP port that `port` names accepting connections, or without one the line `ready`.
    """

    name: str
    purpose: str
    module: str
    argv: Callable[[Addresses], list[str]]
    port: Callable[[Addresses], int] | None = None
    restart: Restart = Restart()
    start_seconds: float = 60.0
    stop_seconds: float = 15.0


def _web(at: Addresses) -> list[str]:
    workers = min(4, max(2, os.cpu_count() or 2))
    return [
        "gunicorn", "portevoix.web.wsgi:application", "--bind", f"{at.host}:{at.port}",
        "--worker-class", "gthread", "--workers", str(workers), "--threads", "4", "--keep-alive", "30",
        # Workers tell gunicorn that they live through a file: in memory, or a slow disk looks like a hang.
        "--worker-tmp-dir", tempfile.gettempdir() if not _MEMORY.is_dir() else str(_MEMORY),
        "--timeout", "60", "--graceful-timeout", "10", "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip


def _live(at: Addresses) -> list[str]:
    return [
        "uvicorn", "portevoix.realtime.app:app", "--host", at.host, "--port", str(at.live_port),
        "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-access-log",
        "--log-level", "warning", "--timeout-graceful-shutdown", "2",
    ]  # fmt: skip


def _runner(name: str, purpose: str) -> Part:
    module = f"portevoix.runners.{name}"
    return Part(name, purpose, module, lambda _at: [module])


# In the order in which they are shown and started; they are stopped in this order too, so that no new
# work comes in while the rest finishes.
PARTS: tuple[Part, ...] = (
    Part("web", "pages", "portevoix.web.wsgi", _web, port=lambda at: at.port),
    Part(
        "live",
        "open connections of the browsers",
        "portevoix.realtime.app",
        _live,
        port=lambda at: at.live_port,
    ),
    _runner("mail", "receives mail (SMTP)"),
    _runner("imap", "fetches mail from mailboxes"),
    _runner("router", "offers each contact to the right person"),
    _runner("herald", "tells the browsers what is new"),
    _runner("outbox", "sends mail"),
    _runner("timers", "wakes what has waited long enough"),
    _runner("studies", "plays what supervisors want to try"),
)

# Only in the demonstration: where the answers arrive.
MAILBOX = _runner("mailbox", "receives what the demonstration sends")


def command(part: Part, at: Addresses) -> list[str]:
    """Return the whole command line of a part."""
    return [sys.executable, "-m", *part.argv(at)]
