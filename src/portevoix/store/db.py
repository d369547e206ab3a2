"""Connections to PostgreSQL: the only truth.

Plain psycopg, apart from Django's own connections: a transaction here is exactly what an action says it is.
"""

from __future__ import annotations

import os
from typing import Any

import orjson
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

from portevoix.store import silence

Connection = psycopg.Connection[dict[str, Any]]
Pool = ConnectionPool[Connection]

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)

#: A dead peer is noticed by keepalives and tcp_user_timeout, a lock or a statement never waits for ever
#: (RELIABILITY.md F13, F14, F45). Seconds and milliseconds as libpq wants them.
_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20000,
    "application_name": "portevoix",
}
_SESSION = (
    f"-c timezone=UTC -c lock_timeout=5s -c statement_timeout={silence.STATEMENT_SECONDS}s"
    " -c idle_in_transaction_session_timeout=60s"
)


def dsn() -> str:
    """The database address from the environment; raises ``KeyError`` with the name of what is missing."""
    return os.environ["DATABASE_URL"]


def connect(url: str | None = None, *, name: str = "portevoix", session: str = _SESSION) -> Connection:
    """One connection in autocommit mode: a transaction is an explicit ``with conn.transaction()``."""
    options = _OPTIONS | {"application_name": name, "options": session}
    conn = psycopg.connect(url or dsn(), autocommit=True, row_factory=dict_row, **options)
    if session == _SESSION:  # another one may let statements take their time
        silence.watch(conn)
    return conn


def pool(url: str | None = None, *, size: int = 8, name: str = "portevoix") -> Pool:
    """A pool of such connections for threads; opened at once, checked when taken out."""
    options = _OPTIONS | {
        "application_name": name,
        "options": _SESSION,
        "autocommit": True,
        "row_factory": dict_row,
    }
    return ConnectionPool(
        url or dsn(),
        connection_class=Connection,
        kwargs=options,
        min_size=1,
        max_size=size,
        timeout=5,
        configure=silence.watch,
        check=ConnectionPool.check_connection,
        open=True,
    )
