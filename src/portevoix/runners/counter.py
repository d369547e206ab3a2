"""The counter of the mail room: mails queue here and are stored in batches, one transaction each.

The SMTP side is asynchronous, the database side is one thread with one connection. While a batch commits, the next
one gathers: the slower the disk, the larger the batches (group commit), so a waiting sender is never idle.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from portevoix.actions.intake import take_in
from portevoix.store import db

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portevoix.actions.inbound import Inbound, Taken
    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

#: A batch larger than this gains nothing and holds its locks for long.
BATCH = 32
_ATTEMPTS = 2
_READ_SECONDS = 3.0
_TELL_SECONDS = 0.02


class DatabaseAway(Exception):
    """Nothing was stored; the sender must try again later."""


@dataclass(slots=True)
class _Waiting:
    items: Sequence[Inbound]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[list[Taken]]
    work: Callable[[Connection], list[Taken]] | None = None  # instead of storing items


class Counter:
    """Start it, then ``await counter.take(items)``: returns once they are committed."""

    def __init__(
        self, on_stored: Callable[[], None], on_tick: Callable[[Connection], None], url: str | None = None
    ) -> None:
        self._queue: queue.Queue[_Waiting | None] = queue.Queue()
        self._on_stored = on_stored
        self._on_tick = on_tick
        self._url = url
        self._thread = threading.Thread(target=self._run, name="counter", daemon=True)
        self.up = threading.Event()
        self._told = 0.0

    def start(self) -> None:
        """Connect and begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Store what is queued, then end."""
        self._queue.put(None)
        self._thread.join(30)

    async def refresh(self) -> None:
        """Let ``on_tick`` run now; raises ``DatabaseAway``."""
        await self.take([])

    async def take(self, items: Sequence[Inbound]) -> list[Taken]:
        """Store; raises ``DatabaseAway`` when that is not possible now."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[Taken]] = loop.create_future()
        self._queue.put(_Waiting(items, loop, done))
        return await done

    async def do(self, work: Callable[[Connection], list[Taken]]) -> list[Taken]:
        """Run something rare on the counter's connection; it commits by itself. Raises as ``take``."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[Taken]] = loop.create_future()
        self._queue.put(_Waiting((), loop, done, work))
        return await done

    # --- on the counter's own thread -----------------------------------------------------------------

    def _run(self) -> None:
        stopping = False
        while not stopping:
            try:
                with contextlib.closing(db.connect(self._url, name="portevoix mail")) as conn:
                    self._on_tick(conn)
                    self.up.set()
                    stopping = self._serve(conn)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if self.up.is_set():
                    log.warning("mail: the database is away: %s", error)
                self.up.clear()
                stopping = self._refuse_for(1.0)

    def _serve(self, conn: Connection) -> bool:
        """Batch after batch; True when told to stop. Raises when the connection breaks."""
        while True:
            batch = self._gather(_READ_SECONDS)
            if batch is None:
                return True
            if batch:
                self._store(conn, batch)
            self._on_tick(conn)

    def _gather(self, seconds: float) -> list[_Waiting] | None:
        try:
            first = self._queue.get(timeout=seconds)
        except queue.Empty:
            return []
        if first is None:
            return None
        batch, count = [first], len(first.items)
        while count < BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            batch.append(more)
            count += len(more.items)
        return batch

    def _store(self, conn: Connection, batch: list[_Waiting]) -> None:
        works = [waiting for waiting in batch if waiting.work is not None]
        batch = [waiting for waiting in batch if waiting.work is None]
        items = [item for waiting in batch for item in waiting.items]
        for waiting in works:
            self._do(conn, waiting)
        if not items:  # somebody only wants to know what is new
            self._on_tick(conn)
            self._answer(batch, [])
            return
        try:
            taken = self._try(conn, items)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self._answer(batch, None)
            raise
        except Exception:
            # Our own mistake: the senders keep their mails and try again, the process goes on.
            log.exception("mail: a batch of %d could not be stored", len(items))
            self._answer(batch, None)
            return
        self._answer(batch, taken)
        # Readers of the log are told at least so often; when more is queued the next batch tells them.
        now = time.monotonic()
        if self._queue.empty() or now - self._told > _TELL_SECONDS:
            self._told = now
            self._on_stored()

    def _do(self, conn: Connection, waiting: _Waiting) -> None:
        assert waiting.work is not None
        try:
            taken = waiting.work(conn)
        except Exception:
            log.exception("mail: could not be put aside")
            self._settle_one(waiting, None)
            return
        self._settle_one(waiting, taken)

    @staticmethod
    def _settle_one(waiting: _Waiting, taken: list[Taken] | None) -> None:
        with contextlib.suppress(RuntimeError):
            waiting.loop.call_soon_threadsafe(_settle, [(waiting.done, taken)])

    @staticmethod
    def _try(conn: Connection, items: list[Inbound]) -> list[Taken]:
        for attempt in range(_ATTEMPTS):
            try:
                return take_in(conn, items)
            except (
                psycopg.errors.DeadlockDetected,
                psycopg.errors.SerializationFailure,
                psycopg.errors.LockNotAvailable,
            ):
                if attempt + 1 == _ATTEMPTS:
                    raise
        raise AssertionError

    @staticmethod
    def _answer(batch: list[_Waiting], taken: list[Taken] | None) -> None:
        at = 0
        by_loop: dict[
            asyncio.AbstractEventLoop, list[tuple[asyncio.Future[list[Taken]], list[Taken] | None]]
        ] = {}
        for waiting in batch:
            part = None if taken is None else taken[at : at + len(waiting.items)]
            at += len(waiting.items)
            by_loop.setdefault(waiting.loop, []).append((waiting.done, part))
        for loop, answers in by_loop.items():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, answers)

    def _refuse_for(self, seconds: float) -> bool:
        """While the database is away, answer at once that it is: SMTP 451. True when told to stop."""
        try:
            waiting = self._queue.get(timeout=seconds)
        except queue.Empty:
            return False
        if waiting is None:
            return True
        self._answer([waiting], None)
        return False


def _settle(answers: list[tuple[asyncio.Future[list[Taken]], list[Taken] | None]]) -> None:
    for future, taken in answers:
        if future.done():
            continue
        if taken is None:
            future.set_exception(DatabaseAway())
        else:
            future.set_result(taken)
