"""The process with the open connections, and the one that tells it what happened, which a test may stop and start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping


class Live:
    """The process with the open connections."""

    def __init__(self, port: int, environment: Mapping[str, str]) -> None:
        self.port, self.environment = port, environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; browsers come by themselves."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "portevoix.realtime.app:app", f"--port={self.port}", "--log-level=warning"],
            env=dict(self.environment),
        )  # fmt: skip

    def stop(self) -> None:
        """Kill it, as a fault would."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
        self.process = None


class Runner:
    """A runner of the product, from ``ready`` to its end."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"portevoix.runners.{name}"], env=dict(environment), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
        raise AssertionError(f"{name} ended before it was ready")

    def stop(self) -> None:
        """Ask it to end."""
        self.process.terminate()
        self.process.wait(20)
