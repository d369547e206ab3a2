"""The receiving mailbox of the demonstration: takes every mail by SMTP and keeps it in a Maildir.

It stands in for the relay, so that an answer can be read without any mail server. It never sends anything.
"""

from __future__ import annotations

import asyncio
import mailbox
import os
import signal
from pathlib import Path

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session

from portevoix.runners.base import say_ready, setup_logging

FOLDER = "demo-mailbox"


class Keep:
    """Writes each mail as it came, with its envelope before it."""

    def __init__(self, folder: Path) -> None:
        """Keep mails in the Maildir `folder`."""
        self._box = mailbox.Maildir(str(folder))

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one mail; 250 once its file is there (Maildir renames it into place)."""
        head = f"Return-Path: <{envelope.mail_from or ''}>\n"
        head += "".join(f"Delivered-To: {address}\n" for address in envelope.rcpt_tos)
        content = envelope.original_content or b""
        self._box.add(head.encode() + content.replace(b"\r\n", b"\n"))
        return "250 2.0.0 kept"


async def _serve(folder: Path, port: int) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = UnthreadedController(
        Keep(folder), hostname="127.0.0.1", port=port, loop=loop, enable_SMTPUTF8=True
    )
    listening = await server._create_server()  # noqa: SLF001 - begin() would run the loop by itself
    say_ready()
    await stop.wait()
    listening.close()


def main() -> None:
    """Run until told to stop."""
    setup_logging()
    folder = Path(os.environ["PORTEVOIX_DATA"]) / FOLDER
    asyncio.run(_serve(folder, int(os.environ["PORTEVOIX_MAILBOX_PORT"])))


if __name__ == "__main__":
    main()
