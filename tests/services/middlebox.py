"""What stands between two machines and may forget what it carried: takes bytes, passes none on, closes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Middlebox:
    """Listens on ``port`` and carries to ``target`` on this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open = asyncio.Event()
        self._forgotten: list[asyncio.StreamWriter] = []
        self._carried: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self._begin())

    async def _begin(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def _do(self, what):
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            both = [
                asyncio.ensure_future(self._pass(reader, far_writer)),
                asyncio.ensure_future(self._pass(far_reader, writer)),
            ]
            self._carried.update(both)
            await asyncio.wait(both)
            self._carried.difference_update(both)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
                writer.close()
        except asyncio.CancelledError:
            self._forgotten.append(writer)  # open for ever, and nobody reads

    def forget(self) -> int:
        """Everything carried now is forgotten, and nothing new gets through until ``remember``. Gives how many ways."""

        async def do() -> int:
            self._open.clear()
            carried = list(self._carried)
            for task in carried:
                task.cancel()
            return len(carried)

        return self._do(do())

    def remember(self) -> None:
        """New connections get through; those forgotten stay so."""
        self._loop.call_soon_threadsafe(self._open.set)

    def stop(self) -> None:
        """End."""

        async def end() -> None:
            self._server.close()
            for writer in self._forgotten:
                writer.close()

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
