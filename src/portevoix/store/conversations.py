"""Conversations joined, parted and renamed, and who is writing in them. Named queries of sql/conversations.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portevoix.store.queries import load

if TYPE_CHECKING:
    from portevoix.store.db import Connection

_SQL = load("conversations")


def one(conn: Connection, query: str, **values: Any) -> dict[str, Any] | None:
    """The first row of a named query, or None: there is none, or somebody else was first."""
    return conn.execute(_SQL[query], values).fetchone()


def many(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query."""
    return conn.execute(_SQL[query], values).fetchall()


def run(conn: Connection, query: str, **values: Any) -> int:
    """Run a named statement that gives no rows; how many it touched."""
    return conn.execute(_SQL[query], values).rowcount
