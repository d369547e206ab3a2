"""Statements prepared once per connection, their parameters as whole columns in PostgreSQL's binary form.

For the one statement that every mail pays for. psycopg's adapters look at each value of each column to find its type,
and its cursor and pipeline keep books of their own: 0.7 to 1.3 ms a statement here, as much as PostgreSQL needs to
write a mail. What a column holds is known beforehand, so this costs 0.1 ms. The parts used are psycopg's documented
access to libpq; locks, transactions and errors stay psycopg's.
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq import ConnStatus, ExecStatus

from portevoix.store.silence import asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from portevoix.store.db import Connection

_NAMED: Final = re.compile(r"%\((\w+)\)b")
_LENGTH: Final = struct.Struct("!i")
_HEAD: Final = struct.Struct("!iiIii")
_NULL: Final = b"\xff\xff\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_GOOD: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


def _when(at: datetime) -> bytes:
    return struct.pack("!q", (at - _EPOCH) // _MICROSECOND)


#: SQL type of a column's items: (its oid in pg_type, how an item is written).
_TYPES: Final[Mapping[str, tuple[int, Callable[[Any], bytes]]]] = {
    "bigint": (20, struct.Struct("!q").pack),
    "int": (23, struct.Struct("!i").pack),
    "smallint": (21, struct.Struct("!h").pack),
    "text": (25, str.encode),
    "boolean": (16, struct.Struct("!?").pack),
    "bytea": (17, bytes),
    "timestamptz": (1184, _when),
    "tsvector": (3614, bytes),
}


def column(kind: str, values: Iterable[Any]) -> bytes:
    """An array of ``kind`` (a key of ``_TYPES``) with these values, None for null, as PostgreSQL receives it."""
    oid, write = _TYPES[kind]
    pieces: list[bytes] = [b""]
    count = nulls = 0
    for value in values:
        count += 1
        if value is None:
            nulls = 1
            pieces.append(_NULL)
        else:
            item = write(value)
            pieces.append(_LENGTH.pack(len(item)))
            pieces.append(item)
    if not count:
        return struct.pack("!iiI", 0, 0, oid)
    pieces[0] = _HEAD.pack(1, nulls, oid, count, 1)
    return b"".join(pieces)


class Statement:
    """A statement with ``%(name)b`` parameters, each given as bytes in binary form; ``name`` names it on the server."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name.encode()
        self.parameters = tuple(dict.fromkeys(_NAMED.findall(text)))
        places = {parameter: f"${at}" for at, parameter in enumerate(self.parameters, 1)}
        self._text = _NAMED.sub(lambda found: places[found[1]], text).encode()
        self._formats = [1] * len(self.parameters)
        self._known: WeakKeyDictionary[Connection, bool] = WeakKeyDictionary()

    def run(self, conn: Connection, values: Mapping[str, bytes]) -> bytes | None:
        """The first value of the first row, as text; None when there is none. Raises ``psycopg.Error``.

        Not for a connection in pipeline mode. Another thread may use the connection meanwhile and waits."""
        known = self._is_known(conn)
        with conn.lock:
            if not known:
                with asking(conn):
                    prepared = conn.pgconn.prepare(self.name, self._text)
                self._check(conn, prepared)
                self._known[conn] = True
            given = [values[parameter] for parameter in self.parameters]
            with asking(conn):
                result = conn.pgconn.exec_prepared(self.name, given, self._formats)
            self._check(conn, result)
        return result.get_value(0, 0) if result.ntuples else None

    def _is_known(self, conn: Connection) -> bool:
        """Whether the server still has it: after a rollback psycopg lets go of all prepared statements, ours too, unless
        it is told to prepare none itself. Asking costs 0.1 ms."""
        if conn.prepare_threshold is None:
            return conn in self._known
        row = conn.execute(
            "select from pg_prepared_statements where name = %s", [self.name.decode()], prepare=False
        )
        return row.rowcount > 0

    @staticmethod
    def _check(conn: Connection, result: Any) -> None:
        if result.status in _GOOD:
            return
        if conn.pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(result.get_error_message())
        raise psycopg.errors.error_from_result(result, encoding="utf-8")
