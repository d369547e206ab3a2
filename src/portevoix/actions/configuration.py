"""Telling everybody that the configuration changed: routers and other keepers of a copy read it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.actions.errors import TooLate
from portevoix.domain.contacts.events import ConfigurationChanged
from portevoix.store import configuration as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection


def changed(
    conn: Connection,
    what: str,
    ref: int | None,
    actor_id: int | None,
    at: datetime,
    *,
    line_id: int | None = None,
) -> int:
    """Append the event inside the caller's transaction, the one that writes the configuration itself: a reader of
    the log never hears of a change it cannot see yet. ``what`` is the table, ``ref`` its row. Gives the event's id.
    """
    return append(
        conn, ConfigurationChanged(what=what, ref=ref), About(actor_id=actor_id, line_id=line_id), at
    )


def dismiss_aside(conn: Connection, set_aside_id: int, actor_id: int, at: datetime) -> None:
    """Nothing is to be done with this mail; it is kept and can be brought back. Raises ``TooLate``."""
    _aside(conn, "aside_dismiss", set_aside_id, actor_id, at)


def restore_aside(conn: Connection, set_aside_id: int, actor_id: int, at: datetime) -> None:
    """Take back a dismissal. Raises ``TooLate``."""
    _aside(conn, "aside_restore", set_aside_id, actor_id, at)


def _aside(conn: Connection, query: str, set_aside_id: int, actor_id: int, at: datetime) -> None:
    with conn.transaction():
        if store.row(conn, query, id=set_aside_id) is None:
            raise TooLate("aside-moved-on")
        changed(conn, "set_aside", set_aside_id, actor_id, at)
