"""Contacts and seats: one named statement per move, each with its condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portevoix.domain.contacts.machine import Move, origins
from portevoix.store.queries import load

if TYPE_CHECKING:
    from portevoix.store.db import Connection

_SQL = load("contacts")


def one(conn: Connection, query: str, **values: Any) -> dict[str, Any] | None:
    """The row of a named query, or None: somebody else was first."""
    return conn.execute(_SQL[query], values).fetchone()


def many(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query."""
    return conn.execute(_SQL[query], values).fetchall()


def run(conn: Connection, query: str, **values: Any) -> int:
    """Run a named statement that gives no rows; how many it touched."""
    return conn.execute(_SQL[query], values).rowcount


def move(conn: Connection, query: str, what: Move, **values: Any) -> dict[str, Any] | None:
    """Run the statement of a move; its fence is the domain's table of moves. None: it was not allowed any more."""
    return one(conn, query, from_states=[state.value for state in origins(what)], **values)
