"""A whole centre as ``portevoix up`` runs it: database, bus, pages and all processes on one data directory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from own_server import ROOT
from services.ports import free_port, until

RUN = [sys.executable, "-c", "from portevoix.cli import main; raise SystemExit(main())"]


class WholeCentre:
    """``start`` returns when every process is ready."""

    def __init__(self, data: Path, log: Path, **extra: str) -> None:
        self.data = data
        self.log = log
        self.web_port, self.live_port, self.port = free_port(), free_port(), free_port()
        dropped = ("DATABASE_URL", "NATS_URL", "PORTEVOIX_RELAY")
        kept = {key: value for key, value in os.environ.items() if key not in dropped}
        self.environment = kept | {"PORTEVOIX_DATA": str(data), "PORTEVOIX_DOMAIN": "centre.example"} | extra
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pages(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def url(self) -> str:
        """The address of the database."""
        return str(self._kept()["DATABASE_URL"])

    def _kept(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "run" / "environment.json").read_text())
        return found

    def start(self) -> None:
        """Start everything."""
        command = [*RUN, "up", "--plain", "--data", str(self.data), "--port", str(self.web_port), "--live-port",
                   str(self.live_port), "--smtp-port", str(self.port)]  # fmt: skip
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, env=self.environment, stdout=out, stderr=out, cwd=ROOT)
        running = self.process
        until(
            lambda: "Portevoix is ready" in self.log.read_text() or running.poll() is not None,
            seconds=120, why=str(self.log),
        )  # fmt: skip
        assert running.poll() is None, self.log.read_text()

    def manage(self, code: str) -> None:
        """Run a few lines of Django in the centre."""
        self._ran([sys.executable, "-m", "django", "shell", "-c", code], self._kept())

    def doctor(self) -> dict[str, Any]:
        """Every verdict by its name."""
        done = subprocess.run(
            [*RUN, "doctor", "--json", "--data", str(self.data)], env=self.environment, cwd=ROOT,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.stdout, done.stderr
        return {verdict["name"]: verdict for verdict in json.loads(done.stdout)["checks"]}

    def _ran(self, command: list[str], env: dict[str, str]) -> None:
        done = subprocess.run(
            command, env=self.environment | env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
