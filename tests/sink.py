"""A real SMTP server that answers by script and keeps what it accepted."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import threading

from aiosmtpd.smtp import SMTP


class _Clerk:
    """What aiosmtpd sees: it reads every attribute of its handler for each connection, ``mails`` among them."""

    def __init__(self, sink):
        self.handle_RCPT = sink.handle_RCPT
        self.handle_DATA = sink.handle_DATA


class Sink:
    """``recipients``: address or domain -> reply to RCPT. ``data``: replies to DATA, one each, then 250.

    A reply is an SMTP line, "hang" (no answer), or "close" (the line drops, whatever was sent is thrown away).
    """

    def __init__(self, *, recipients=None, data=None, smtputf8=True, port=0):
        self.recipients = recipients or {}
        self.data = list(data or [])
        self.taken = []
        self.arrived = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._utf8 = smtputf8
        self._gate = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._start(port), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _start(self, port):
        return await self._loop.create_server(self._session, "127.0.0.1", port)

    def _session(self):
        return SMTP(_Clerk(self), enable_SMTPUTF8=self._utf8, hostname="sink.example", loop=self._loop)

    async def handle_RCPT(self, server, session, envelope, address, _options):
        reply = self.recipients.get(address) or self.recipients.get(address.rpartition("@")[2]) or "250 OK"
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return await self._say(server, reply)

    async def handle_DATA(self, server, _session, envelope):
        reply = self.data.pop(0) if self.data else "250 taken"
        if reply.startswith("250"):
            self.taken.append((envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
            self.arrived.set()
        return await self._say(server, reply)

    async def _say(self, server, reply):
        if reply == "hang":
            await self._gate.wait()
        if reply == "close":
            server.transport.abort()
            await asyncio.sleep(0)
        return reply

    @property
    def mails(self):
        return [
            email.message_from_bytes(content, policy=email.policy.default) for _, _, content in self.taken
        ]

    @property
    def names(self):
        return [str(mail["Message-ID"]) for mail in self.mails]

    def stop(self):
        if self._loop.is_closed():
            return

        def end():
            self._server.close()
            self._gate.set()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join(5)
        with contextlib.suppress(Exception):
            self._loop.close()
