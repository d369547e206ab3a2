"""An SMTP or LMTP client that says exactly what it is told to say."""

from __future__ import annotations

import socket
from typing import Self


class Talk:
    """One connection. ``say`` sends a line and gives the answer; ``send`` and ``answer`` go apart."""

    def __init__(
        self, port: int, hello: str | None = "EHLO client.example", *, source: str = "127.0.0.1"
    ) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._sock.makefile("rb")
        self.greeting = self.answer()
        if hello and self.greeting.startswith("220"):
            assert self.say(hello).startswith("250")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Raw bytes."""
        self._sock.sendall(data)

    def answer(self) -> str:
        """One answer, all its lines; "" when the server hung up."""
        lines = []
        while True:
            line = self._file.readline().decode(errors="replace")
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def say(self, line: str) -> str:
        """A command and its answer."""
        self.send(line.encode("utf-8", "surrogateescape") + b"\r\n")
        return self.answer()

    def begin(self, *recipients: str, sender: str = "jean@client.example", options: str = "") -> list[str]:
        """MAIL and RCPT; the answers to RCPT."""
        assert self.say(f"MAIL FROM:<{sender}>{options}").startswith("250")
        return [self.say(f"RCPT TO:<{recipient}>") for recipient in recipients]

    def data(self, raw: bytes) -> str:
        """DATA with dots doubled, and the first line of the answer."""
        assert self.say("DATA").startswith("354")
        doubled = raw.replace(b"\r\n.", b"\r\n..")
        self.send((b"." if doubled.startswith(b".") else b"") + doubled)
        self.send(b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")
        return self.answer()

    def mail(
        self, raw: bytes, *recipients: str, sender: str = "jean@client.example", options: str = ""
    ) -> str:
        """A whole mail; the answer to it."""
        for answer in self.begin(*recipients, sender=sender, options=options):
            assert answer.startswith("250"), answer
        return self.data(raw)

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._sock.close()
