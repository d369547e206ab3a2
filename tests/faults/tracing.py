"""Faults of the kernel, given to a process by strace: a full disk, a slow one, one that lies."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from services.ports import until

WRITES = "write,writev,pwrite64,pwritev,pwritev2,fallocate,ftruncate"
SYNCS = "fsync,fdatasync,sync_file_range"


@functools.cache
def why_not() -> str:
    """Why strace cannot be used here; empty when it can."""
    if shutil.which("strace") is None:
        return "needs Debian's strace"
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    try:
        done = subprocess.run(
            ["timeout", "-s", "INT", "2", "strace", "-qq", "-o", "/dev/null", "-p", str(sleeper.pid)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        refused = "not permitted" in done.stderr or "denied" in done.stderr
        return f"this machine does not let strace look: {done.stderr.strip()}" if refused else ""
    finally:
        sleeper.kill()
        sleeper.wait()


def needs_strace() -> None:
    """Skip where processes may not be traced (some containers)."""
    if reason := why_not():
        pytest.skip(reason)


@contextlib.contextmanager
def injected(pids: Sequence[int], calls: str, fault: str) -> Iterator[subprocess.Popen[bytes]]:
    """Until the block ends, ``calls`` of these processes and of all that they fork meet ``fault``.

    ``fault`` is what strace takes after the names: ``error=ENOSPC``, ``delay_enter=400000`` (microseconds)...
    """
    needs_strace()
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"]  # fmt: skip
    command += [word for pid in pids for word in ("-p", str(pid))]
    tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until(
            lambda: tracer.poll() is not None or all(_traced(pid) for pid in pids), seconds=20, why="strace"
        )
        yield tracer
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(tracer.pid, signal.SIGINT)  # lets go of what it traces
        try:
            tracer.wait(20)
        except subprocess.TimeoutExpired:
            tracer.kill()
            tracer.wait(5)


def _traced(pid: int) -> bool:
    """Every thread of it, or it is gone."""
    try:
        tasks = [task / "status" for task in Path(f"/proc/{pid}/task").iterdir()]
        return all("TracerPid:\t0" not in task.read_text() for task in tasks)
    except (FileNotFoundError, ProcessLookupError):
        return True
