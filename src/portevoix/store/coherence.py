"""What coherence reads and counts, and who has read what. Names follow store/sql/coherence.sql."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from portevoix.store.queries import load

if TYPE_CHECKING:
    from portevoix.domain.figures.compare_handled import Handling
    from portevoix.store.db import Connection

_SQL = load("coherence")


def rows(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query of coherence.sql."""
    return conn.execute(_SQL[query], values).fetchall()


def row(conn: Connection, query: str, **values: Any) -> dict[str, Any] | None:
    """The row of a named query, or None."""
    return conn.execute(_SQL[query], values).fetchone()


def run(conn: Connection, query: str, **values: Any) -> int:
    """Run a statement that gives no rows; how many it touched."""
    return conn.execute(_SQL[query], values).rowcount


def keep(conn: Connection, found: Sequence[tuple[int, int, Handling]]) -> None:
    """Write handlings: (contact, part, what)."""
    run(
        conn,
        "keep",
        contacts=[contact for contact, _, _ in found],
        parts=[part for _, part, _ in found],
        accounts=[one.account_id for _, _, one in found],
        lines=[one.line_id for _, _, one in found],
        began=[one.began_at for _, _, one in found],
        ended=[one.ended_at for _, _, one in found],
        endings=[one.ending.value for _, _, one in found],
        seconds=[one.seconds for _, _, one in found],
        in_target=[one.in_target for _, _, one in found],
    )
