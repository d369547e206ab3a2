"""Contracts and whose contact each one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from portevoix.store.queries import load

if TYPE_CHECKING:
    from datetime import date, datetime

    from portevoix.store.db import Connection

_SQL = load("allocation")


def rows(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query."""
    return conn.execute(_SQL[query], values).fetchall()


def keep(conn: Connection, decided: list[dict[str, Any]], day: date, at: datetime) -> None:
    """Write the decisions of one round, in one statement."""
    conn.execute(_SQL["keep"], {"rows": Jsonb(decided), "day": day, "at": at})
