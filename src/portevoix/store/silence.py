"""A server that says nothing any more while the connection stands: a middlebox between us and it forgot the connection,
takes our bytes and passes none on (RELIABILITY.md F45).

The server ends a statement after ``STATEMENT_SECONDS`` and TCP notices a peer that is gone, but nothing in a client ends
the wait for an answer that never comes. So each question is timed here, and one thread of the process cuts the
connection of a question that is older than ``SECONDS``: its caller gets ``psycopg.OperationalError`` as from any
broken connection.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

#: The server's own limit for a statement.
STATEMENT_SECONDS: Final = 25
#: An answer that did not come by then never comes. (Tests make it short.)
SECONDS: Final = float(os.environ.get("PORTEVOIX_DATABASE_SILENCE_SECONDS", "29"))
_EVERY: Final = min(1.0, SECONDS / 4)

_asked: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def watch(conn: psycopg.Connection[Any]) -> None:
    """From now on time what is asked on this connection."""
    ask = conn.wait

    def wait(*args: Any, **kwargs: Any) -> Any:
        with asking(conn):
            return ask(*args, **kwargs)

    setattr(conn, "wait", wait)  # noqa: B010 - psycopg calls it for whatever it asks the server
    _start()


@contextlib.contextmanager
def asking(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Around a question that does not go through psycopg's own ``wait``."""
    _asked[conn] = time.monotonic()
    try:
        yield
    finally:
        _asked.pop(conn, None)


def _start() -> None:
    global _thread  # noqa: PLW0603 - one for the process; a fork leaves none, and this starts another
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="database-silence", daemon=True)
            _thread.start()


def _run() -> None:
    while True:
        time.sleep(_EVERY)
        late = time.monotonic() - SECONDS
        with contextlib.suppress(RuntimeError):  # changed while we look: the next look is soon
            for conn in [conn for conn, since in list(_asked.items()) if since < late]:
                _cut(conn)


def _cut(conn: psycopg.Connection[Any]) -> None:
    log.warning("the database says nothing for %.0f s: the connection is cut", SECONDS)
    with contextlib.suppress(OSError, psycopg.Error):
        sock = socket.socket(fileno=os.dup(conn.fileno()))
        with contextlib.closing(sock):
            sock.shutdown(socket.SHUT_RDWR)
