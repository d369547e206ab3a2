"""What organisations on their own platform have and returned. Names follow store/sql/elsewhere.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portevoix.store.queries import load

if TYPE_CHECKING:
    from portevoix.store.db import Connection

_SQL = load("elsewhere")


def rows(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query."""
    return conn.execute(_SQL[query], values).fetchall()


def row(conn: Connection, query: str, **values: Any) -> dict[str, Any] | None:
    """The first row of a named query, or None."""
    return conn.execute(_SQL[query], values).fetchone()
