"""SMTP and LMTP servers on aiosmtpd, with a DATA of our own.

aiosmtpd reads a mail line by line and refuses a line over 1,000 characters, which real mails have. This reads
up to the closing dot in large pieces: ten times less work for the event loop, and any line length. The end of a mail
is exactly CR LF . CR LF (RFC 5321 4.1.1.4): a bare LF never ends it, so nobody smuggles a second mail in.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any, Final

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, syntax

_END: Final = b".\r\n"
_STEP: Final = 256 * 1024


async def read_data(reader: asyncio.StreamReader, limit: int) -> bytes | None:
    """The mail up to its closing dot, transparency undone (RFC 5321 4.5.2); None when it is larger than ``limit``.

    Raises ``asyncio.IncompleteReadError`` when the client goes away in the middle.
    """
    pieces: list[bytes] = []
    size = 0
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
    """Mixed in before aiosmtpd's class."""

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
            content = await read_data(self._reader, limit)
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
            await self.push(answer)
            self._set_post_data_state()
            return
        self.envelope.content = self.envelope.original_content = content
        status = await self._call_handler_hook("DATA")
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
    """One LMTP connection (RFC 2033): the handler's answer has one line per recipient."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take the mail."""
        await self._data(arg)
