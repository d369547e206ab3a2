"""What the desk reads: bounded, paged by key, one query a list. Names follow store/sql/desk.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portevoix.store.queries import load

if TYPE_CHECKING:
    from portevoix.store.db import Connection

_SQL = load("desk")


def rows(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query of desk.sql."""
    return conn.execute(_SQL[query], values).fetchall()


def row(conn: Connection, query: str, **values: Any) -> dict[str, Any] | None:
    """The row of a named query, or None."""
    return conn.execute(_SQL[query], values).fetchone()


def number(conn: Connection, query: str, **values: Any) -> int:
    """The count of a counting query."""
    found = row(conn, query, **values)
    return int(found["n"]) if found else 0
