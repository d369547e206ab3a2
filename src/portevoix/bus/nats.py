"""NATS for synchronous code: the client lives on a thread of its own with its own event loop.

Reconnects for ever; what is told while the server is away is dropped once the client's small buffer is full,
which is all right (see the port).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from typing import TYPE_CHECKING

import nats
from nats.errors import Error as NatsError

from portevoix.bus.port import PUSH, WAKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from portevoix.bus.port import Listener

log = logging.getLogger(__name__)

#: A server that does not answer two of these is gone (RELIABILITY.md F45: noticed within 30 s).
PING_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_EARLY = 100
_DRAIN_SECONDS = 2.0


def url() -> str:
    """The bus's address from the environment."""
    return os.environ["NATS_URL"]


class NatsBus:
    """See ``Bus``. Usable at once: connecting goes on in the background."""

    def __init__(
        self, address: str | None = None, *, name: str = "portevoix", ping_seconds: float = PING_SECONDS
    ) -> None:
        self._address = address or url()
        self._name = name
        self._ping_seconds = ping_seconds
        self._client: Client | None = None
        self._subscriptions: list[tuple[str, Listener]] = []
        self._early: deque[tuple[str, bytes]] = deque(maxlen=_EARLY)
        self._begun: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)
        self._thread.start()

    def poke(self) -> None:
        """See ``Bus``."""
        self._publish(WAKE, b"")

    def tell(self, topic: str, payload: bytes) -> None:
        """See ``Bus``."""
        self._publish(f"{PUSH}.{topic}", payload)

    def listen(self, subject: str, listener: Listener) -> None:
        """See ``Bus``."""

        def later() -> None:
            self._subscriptions.append((subject, listener))
            if self._client is not None:
                self._keep(self._loop.create_task(self._subscribe(subject, listener)))

        self._call(later)

    def when_connected(self, call: Callable[[], None]) -> None:
        """See ``Bus``."""

        def later() -> None:
            self._begun.append(call)
            if self.connected():
                call()

        self._call(later)

    def connected(self) -> bool:
        """See ``Bus``."""
        return self._client is not None and self._client.is_connected

    def close(self) -> None:
        """See ``Bus``."""

        async def leave() -> None:
            if self._client is not None and self._client.is_connected:
                await self._client.drain()
            elif self._client is not None:
                await self._client.close()

        if not self._loop.is_running():
            return
        try:
            asyncio.run_coroutine_threadsafe(leave(), self._loop).result(_DRAIN_SECONDS)
        except (TimeoutError, NatsError, OSError) as error:  # OSError: the server was just going
            log.info("bus: left without drain (%s)", type(error).__name__)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_DRAIN_SECONDS)

    # --- on the bus's own thread -------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._connecting = self._loop.create_task(self._connect())
        self._loop.run_forever()

    async def _connect(self) -> None:
        while True:
            try:
                client = await nats.connect(
                    self._address,
                    name=self._name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RETRY_SECONDS,
                    ping_interval=self._ping_seconds,
                    max_outstanding_pings=2,
                    error_cb=_quiet,
                    allow_reconnect=True,
                    reconnected_cb=self._travels,
                )
            except (OSError, NatsError, TimeoutError):
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._client = client
            for subject, listener in self._subscriptions:
                await self._subscribe(subject, listener)
            while self._early:
                self._publish(*self._early.popleft())
            await self._travels()
            return

    async def _travels(self) -> None:
        for call in self._begun:
            call()

    async def _subscribe(self, subject: str, listener: Listener) -> None:
        async def heard(message: Msg) -> None:
            try:
                listener(message.subject, message.data)
            except Exception:
                log.exception("bus: a listener failed on %s", message.subject)

        if self._client is not None:
            await self._client.subscribe(subject, cb=heard)

    def _publish(self, subject: str, payload: bytes) -> None:
        async def send() -> None:
            if self._client is None:
                self._early.append(
                    (subject, payload)
                )  # a process that has just begun: told once it is connected
                return
            try:
                await self._client.publish(subject, payload)
            except NatsError:
                log.debug("bus: %s was not told", subject)

        self._call(lambda: self._keep(self._loop.create_task(send())))

    def _keep(self, task: asyncio.Task[None]) -> None:
        """The loop itself holds only a weak reference to a task."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _call(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            log.debug("bus: closed")


async def _quiet(error: Exception) -> None:
    log.info("bus: %s", str(error) or type(error).__name__)
