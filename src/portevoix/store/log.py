"""The log: append an event, follow what others appended.

Following is safe under concurrent commits: ids are handed out before the commit, so ``id > last`` would skip a
transaction that commits late. Every row carries its transaction's id and readers stop below the oldest running
transaction (``pg_snapshot_xmin``), so nothing can still appear before the cursor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from portevoix.domain.contacts.events import Event, read
from portevoix.store.queries import load

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

_SQL = load("log")
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log: everything up to and with it has been read."""

    xid: str = "0"
    id: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the log."""

    cursor: Cursor
    at: datetime
    event: Event
    contact_id: int | None
    conversation_id: int | None
    line_id: int | None
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about, and who did it (``actor_id`` None: the client or the system)."""

    contact_id: int | None = None
    conversation_id: int | None = None
    line_id: int | None = None
    actor_id: int | None = None


def append(conn: Connection, event: Event, about: About, at: datetime) -> int:
    """Append inside the caller's transaction and return the id of the row."""
    row = conn.execute(
        _SQL["append"],
        {
            "at": at,
            "kind": event.kind,
            "v": event.v,
            "contact_id": about.contact_id,
            "conversation_id": about.conversation_id,
            "line_id": about.line_id,
            "actor_id": about.actor_id,
            "data": Jsonb(event.body()),
        },
    ).fetchone()
    assert row is not None
    return int(row["id"])


def _recorded(row: dict[str, Any]) -> Recorded:
    return Recorded(
        Cursor(row["xid"], row["id"]),
        row["at"],
        read(row["kind"], row["v"], row["data"]),
        row["contact_id"],
        row["conversation_id"],
        row["line_id"],
        row["actor_id"],
    )


def read_on(conn: Connection, after: Cursor, *, limit: int = 1000) -> list[Recorded]:
    """The next events after the cursor, oldest first; an empty list when there is nothing yet."""
    rows = conn.execute(_SQL["read_on"], {"xid": after.xid, "id": after.id, "limit": limit})
    return [_recorded(row) for row in rows]


class Follower:
    """Gives each event once, as soon as it is committed.

    A transaction that writes for long (a bulk import, anywhere in the same PostgreSQL) holds ``pg_snapshot_xmin`` back,
    and with it ``read_on``; whoever routes work or tells browsers cannot wait for that. A follower gives what is visible
    at once and remembers what it gave above the safe cursor, so that a late commit is still given, after others that began
    later. For readers to whom each event says "look again"; ``safe`` is the cursor to keep.
    """

    def __init__(self, safe: Cursor) -> None:
        self.safe = safe
        self._given: dict[int, int] = {}  # event -> transaction, above the safe cursor

    def news(self, conn: Connection, *, limit: int = 1000) -> list[Recorded]:
        """The next events; an empty list when there is nothing new."""
        values = {"xid": self.safe.xid, "id": self.safe.id, "given": list(self._given), "limit": limit}
        rows = conn.execute(_SQL["news"], values).fetchall()
        below = int(rows[0]["below"])
        found = [row for row in rows if row["id"] is not None]
        for row in found:
            self._given[row["id"]] = int(row["xid"])
            if int(row["xid"]) < below:
                self.safe = Cursor(row["xid"], row["id"])
        if len(found) < limit:
            self.safe = Cursor(str(below - 1), _LAST)
        # Also below that transaction, when there was more to read than the limit: the cursor has not passed them yet.
        safe = int(self.safe.xid), self.safe.id
        self._given = {event: xid for event, xid in self._given.items() if (xid, event) > safe}
        return [_recorded(row) for row in found]


def head(conn: Connection) -> Cursor:
    """The cursor from which only later events are read: take it *before* reading tables."""
    row = conn.execute(_SQL["head"]).fetchone()
    assert row is not None
    return Cursor(row["xid"], int(row["id"]))


def of_contact(conn: Connection, contact_id: int) -> list[Recorded]:
    """The whole history of a contact."""
    return [_recorded(row) for row in conn.execute(_SQL["of_contact"], {"contact_id": contact_id})]


def of_conversation(conn: Connection, conversation_id: int) -> list[Recorded]:
    """The whole history of a conversation."""
    return [
        _recorded(row) for row in conn.execute(_SQL["of_conversation"], {"conversation_id": conversation_id})
    ]


def load_cursor(conn: Connection, reader: str) -> Cursor | None:
    """Where ``reader`` stands, or None if it never read."""
    row = conn.execute(_SQL["load_cursor"], {"reader": reader}).fetchone()
    return Cursor(row["xid"], row["id"]) if row else None


def save_cursor(conn: Connection, reader: str, cursor: Cursor) -> None:
    """Remember where ``reader`` stands, in the transaction of what it did."""
    conn.execute(_SQL["save_cursor"], {"reader": reader, "xid": cursor.xid, "id": cursor.id})
