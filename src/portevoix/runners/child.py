"""One supervised process: started, watched, logged, restarted with back-off, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from portevoix.embedded.process import accepts, die_with_parent
from portevoix.runners.centre import Addresses
from portevoix.runners.logfile import LogFile
from portevoix.runners.parts import Part, command

READY_LINE = b"ready"
_LONGEST_LINE = 64 * 1024


class Child:
    """Keeps one part alive until told to stop.

    `state` is one of: waiting, starting, ready, restarting, failing, stopping, stopped.
    """

    def __init__(
        self, part: Part, at: Addresses, env: Mapping[str, str], log: Path, changed: Callable[[Child], None]
    ) -> None:
        """Describe the process; `keep` starts it."""
        self.part = part
        self.state = "waiting"
        self.note = ""
        self.pid: int | None = None
        self.restarts = 0
        self.since = time.time()
        self.log = log
        self._at = at
        self._env = dict(env)
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._first = asyncio.Event()

    async def keep(self) -> None:
        """Run the process again and again until `stop`; never faster than the restart policy allows."""
        young_deaths = 0
        out = LogFile(self.log)
        try:
            while not self._stopping.is_set():
                begun = time.monotonic()
                ended = await self._once(out)
                if self._stopping.is_set():
                    break
                lived = time.monotonic() - begun
                young_deaths = young_deaths + 1 if lived < self.part.restart.young else 1
                await self._rest(ended, lived, young_deaths, out)
        finally:
            self._set("stopped")
            out.close()

    async def settled(self) -> None:
        """Wait until the process was ready once, or failed so often that somebody must look."""
        await self._first.wait()

    async def stop(self) -> None:
        """Ask the process to end, and end its whole group when it does not in time."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._set("stopping")
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(_exited(process.pid), self.part.stop_seconds)
        except TimeoutError:
            self._set("stopping", f"did not end in {self.part.stop_seconds:.0f} s; killed")
        # Also after a clean end: a worker that its master forgot must not stay behind.
        _kill_group(process.pid)

    def row(self) -> dict[str, object]:
        """Return the state as one JSON object, for `portevoix doctor`."""
        return {
            "name": self.part.name, "state": self.state, "pid": self.pid, "restarts": self.restarts,
            "since": self.since, "note": self.note, "log": str(self.log),
        }  # fmt: skip

    async def _once(self, out: LogFile) -> int:
        self._set("starting" if self.state == "waiting" else "restarting")
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                *command(self.part, self._at),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self._env,
                limit=_LONGEST_LINE,
                # A group of its own: a Ctrl-C in the terminal reaches the supervisor alone.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        except OSError as error:  # no memory, no descriptors: like a process that died at once
            out.write(f"cannot be started: {error}\n".encode())
            return -1
        self.pid = process.pid
        self._changed(self)
        reading = asyncio.create_task(self._read(process, out))
        probing = asyncio.create_task(self._probe(process))
        try:
            await _exited(process.pid)
        finally:
            probing.cancel()
            _kill_group(process.pid)
        ended = await process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading, 2)
        self.pid = None
        return ended

    async def _read(self, process: asyncio.subprocess.Process, out: LogFile) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit: asyncio dropped it, the next one is fine
                line = b"(a very long line was left out)\n"
            if not line:
                return
            if self.part.port is None and line.strip() == READY_LINE:
                self._set("ready")
            else:
                out.write(line)

    async def _probe(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + self.part.start_seconds
        port = self.part.port(self._at) if self.part.port else None
        while self.state != "ready":
            if port is not None and accepts(port, self._at.shown_host):
                self._set("ready")
            elif time.monotonic() > deadline:
                self._set(self.state, f"not ready after {self.part.start_seconds:.0f} s; log: {self.log}")
                self._first.set()
                if port is None:
                    return
                deadline = float("inf")
            await asyncio.sleep(0.1)
        del process

    async def _rest(self, ended: int, lived: float, young_deaths: int, out: LogFile) -> None:
        self.restarts += 1
        how = f"killed by {signal.Signals(-ended).name}" if ended < 0 else f"ended with code {ended}"
        delay = self.part.restart.delay(young_deaths)
        out.write(
            f"supervisor: {self.part.name} {how} after {lived:.1f} s; next start in {delay:.1f} s\n".encode()
        )
        if young_deaths >= self.part.restart.limit:
            last = f"{how} {young_deaths} times, each within {self.part.restart.young:.0f} s of its start"
            self._set("failing", f"{last}; next try in {delay:.0f} s; log: {self.log}")
            self._first.set()
        else:
            self._set("restarting", how)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), delay)

    def _set(self, state: str, note: str = "") -> None:
        if state == "ready":
            self._first.set()
        if (state, note) != (self.state, self.note):
            self.state, self.note, self.since = state, note, time.time()
            self._changed(self)


async def _exited(pid: int) -> None:
    """Wait for the end of the process itself.

    asyncio's own `wait` also waits for the pipe to close (seen on 3.11), and a worker that outlives its
    master holds the pipe open: exactly the case in which the group must be ended from here.
    """
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(watched, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(watched)
        os.close(watched)


def _kill_group(pid: int) -> None:
    # The process leads a session of its own, so its group has its number (setsid(2)).
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
