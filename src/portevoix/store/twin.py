"""What the twin reads of a past period. Names follow store/sql/twin.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portevoix.store.queries import load

if TYPE_CHECKING:
    from portevoix.store.db import Connection

_SQL = load("twin")


def rows(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query."""
    return conn.execute(_SQL[query], values).fetchall()
