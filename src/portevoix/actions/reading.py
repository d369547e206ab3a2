"""Who has read which version of a saved answer. Articles come later: the table knows them already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from portevoix.actions.access import Actor
from portevoix.store import coherence as store

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

MOST = 200


def unread(conn: Connection, who: Actor, limit: int = MOST) -> list[dict[str, Any]]:
    """Saved answers of one's lines that are new or changed since one last read them, the newest change first."""
    return store.rows(conn, "unread", account_id=who.id, lines=sorted(who.lines), limit=limit)


def count(conn: Connection, who: Actor) -> int:
    """How many there are."""
    found = store.row(conn, "unread_count", account_id=who.id, lines=sorted(who.lines))
    return int(found["n"]) if found else 0


def mark(conn: Connection, who: Actor, seen: Sequence[tuple[int, int]], at: datetime) -> int:
    """These (answer, version) were read; gives how many are noted anew. What is not of one's lines is left out: a
    number tried at random tells nothing."""
    return store.run(
        conn,
        "read",
        account_id=who.id,
        lines=sorted(who.lines),
        ids=[answer for answer, _ in seen],
        versions=[version for _, version in seen],
        at=at,
    )
