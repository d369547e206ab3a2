"""Small Unix process tools shared by the embedded servers and the supervisor."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: dlopen in the child of a threaded parent could dead-lock.
_LIBC = ctypes.CDLL(None, use_errno=True)


class EmbeddedError(RuntimeError):
    """An embedded part cannot be used here; the text says what to do about it."""


def die_with_parent(sent: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that makes the kernel send `sent` to the child when its parent dies.

    The signal follows the death of the parent's *thread* (prctl(2)), so start such children from the
    main thread or from one that lives as long.
    """
    parent = os.getpid()

    def _in_child() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return _in_child


def free_port(preferred: int | None = None, host: str = "127.0.0.1") -> int:
    """Return `preferred` when nobody listens there, else a TCP port that is free at this moment."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    msg = "no TCP port is free"
    raise EmbeddedError(msg)


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something accepts TCP connections on `port`."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def wait_gone(pid: int, seconds: float) -> bool:
    """Wait until process `pid` (anybody's child) has ended; False when it still runs after `seconds`."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([watched], [], [], seconds)
        return bool(ready)
    finally:
        os.close(watched)


def command_of(pid: int) -> list[str]:
    """Return the argument list of a live process, empty when it is gone or a zombie."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [part.decode("utf-8", "replace") for part in raw.split(b"\0") if part]


def end_process(pid: int, polite: signal.Signals, seconds: float) -> None:
    """Ask `pid` to end with `polite`, and kill it when it has not after `seconds`."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, polite)
        if not wait_gone(pid, seconds):
            os.kill(pid, signal.SIGKILL)
            wait_gone(pid, 5)


def script_beside_python(name: str) -> Path:
    """Return the path of a program that a wheel put beside this interpreter."""
    found = Path(sys.executable).parent / name
    if not found.exists():
        msg = f"{name} is missing beside {sys.executable}: run `make setup` again"
        raise EmbeddedError(msg)
    return found


def write_private(path: Path, text: str) -> None:
    """Write `text` to a new file that only its owner can read (0600)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
