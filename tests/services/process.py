"""Our own processes as the supervisor starts them, each on ports and a database of the test."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from services.ports import until


class Process:
    """``python -m portevoix.runners.<name>``; ``start`` returns once it says ready."""

    def __init__(self, name: str, **environment: str) -> None:
        self.name = name
        self.environment = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
        self.log = Path(tempfile.mkstemp(prefix=f"portevoix-{name}-", suffix=".log")[1])
        self.child: subprocess.Popen[bytes] | None = None
        self.command = [sys.executable, "-m", f"portevoix.runners.{name}"]

    def start(self) -> Process:
        """Start it."""
        before = self.log.stat().st_size
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(self.command, stdout=out, stderr=out, env=self.environment)
        until(lambda: "ready" in self.text(before).split("\n") or not self.alive(), why=str(self.log))
        assert self.alive(), self.text()
        return self

    def alive(self) -> bool:
        """Whether it runs."""
        return self.child is not None and self.child.poll() is None

    def text(self, since: int = 0) -> str:
        """What it wrote."""
        return self.log.read_bytes()[since:].decode(errors="replace")

    def keep_alive(self) -> threading.Event:
        """Start it again whenever it dies, as the supervisor does, until the event is set."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.05):
                if not self.alive():
                    with contextlib.suppress(AssertionError):  # killed again before it was ready
                        self.start()

        threading.Thread(target=watch, daemon=True).start()
        return done

    def kill(self) -> None:
        """kill -9."""
        assert self.child is not None
        self.child.kill()
        self.child.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.child is None:
            return 0
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
