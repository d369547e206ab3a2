"""The load driver: raw sockets, one process, as little work per mail as possible, since it shares the cores.

    python -m bench.load MAILS PORT CONNECTIONS RESULT [MAILS-A-SECOND]

Each connection sends a mail, waits for its 250, sends the next one. Commands are sent together when the server offers
PIPELINING (RFC 2920), as Postfix does. Prints a line at a tenth, and at the end; RESULT gets the ledger.
"""

from __future__ import annotations

import gc
import pickle
import select
import selectors
import socket
import sys
import time
from pathlib import Path


class Client:
    """One SMTP connection."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line()
        self.sock.sendall(b"EHLO bench.example\r\n")
        hello = self._line()
        while b"\n250 " not in b"\n" + hello:
            hello += self._line()
        self.pipelining = b"PIPELINING" in hello
        self.mail = -1
        self.want = 0
        self.begun = self.sent = 0.0
        self.steps: list[bytes] = []
        self.got = b""

    def _line(self) -> bytes:
        data = b""
        while not data.endswith(b"\r\n"):
            data += self.sock.recv(4096)
        return data

    def begin(self, mail: int, recipient: str) -> None:
        """Send the envelope."""
        self.mail, self.got = mail, b""
        self.begun = time.perf_counter()
        steps = [
            b"MAIL FROM:<client@courriel.example>\r\n",
            b"RCPT TO:<%s>\r\n" % recipient.encode(),
            b"DATA\r\n",
        ]
        if self.pipelining:
            self.want, self.steps = 3, []
            self.sock.sendall(b"".join(steps))
        else:
            self.want, self.steps = 1, steps[1:]
            self.sock.sendall(steps[0])


def paced(
    mails: list[tuple[str, bytes]], port: int, connections: int, rate: float
) -> list[tuple[int, float, float, bytes]]:
    """As ``run``, but ``rate`` mails a second, whatever the server does, as far as the connections go round."""
    ledger: list[tuple[int, float, float, bytes]] = []
    clients = [Client(port) for _ in range(connections)]
    begun = time.perf_counter()
    for at, (recipient, raw) in enumerate(mails):
        client = clients[at % connections]
        if client.sent:
            _answered(client, ledger)
        wait = begun + at / rate - time.perf_counter()
        if wait > 0:
            _collect(clients, ledger, wait)
        client.begin(at, recipient)
        while client.want:  # the envelope is quick: only the mail's own answer is not waited for
            client.got += client.sock.recv(4096)
            if client.got.count(b"\n") >= client.want:
                client.got, client.want = b"", 0
                if client.steps:
                    client.want = 1
                    client.sock.sendall(client.steps.pop(0))
        client.sent = time.perf_counter()
        client.sock.sendall(raw + b".\r\n")
    for client in clients:
        if client.sent:
            _answered(client, ledger)
    return ledger


def _answered(client: Client, ledger: list[tuple[int, float, float, bytes]]) -> None:
    while not client.got.endswith(b"\r\n"):
        client.got += client.sock.recv(4096)
    ledger.append((client.mail, time.perf_counter() - client.sent, time.time(), client.got.strip()))
    client.sent, client.got = 0.0, b""


def _collect(clients: list[Client], ledger: list[tuple[int, float, float, bytes]], seconds: float) -> None:
    """Note the answers that come within the time, each when it comes."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        waiting = [client for client in clients if client.sent]
        ready = select.select([client.sock for client in waiting], [], [], left)[0]
        for client in waiting:
            if client.sock in ready:
                _answered(client, ledger)


def run(mails: list[tuple[str, bytes]], port: int, connections: int) -> list[tuple[int, float, float, bytes]]:
    """All mails; (mail, seconds from the last byte to the answer, when, answer)."""
    ledger: list[tuple[int, float, float, bytes]] = []
    selector = selectors.EpollSelector()
    clients = [Client(port) for _ in range(min(connections, len(mails)))]
    at, tenth, open_ = 0, len(mails) // 10, len(clients)
    for client in clients:
        selector.register(client.sock, selectors.EVENT_READ, client)
        client.begin(at, mails[at][0])
        at += 1
    while open_:
        for key, _ in selector.select():
            client = key.data
            data = client.sock.recv(65536)
            if not data:
                raise SystemExit(f"the server closed the connection at mail {client.mail}: {client.got!r}")
            client.got += data
            if client.got.count(b"\n") < client.want:
                continue
            if client.sent:  # the answer to the mail
                now = time.perf_counter()
                ledger.append((client.mail, now - client.sent, time.time(), client.got.strip()))
                client.sent = 0.0
                if len(ledger) == tenth:
                    print("tenth", flush=True)
                if at < len(mails):
                    client.begin(at, mails[at][0])
                    at += 1
                else:
                    selector.unregister(client.sock)
                    client.sock.close()
                    open_ -= 1
            elif client.steps and client.got.startswith(b"250"):
                client.got = b""
                client.sock.sendall(client.steps.pop(0))
            elif client.got.splitlines()[-1].startswith(b"354"):
                client.got, client.want = b"", 1
                client.sent = time.perf_counter()
                client.sock.sendall(mails[client.mail][1] + b".\r\n")
            else:
                raise SystemExit(f"the server said {client.got!r}")
    return ledger


def main() -> None:
    """Run."""
    mails = pickle.loads(Path(sys.argv[1]).read_bytes())
    gc.freeze()
    begun = time.perf_counter()
    port, connections = int(sys.argv[2]), int(sys.argv[3])
    rate = float(sys.argv[5]) if len(sys.argv) > 5 else 0.0
    ledger = paced(mails, port, connections, rate) if rate else run(mails, port, connections)
    took = time.perf_counter() - begun
    Path(sys.argv[4]).write_bytes(
        pickle.dumps({"seconds": took, "cpu": time.process_time(), "ledger": ledger})
    )
    print("done", flush=True)


if __name__ == "__main__":
    main()
