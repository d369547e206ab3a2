"""The pages' own connections to the live tables, apart from Django's: one pool a process and database."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any

from portevoix.store import db, silence
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.db.backends.base.base import BaseDatabaseWrapper

_pools: dict[tuple[int, str], db.Pool] = {}
_lock = threading.Lock()
_clock = DatabaseClock()


def _pool() -> db.Pool:
    # By process: a pool must not cross a fork. By address: tests change databases under a running process.
    key = (os.getpid(), db.dsn())
    found = _pools.get(key)
    if found is None:
        with _lock:
            found = _pools.get(key)
            if found is None:
                found = _pools[key] = db.pool(
                    size=int(os.environ.get("PORTEVOIX_WEB_POOL", "8")), name="portevoix-web"
                )
    return found


@contextlib.contextmanager
def database() -> Iterator[db.Connection]:
    """A connection in autocommit mode for the length of a request's work."""
    with _pool().connection() as conn:
        yield conn


def watched(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Django's own connection, just made: a server that says nothing must not keep a request for ever."""
    silence.watch(connection.connection)


def now(conn: db.Connection) -> datetime:
    """The time for what is written to the live tables: not this machine's, for all processes must agree whatever steps
    (RELIABILITY.md F28)."""
    return _clock.now(conn)


def close() -> None:
    """Close this process's pools."""
    for key in [key for key in _pools if key[0] == os.getpid()]:
        _pools.pop(key).close()
