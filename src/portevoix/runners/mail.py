"""Mail in by SMTP (the demonstration, or a relay of one's own) and LMTP (behind Postfix in production).

250 is said when the mail is committed: stored, threaded, de-duplicated, searchable and waiting. When that cannot
be, 451 makes the sender keep it and try again. One bad mail never holds up the next: what cannot be understood or
stored is put aside whole.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import uvloop

from portevoix.actions import mailroom
from portevoix.actions.inbound import Outcome
from portevoix.actions.intake import put_aside
from portevoix.bus import NatsBus
from portevoix.channels.mail.limits import DEFAULT, refusal
from portevoix.channels.mail.server import Gate, LmtpServer, SmtpServer
from portevoix.runners import herd
from portevoix.runners.base import (
    BEAT_SECONDS,
    READ_SECONDS,
    on_configuration,
    say_ready,
    secret,
    setup_logging,
)
from portevoix.runners.canary import REASON, Canary
from portevoix.runners.counter import Counter, DatabaseAway
from portevoix.store import live
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session

    from portevoix.actions.inbound import Inbound, Taken
    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
LARGE = 256 * 1024  # understood on another thread, so that small mails are not held up
MAX_RECIPIENTS = 100
CONNECTIONS = 500  # per process
PER_PEER = 100  # a Postfix beside us opens up to 20
SWITCH_SECONDS = 0.0005


class MailRoom:
    """What all connections share: the configuration as read lately, the clock, the counter."""

    def __init__(self, url: str | None = None, bus_url: str | None = None) -> None:
        self.secret = secret()
        self.bus = NatsBus(bus_url, name="mail")
        self.centre: mailroom.Centre | None = None
        self.clock = DatabaseClock()
        self.canary = Canary()
        self.counter = Counter(self.bus.poke, self._tick, url)
        self._read = float("-inf")
        self._beaten = float("-inf")

    def _tick(self, conn: Connection) -> None:
        """After each batch and every few seconds."""
        now = time.monotonic()
        self.clock.now(conn)
        if now - self._read > READ_SECONDS:
            self._read = now  # first: a change told of while we read is read again
            self.canary.refresh()
            self.centre = mailroom.Centre.read(conn)
        if now - self._beaten > BEAT_SECONDS:
            live.beat(conn, "mail")
            self._beaten = now

    def read_again(self, loop: asyncio.AbstractEventLoop) -> None:
        """The configuration changed: a new door, other hours count now. Called on the bus's thread."""
        self._read = float("-inf")
        asyncio.run_coroutine_threadsafe(self.counter.refresh(), loop)

    async def knows(self, address: str) -> bool:
        """Whether the address is one of our doors. A door may have been opened a moment ago: before saying no for
        good, the configuration is read again (at most once a second, whoever asks). Raises ``DatabaseAway``."""
        if self.centre is None or self.centre.door(address) is None:
            if time.monotonic() - self._read > AGAIN_SECONDS:
                self._read = float("-inf")
            await self.counter.refresh()
        return self.centre is not None and self.centre.door(address) is not None

    def items(self, raw: bytes, recipients: list[str], return_path: str | None) -> list[Inbound]:
        """One item per door the mail is for, in the order of the recipients; a door named twice counts once."""
        centre, at = self.centre, self.clock.guess()
        if centre is None or at is None:
            raise DatabaseAway
        doors = self._doors(centre, recipients)
        slot, understood = self.canary.enter(raw), False
        try:
            mail = mailroom.read(raw, return_path)
            items = [
                mailroom.from_mail(mail, raw, door, centre, secret=self.secret, at=at, recipient=recipient)
                for door, recipient in doors
            ]
            understood = True
        finally:
            self.canary.leave(slot, understood=understood)
        return items

    @staticmethod
    def _doors(centre: mailroom.Centre, recipients: list[str]) -> list[tuple[mailroom.Door, str]]:
        found: dict[int, tuple[mailroom.Door, str]] = {}
        for recipient in recipients:
            door = centre.door(recipient)
            if door is None:
                raise DatabaseAway  # closed between RCPT and DATA: the next try is refused at RCPT
            found.setdefault(door.id, (door, recipient))
        return list(found.values())

    async def aside(self, raw: bytes, recipients: list[str], sender: str, reason: str) -> list[Taken]:
        """Keep a mail whole that cannot be understood; once per door."""
        centre, at = self.centre, self.clock.guess()
        if centre is None or at is None:
            raise DatabaseAway
        doors = self._doors(centre, recipients)

        def work(conn: Connection) -> list[Taken]:
            return [
                put_aside(
                    conn, raw=raw, door_id=door.id, sender=sender, recipient=recipient, reason=reason, at=at
                )
                for door, recipient in doors
            ]

        taken = await self.counter.do(work)
        self.bus.poke()
        return taken


class Handler:
    """aiosmtpd's hooks."""

    def __init__(self, room: MailRoom) -> None:
        self._room = room

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and manner
        self, _server: Any, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Commands may come together (RFC 2920): one turn for the envelope instead of three."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Only our doors: this is no relay."""
        try:
            known = await self._room.knows(address)
        except DatabaseAway:
            return "451 4.3.0 Not ready yet, try again later / pas encore pret, reessayez plus tard"
        if not known:
            return "550 5.1.1 No such address here / adresse inconnue"
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store, then say so."""
        raw = bytes(envelope.content or b"")  # type: ignore[arg-type]
        return await self._answer(raw, envelope)

    async def handle_exception(self, error: Exception) -> str:
        """A mistake of ours: the sender keeps the mail and tries again."""
        log.error("mail: a connection failed", exc_info=error)
        return "451 4.3.0 Local error, try again later / erreur locale, reessayez plus tard"

    async def _answer(self, raw: bytes, envelope: Envelope) -> str:
        large = len(raw) > LARGE
        refused = await asyncio.to_thread(refusal, raw) if large else refusal(raw)
        if refused:
            return refused
        # aiosmtpd leaves the null reverse-path as it was written.
        return_path = "" if envelope.mail_from == "<>" else envelope.mail_from
        try:
            taken = await self._take(raw, envelope.rcpt_tos, return_path, large=large)
        except DatabaseAway:
            return (
                "451 4.3.0 Cannot store now, try again later / enregistrement impossible, reessayez plus tard"
            )
        except Exception:
            log.exception("mail: not taken in")
            return "451 4.3.0 Local error, try again later / erreur locale, reessayez plus tard"
        return _said(taken)

    async def _take(
        self, raw: bytes, recipients: list[str], return_path: str | None, *, large: bool
    ) -> list[Taken]:
        room = self._room
        if room.canary.suspects(raw) and await asyncio.to_thread(room.canary.deadly, raw):
            return await room.aside(raw, recipients, return_path or "", REASON)
        args = (raw, recipients, return_path)
        try:
            items = await asyncio.to_thread(room.items, *args) if large else room.items(*args)
        except (DatabaseAway, MemoryError):
            raise
        except Exception as error:  # one bad mail never holds up the next, nor comes back for days
            log.exception("mail: not understood")
            return await room.aside(
                raw, recipients, return_path or "", f"not-understood: {type(error).__name__}"
            )
        return await room.counter.take(items)


def _said(taken: list[Taken]) -> str:
    first = taken[0]
    if first.outcome is Outcome.ASIDE:
        return f"250 2.0.0 OK kept aside {first.set_aside_id}"
    return f"250 2.0.0 OK {first.outcome.value} {first.message_id}"


def _listen(port: int, host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    return sock


async def serve(
    room: MailRoom, stop: asyncio.Event, *, smtp: socket.socket, lmtp: socket.socket | None
) -> None:
    """Until ``stop``; then no new connection, and what was begun is finished."""
    loop = asyncio.get_running_loop()
    handler = Handler(room)
    hostname = os.environ.get("PORTEVOIX_DOMAIN", "localhost")
    options: dict[str, Any] = {
        "data_size_limit": DEFAULT.size,
        "enable_SMTPUTF8": True,
        "hostname": hostname,
        "ident": "Portevoix",
        "loop": loop,
        "timeout": float(os.environ.get("PORTEVOIX_MAIL_TIMEOUT", "120")),
        "gate": Gate(
            int(os.environ.get("PORTEVOIX_MAIL_CONNECTIONS", str(CONNECTIONS))),
            int(os.environ.get("PORTEVOIX_MAIL_PER_PEER", str(PER_PEER))),
        ),
    }
    room.counter.start()
    await asyncio.to_thread(room.counter.up.wait)
    on_configuration(room.bus, lambda: room.read_again(loop))
    servers = [await loop.create_server(lambda: SmtpServer(handler, **options), sock=smtp, backlog=512)]
    if lmtp is not None:
        servers.append(
            await loop.create_server(lambda: LmtpServer(handler, **options), sock=lmtp, backlog=512)
        )
    say_ready()
    await stop.wait()
    for server in servers:
        server.close()
    await room.counter.stop()
    room.bus.close()


async def _main(smtp: socket.socket, lmtp: socket.socket | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(MailRoom(), stop, smtp=smtp, lmtp=lmtp)


def _work(smtp: socket.socket, lmtp: socket.socket | None) -> None:
    # The loop and the bus's thread take turns often: a batch must not wait 5 ms for the bus.
    sys.setswitchinterval(SWITCH_SECONDS)
    # What was loaded stays; a mail makes many objects and no circles, so the collector need not look after each.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvloop.run(_main(smtp, lmtp))


def main() -> None:
    """Run until told to stop; with PORTEVOIX_MAIL_WORKERS processes that share the listening sockets."""
    setup_logging()
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's line per command
    host = os.environ.get("PORTEVOIX_SMTP_HOST", "127.0.0.1")
    smtp = _listen(int(os.environ.get("PORTEVOIX_SMTP_PORT", "2525")), host)
    lmtp_port = os.environ.get("PORTEVOIX_LMTP_PORT")
    lmtp = _listen(int(lmtp_port), host) if lmtp_port else None
    # While PostgreSQL stores a batch its process waits: one for each core keeps all of them busy.
    workers = int(os.environ.get("PORTEVOIX_MAIL_WORKERS", "0")) or max(1, min(8, os.cpu_count() or 1))
    if workers == 1:
        _work(smtp, lmtp)
        return
    herd.run(workers, lambda: _work(smtp, lmtp))


if __name__ == "__main__":
    main()
