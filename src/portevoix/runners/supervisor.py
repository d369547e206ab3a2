"""Runs a whole centre: database, bus, migrations, every process; and stops all of it in order.

The order of a start: PostgreSQL, NATS, migrations and static files, then every process at once.
The order of a stop: the processes as they stand in the table, then NATS, then PostgreSQL.
Everything is started from the main thread: the kernel ends a child when the *thread* that made it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from portevoix.embedded import EmbeddedError, EmbeddedNats, EmbeddedPostgres
from portevoix.embedded.process import end_process
from portevoix.runners import centre
from portevoix.runners.child import Child
from portevoix.runners.parts import PARTS, Part
from portevoix.runners.screen import Row, Screen

Server = EmbeddedPostgres | EmbeddedNats
_WATCH_SECONDS = 0.5


class Supervisor:
    """One run of a centre. `started` is called once every process was ready or known to fail."""

    def __init__(
        self,
        plan: centre.Plan,
        screen: Screen,
        *,
        parts: Sequence[Part] = PARTS,
        started: Callable[[Supervisor], Awaitable[None]] | None = None,
        prepare: bool = True,
    ) -> None:
        """Describe the run; `run` does it."""
        self.plan = plan
        self.screen = screen
        self.env: dict[str, str] = {}
        self.children: list[Child] = []
        self._parts = parts
        self._started = started
        self._prepare = prepare
        self._servers: list[tuple[str, Server]] = []
        self._stop = asyncio.Event()
        self._begun = time.time()
        self._stopping = False

    def ask_to_stop(self) -> None:
        """Stop after what is being done now."""
        self._stop.set()

    async def run(self) -> int:
        """Start everything, watch it until told to stop, stop it; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        held = centre.lock(self.plan.places)
        keeping: list[asyncio.Task[None]] = []
        try:
            self._end_leftovers()
            self._start_servers()
            if self._prepare and not self._stop.is_set():
                await self._step("prepare", "migrations and static files", self._prepare_database)
            if not self._stop.is_set():
                keeping = self._start_children()
                await self._until_started(keeping)
            await self._watch(keeping)
        finally:
            await self._end(keeping)
            held.close()
        return 0

    def write_status(self) -> None:
        """Leave the state where `portevoix doctor` reads it; never half written."""
        at = self.plan.addresses
        state = {
            "pid": os.getpid(),
            "since": self._begun,
            "stopping": self._stopping,
            "web": at.web,
            "smtp": f"{at.shown_host}:{at.smtp_port}",
            "servers": [
                {"name": name, "pid": server.pid, "port": server.port} for name, server in self._servers
            ],
            "parts": [child.row() for child in self.children],
        }
        target = self.plan.places.status
        partial = target.with_suffix(".new")
        with contextlib.suppress(OSError):  # a full disk must not stop the centre
            partial.write_text(json.dumps(state, indent=1), encoding="utf-8")
            partial.replace(target)

    # -- starting ------------------------------------------------------------------------------------------

    def _start_servers(self) -> None:
        places = self.plan.places
        database, bus = os.environ.get("DATABASE_URL"), os.environ.get("NATS_URL")
        if database:
            self.screen.put(Row("database", "DATABASE_URL", "done", "the one that DATABASE_URL names"))
        else:
            server = EmbeddedPostgres(
                self.plan.data, port=self._last_port("database"), log=places.log("postgresql")
            )
            database = self._start_server("database", "PostgreSQL", server)
        if bus:
            self.screen.put(Row("bus", "NATS_URL", "done", "the one that NATS_URL names"))
        else:
            nats = EmbeddedNats(self.plan.data, port=self._last_port("bus"), log=places.log("nats"))
            bus = self._start_server("bus", "NATS", nats)
        self.env = centre.environment(self.plan, database, bus)
        centre.keep_environment(places, self.env)

    def _start_server(self, name: str, purpose: str, server: Server) -> str:
        self.screen.put(Row(name, purpose, "starting"))
        url = server.start()
        self._servers.append((name, server))
        self.screen.put(Row(name, purpose, "ready", f"embedded, port {server.port}", pid=server.pid))
        return url

    def _last_port(self, name: str) -> int | None:
        """Keep the port of the last run where it is free: a psql in another window goes on."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self.plan.places.status.read_text(encoding="utf-8"))
            return next((int(row["port"]) for row in kept["servers"] if row["name"] == name), None)
        return None

    def _end_leftovers(self) -> None:
        """End processes of an earlier run that was killed in a way that left them."""
        try:
            rows = json.loads(self.plan.places.status.read_text(encoding="utf-8"))["parts"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        mark = f"PORTEVOIX_DATA={self.plan.data}".encode()
        for row in rows:
            pid = row.get("pid")
            with contextlib.suppress(OSError, TypeError):
                if mark in Path(f"/proc/{int(pid)}/environ").read_bytes().split(b"\0"):
                    end_process(int(pid), signal.SIGTERM, 10)

    async def _step(self, name: str, purpose: str, work: Callable[[], Awaitable[None]]) -> None:
        self.screen.put(Row(name, purpose, "starting"))
        begun = time.monotonic()
        await work()
        if not self._stop.is_set():
            self.screen.put(Row(name, purpose, "done", f"{purpose} in {time.monotonic() - begun:.1f} s"))

    async def _prepare_database(self) -> None:
        if importlib.util.find_spec("portevoix.web") is None:
            return
        steps = (
            ["migrate", "--verbosity=0", "--skip-checks"],
            ["collectstatic", "--verbosity=0", "--no-input", "--skip-checks"],
        )
        for step in steps:
            code, said = await self._django(step)
            if self._stop.is_set():
                return
            if code:
                log = self.plan.places.log("prepare")
                log.write_text(said, encoding="utf-8")
                last = said.strip().splitlines()[-1] if said.strip() else f"code {code}"
                msg = f"`{step[0]}` failed: {last}\nThe whole text is in {log}"
                raise EmbeddedError(msg)

    async def _django(self, words: list[str]) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "django", *words,
            env=self.env, stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        talking = asyncio.create_task(process.communicate())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({talking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not talking.done():
            process.terminate()
        said, _ = await talking
        return process.returncode or 0, said.decode("utf-8", "replace")

    def _start_children(self) -> list[asyncio.Task[None]]:
        for part in self._parts:
            log = self.plan.places.log(part.name)
            self.children.append(Child(part, self.plan.addresses, self.env, log, self._changed))
        return [asyncio.create_task(child.keep(), name=child.part.name) for child in self.children]

    async def _until_started(self, keeping: Sequence[asyncio.Task[None]]) -> None:
        settled = asyncio.gather(*(child.settled() for child in self.children))
        stopping = asyncio.create_task(self._stop.wait())
        waited: set[asyncio.Future[Any]] = {settled, stopping, *keeping}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not settled.done():
            settled.cancel()
            return
        if self._started is not None:
            await self._started(self)

    # -- watching ------------------------------------------------------------------------------------------

    async def _watch(self, keeping: Sequence[asyncio.Task[None]]) -> None:
        """Until told to stop: draw, and bring the servers back when they die."""
        deaths = dict.fromkeys((name for name, _ in self._servers), 0)
        not_before = dict.fromkeys(deaths, 0.0)
        while not self._stop.is_set():
            for task in keeping:
                if task.done() and task.exception() is not None:
                    task.result()  # a fault of ours: end loudly rather than watch nothing
            for name, server in self._servers:
                if server.pid is None and time.monotonic() >= not_before[name]:
                    deaths[name] += 1
                    not_before[name] = time.monotonic() + min(60.0, 2.0 ** deaths[name])
                    self._revive(name, server, deaths[name])
            self.screen.refresh()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _WATCH_SECONDS)

    def _revive(self, name: str, server: Server, deaths: int) -> None:
        purpose = "PostgreSQL" if name == "database" else "NATS"
        row = Row(name, purpose, "restarting", "ended; starting again", restarts=deaths)
        self.screen.put(row)
        port = server.port
        try:
            server.start()
        except EmbeddedError as error:
            self.screen.put(Row(name, purpose, "failing", str(error), restarts=deaths))
            return
        if server.port != port:
            # Every process knows the old address; this run cannot go on in one piece.
            self.screen.say(f"{purpose} lost its port {port}; stop and start the centre again.")
        self.screen.put(
            Row(name, purpose, "ready", f"embedded, port {server.port}", restarts=deaths, pid=server.pid)
        )
        self.write_status()

    def _changed(self, child: Child) -> None:
        note = child.note
        self.screen.put(
            Row(
                child.part.name, child.part.purpose, child.state, note, child.since, child.restarts, child.pid
            )
        )
        self.write_status()

    # -- stopping ------------------------------------------------------------------------------------------

    async def _end(self, keeping: Sequence[asyncio.Task[None]]) -> None:
        self._stopping = True
        self.screen.footer = "Stopping..."
        self.write_status()
        for child in self.children:
            await child.stop()
        await asyncio.gather(*keeping, return_exceptions=True)
        for name, server in reversed(self._servers):
            purpose = "PostgreSQL" if name == "database" else "NATS"
            self.screen.put(Row(name, purpose, "stopping"))
            server.stop()
            self.screen.put(Row(name, purpose, "stopped"))
        self.screen.footer = ""
        with contextlib.suppress(OSError):
            self.write_status()
            self.plan.places.environment.unlink(missing_ok=True)
