"""The advisers' browsers of ``bench desk``: one process holds an open connection for each and hears offers.

    python -m bench.ears PORT TOKENS-FILE

Prints ``ready``, then ``adviser contact seconds-since-epoch`` for each offer of its own that an adviser hears.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from pathlib import Path


def main() -> None:
    """Run until the other end is gone."""
    port, tokens = int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text("ascii"))
    selector = selectors.EpollSelector()
    rest: dict[int, bytes] = {}
    for adviser, token in tokens:
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(f"GET /events?token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = sock.recv(4096)
        if b" 200 " not in answer[:20]:
            raise SystemExit(f"the live process said {answer!r}")
        selector.register(sock, selectors.EVENT_READ, adviser)
        rest[adviser] = b""
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            data = key.fileobj.recv(262144)  # type: ignore[union-attr]
            now = time.time()
            if not data:
                raise SystemExit("the live process closed a connection")
            *lines, rest[key.data] = (rest[key.data] + data).split(b"\n")
            for line in lines:
                if b"contact-offered" in line and line.startswith(b"data: "):
                    push = json.loads(line[6:])
                    if push.get("mine"):
                        print(key.data, push["contact"], now, flush=True)


if __name__ == "__main__":
    main()
