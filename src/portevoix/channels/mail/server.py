"""SMTP and LMTP servers on aiosmtpd, with a DATA of our own.

aiosmtpd reads a mail line by line and refuses a line over 1,000 characters, which real mails have. This reads
up to the closing dot in large pieces: ten times less work for the event loop, and any line length. The end of a mail
is exactly CR LF . CR LF (RFC 5321 4.1.1.4): a bare LF never ends it, so nobody smuggles a second mail in.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, syntax

if TYPE_CHECKING:
    from collections.abc import Callable

_END: Final = b".\r\n"
_STEP: Final = 256 * 1024
#: Whoever sends less than this within the time-out of a command is no mail server but holds a place.
_PROGRESS: Final = 64 * 1024
#: A connection that brings no mail for so long is closed, however busily it says NOOP.
PATIENCE_SECONDS: Final = 600.0
_FULL: Final = (
    b"421 4.7.0 Too many connections, try again later / trop de connexions, reessayez plus tard\r\n"
)


class Gate:
    """How many connections there may be, together and from one address. Only for the event loop's thread."""

    def __init__(self, most: int, per_peer: int) -> None:
        self._most = most
        self._per_peer = per_peer
        self._open: dict[str, int] = {}
        self.count = 0

    def enter(self, peer: str) -> bool:
        """One more, if there is room."""
        if self.count >= self._most or self._open.get(peer, 0) >= self._per_peer:
            return False
        self.count += 1
        self._open[peer] = self._open.get(peer, 0) + 1
        return True

    def leave(self, peer: str) -> None:
        """One less."""
        self.count -= 1
        self._open[peer] -= 1
        if not self._open[peer]:
            del self._open[peer]


async def read_data(
    reader: asyncio.StreamReader, limit: int, progress: Callable[[], None] | None = None
) -> bytes | None:
    """The mail up to its closing dot, transparency undone (RFC 5321 4.5.2); None when it is larger than ``limit``.

    ``progress`` is called whenever a good piece has come. Raises ``asyncio.IncompleteReadError`` when the client goes away in the middle.
    """
    pieces: list[bytes] = []
    size = told = 0
    while True:
        try:
            piece = await reader.readuntil(_END)
        except asyncio.LimitOverrunError as error:
            piece = await reader.readexactly(max(error.consumed, 1))
            ended = False
        else:
            ended = piece.endswith(b"\r\n.\r\n") or (
                piece == _END and (not pieces or pieces[-1].endswith(b"\r\n"))
            )
            if not ended and len(piece) < 5 and pieces:
                # The dot's CR LF came with the piece before.
                ended = (pieces[-1][-2:] + piece).endswith(b"\r\n.\r\n")
        size += len(piece)
        if progress is not None and size - told >= _PROGRESS:
            told = size
            progress()
        if size > limit + 5:
            pieces = pieces[-1:]
        pieces.append(piece)
        if ended:
            break
    if size > limit + 5:
        return None
    data = b"".join(pieces)[: -len(_END)]
    if data.startswith(b"."):
        data = data[1:]
    return data.replace(b"\r\n..", b"\r\n.") if b"\r\n.." in data else data


#: A path as nearly every client writes it (RFC 5321 4.1.2); the rest goes through aiosmtpd's full parser.
_PATH: Final = re.compile(r"<([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255})>(.*)", re.DOTALL)


class _BulkData:
    """Mixed in before aiosmtpd's class. ``gate`` counts the connections."""

    def __init__(self: Any, *args: Any, gate: Gate | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._gate = gate
        self._entered: str | None = None
        self._refused = False
        self._held = b""
        self._patience = self.loop.time() + PATIENCE_SECONDS

    def connection_made(self: Any, transport: Any) -> None:
        peer = transport.get_extra_info("peername")
        name = str(peer[0] if isinstance(peer, tuple) and peer else peer)
        if self._gate is not None and self._entered is None:
            if not self._gate.enter(name):
                self._refused = True
                transport.write(_FULL)
                transport.close()
                return
            self._entered = name
        super().connection_made(transport)  # type: ignore[misc]

    def connection_lost(self: Any, error: Exception | None) -> None:
        if self._refused:
            return
        if self._entered is not None:
            self._gate.leave(self._entered)
            self._entered = None
        super().connection_lost(error)  # type: ignore[misc]

    def eof_received(self: Any) -> bool | None:
        return False if self._refused else super().eof_received()  # type: ignore[misc]

    async def push(self: Any, status: str | bytes) -> None:
        """Answers to commands that came together leave together (RFC 2920 3.2), and those of EHLO.

        Only a 250 is held back, and only while another whole command is here already, whose answer takes it along.
        """
        line = status.encode() if isinstance(status, str) else status
        answers = self._held + line + b"\r\n"
        if line.startswith(b"250") and (line[3:4] == b"-" or b"\n" in self._reader._buffer):  # noqa: SLF001
            self._held = answers
            return
        self._held = b""
        self._writer.write(answers)
        await self._writer.drain()

    def _reset_timeout(self: Any, duration: float | None = None) -> None:
        left = self._patience - self.loop.time()
        super()._reset_timeout(max(0.01, min(duration or self._timeout_duration, left)))  # type: ignore[misc]

    def _mail_comes(self: Any) -> None:
        self._patience = self.loop.time() + PATIENCE_SECONDS
        self._reset_timeout()

    def _for_each(self: Any, answer: str) -> str:
        """An answer to DATA: over LMTP one line per recipient (RFC 2033 4.2)."""
        recipients = len(self.envelope.rcpt_tos)
        return "\r\n".join([answer] * recipients) if isinstance(self, LMTP) else answer

    def _getaddr(self: Any, arg: str) -> tuple[str | None, str | None]:
        """The address and what follows it. The full parser costs a fifth of taking a mail in."""
        found = _PATH.match(arg.lstrip())
        if found:
            return found[1], found[2]
        return super()._getaddr(arg)  # type: ignore[misc, no-any-return]

    async def _take_data(self: Any) -> None:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        limit = self.data_size_limit
        before = self._reader._limit  # noqa: SLF001 - the stream offers no other way to set it
        self._reader._limit = _STEP  # noqa: SLF001
        try:
            content = await read_data(self._reader, limit, self._mail_comes)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._writer.close()
            return
        except asyncio.CancelledError:
            self._writer.close()
            raise
        finally:
            self._reader._limit = before  # noqa: SLF001
        if content is None:
            answer = f"552 5.3.4 Message too big: at most {limit // 2**20} MB / message trop volumineux"
            await self.push(self._for_each(answer))
            self._set_post_data_state()
            return
        self._mail_comes()
        self.envelope.content = self.envelope.original_content = content
        status = self._for_each(await self._call_handler_hook("DATA"))
        self._set_post_data_state()
        with contextlib.suppress(ConnectionError):
            await self.push(status)

    async def _data(self: Any, arg: str) -> None:
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self._take_data()


class SmtpServer(_BulkData, SMTP):
    """One SMTP connection."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take the mail."""
        await self._data(arg)


class LmtpServer(_BulkData, LMTP):
    """One LMTP connection (RFC 2033): the answer is given once per recipient."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take the mail."""
        await self._data(arg)
