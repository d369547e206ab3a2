"""The counter of the mail room: mails queue here and are stored in batches, one transaction each.

All on the event loop's own thread: while PostgreSQL stores a batch the process waits, and the next mails gather in
the kernel. With a thread for the database the two took turns at Python's one lock, which cost a third more per mail
and made the batches half as large; a second mail process uses the other core (docs/decisions/0006-counter.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import psycopg

from portevoix.actions.intake import take_in
from portevoix.store import db

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portevoix.actions.inbound import Inbound, Taken
    from portevoix.store.db import Connection

log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: A batch larger than this gains nothing and holds its locks for long.
BATCH: Final = 32
_ATTEMPTS: Final = 2
_TICK_SECONDS: Final = 3.0
_AGAIN_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 30.0
#: Turns of the event loop without a further mail: what the kernel held has been read.
_QUIET_TURNS: Final = 3
#: How long a batch waits for as many mails as came together lately, and how often it looks.
_GATHER_SECONDS: Final = 0.003
_LOOK_SECONDS: Final = 0.0004
#: Readers of the log are told at most so often; each telling wakes all of them.
_TELL_SECONDS: Final = 0.03


class DatabaseAway(Exception):
    """Nothing was stored; the sender must try again later."""


@dataclass(slots=True)
class _Waiting:
    items: Sequence[Inbound]
    done: asyncio.Future[list[Taken]]


class Counter:
    """Start it, then ``await counter.take(items)``: returns once they are committed.

    ``on_tick`` gets the connection after each batch and every few seconds. All but ``start`` is for the loop's thread.
    """

    def __init__(
        self, on_stored: Callable[[], None], on_tick: Callable[[Connection], None], url: str | None = None
    ) -> None:
        self._on_stored = on_stored
        self._on_tick = on_tick
        self._url = url
        self._conn: Connection | None = None
        self._waiting: list[_Waiting] = []
        self._usual = 1.0
        self._stopping = False
        self._told = float("-inf")
        self._telling = False
        self._loop: asyncio.AbstractEventLoop
        self._empty = asyncio.Event()  # nobody waits
        self._empty.set()
        self.up = threading.Event()

    def start(self) -> None:
        """Connect and begin, in the background. Call it on the loop that will ``take``."""
        self._loop = asyncio.get_running_loop()
        self._connect()
        self._loop.call_later(_TICK_SECONDS, self._tick_now_and_then)

    async def stop(self) -> None:
        """Store what is queued, then end."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), _STOP_SECONDS)
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    async def refresh(self) -> None:
        """Let ``on_tick`` run now; raises ``DatabaseAway``."""
        self._with(self._on_tick)

    async def take(self, items: Sequence[Inbound]) -> list[Taken]:
        """Store; raises ``DatabaseAway`` when that is not possible now."""
        if self._conn is None:
            raise DatabaseAway
        done: asyncio.Future[list[Taken]] = self._loop.create_future()
        self._waiting.append(_Waiting(items, done))
        self._empty.clear()
        if len(self._waiting) == 1:
            self._loop.call_soon(self._gather, self._loop.time(), 1, 0)
        return await done

    async def do(self, work: Callable[[Connection], list[Taken]]) -> list[Taken]:
        """Run something rare on the counter's connection; it commits by itself. Raises as ``take``."""
        return self._with(work)

    # --- batches ---------------------------------------------------------------------------------------

    def _gather(self, begun: float, seen: int, quiet: int) -> None:
        """Wait until no further mail comes, or a moment longer when more came together lately."""
        count = len(self._waiting)
        quiet = quiet + 1 if count == seen else 0
        if count < BATCH and quiet < _QUIET_TURNS:
            self._loop.call_soon(self._gather, begun, count, quiet)
        elif count < min(BATCH, int(self._usual)) and self._loop.time() - begun < _GATHER_SECONDS:
            self._loop.call_later(_LOOK_SECONDS, self._gather, begun, count, quiet)
        else:
            self._store()

    def _store(self) -> None:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        self._usual = max(float(len(batch)), self._usual * 0.9)
        if self._waiting:
            self._loop.call_soon(self._gather, self._loop.time(), len(self._waiting), 0)
        else:
            self._empty.set()
        items = [item for waiting in batch for item in waiting.items]
        try:
            taken = self._with(lambda conn: self._try(conn, items))
        except DatabaseAway:
            taken = None
        except Exception:
            # Our own mistake: the senders keep their mails and try again, the process goes on.
            log.exception("mail: a batch of %d could not be stored", len(items))
            taken = None
        self._answer(batch, taken)
        if taken is not None:
            self._tell_soon()
            with contextlib.suppress(DatabaseAway):
                self._with(self._on_tick)

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            self._loop.call_later(max(0.0, self._told + _TELL_SECONDS - self._loop.time()), self._tell)

    def _tell(self) -> None:
        self._telling, self._told = False, self._loop.time()
        self._on_stored()

    @staticmethod
    def _try(conn: Connection, items: list[Inbound]) -> list[Taken]:
        for attempt in range(_ATTEMPTS):  # each has rolled back what it began
            try:
                return take_in(conn, items)
            except (
                psycopg.errors.DeadlockDetected,
                psycopg.errors.SerializationFailure,
                psycopg.errors.LockNotAvailable,
            ) as error:
                log.warning("mail: a batch of %d met a lock (try %d): %s", len(items), attempt + 1, error)
        # Only this batch is refused: the connection is sound, and the next one may touch other matters.
        raise DatabaseAway

    @staticmethod
    def _answer(batch: list[_Waiting], taken: list[Taken] | None) -> None:
        at = 0
        for waiting in batch:
            if waiting.done.done():  # the client has gone
                at += len(waiting.items)
                continue
            if taken is None:
                waiting.done.set_exception(DatabaseAway())
            else:
                waiting.done.set_result(taken[at : at + len(waiting.items)])
            at += len(waiting.items)

    # --- the connection ----------------------------------------------------------------------------------

    def _with(self, work: Callable[[Connection], _T]) -> _T:
        """Do it with the connection; raises ``DatabaseAway`` when that breaks or is broken."""
        if self._conn is None:
            raise DatabaseAway
        try:
            return work(self._conn)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._lost(error)
            raise DatabaseAway from error

    def _lost(self, error: Exception) -> None:
        log.warning("mail: the database is away: %s", error)
        self.up.clear()
        conn, self._conn = self._conn, None
        with contextlib.suppress(Exception):
            if conn is not None:
                conn.close()
        left, self._waiting = self._waiting, []
        self._empty.set()
        self._answer(left, None)
        self._connect()

    def _connect(self) -> None:
        threading.Thread(target=self._try_to_connect, name="counter", daemon=True).start()

    def _try_to_connect(self) -> None:
        """On a thread of its own, for connecting may take seconds; meanwhile mails are refused with 451."""
        while not self._stopping:
            try:
                conn = db.connect(self._url, name="portevoix mail")
                conn.prepare_threshold = None  # see store/binary.py
                self._on_tick(conn)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                time.sleep(_AGAIN_SECONDS)
                continue
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._connected, conn)
            return

    def _connected(self, conn: Connection) -> None:
        if self._stopping:
            conn.close()
            return
        self._conn = conn
        self.up.set()

    def _tick_now_and_then(self) -> None:
        with contextlib.suppress(DatabaseAway):
            self._with(self._on_tick)
        if not self._stopping:
            self._loop.call_later(_TICK_SECONDS, self._tick_now_and_then)
