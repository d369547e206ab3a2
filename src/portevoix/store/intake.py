"""The rows of intake: look up what a batch touches, write what it became. See actions/intake.py for the why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from portevoix.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from portevoix.store.db import Connection

_SQL = load("intake")

#: Parents before children, so that every foreign key finds its row.
_ORDER: Final = (
    "add_person",
    "add_address",
    "name_person",
    "add_conversation",
    "touch_conversation",
    "return_parked",
    "resume_wrapped",
    "add_contact",
    "add_message",
    "add_raw",
    "await_parent",
    "stop_awaiting",
    "mark_bounced",
    "mark_address",
    "log",
    "retake",
)

#: Those that take whole columns.
_COLUMNS: Final = frozenset(
    {"add_person", "add_address", "add_conversation", "add_contact", "add_message", "add_raw", "log"}
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What a batch asks for, gathered over all its items."""

    keys: Sequence[int]
    doors: Sequence[int]
    sources: Sequence[str]
    ids: Sequence[str]
    own_ids: Sequence[str]
    addresses: Sequence[str]
    bounced: Sequence[int]
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the tables know of it."""

    fresh: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    known: list[dict[str, Any]]
    awaiting: list[dict[str, Any]]
    persons: list[dict[str, Any]]
    bounced: list[dict[str, Any]]


@dataclass(slots=True)
class Rows:
    """Rows to write, by the name of their query."""

    by_query: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, query: str, **values: Any) -> None:
        """One more row for ``query``."""
        self.by_query.setdefault(query, []).append(values)


def look_up(conn: Connection, sought: Sought) -> Found:
    """Lock, then look: one round trip. Must run inside a transaction."""
    with conn.pipeline():
        conn.execute(_SQL["lock"], {"keys": list(sought.keys)})
        fresh = conn.execute(_SQL["ids"], {"n": sought.count})
        sources = conn.execute(_SQL["known_sources"], {"doors": list(sought.doors), "sources": list(sought.sources)})
        known = conn.execute(_SQL["known_ids"], {"ids": list(sought.ids)})
        awaiting = conn.execute(_SQL["awaiting"], {"ids": list(sought.own_ids)})
        persons = conn.execute(_SQL["persons"], {"addresses": list(sought.addresses)})
        bounced = conn.execute(_SQL["our_messages"], {"ids": list(sought.bounced)}) if sought.bounced else None
        return Found(
            fresh.fetchall(),
            sources.fetchall(),
            known.fetchall(),
            awaiting.fetchall(),
            persons.fetchall(),
            bounced.fetchall() if bounced is not None else [],
        )


def conversations(conn: Connection, ids: Iterable[int]) -> list[dict[str, Any]]:
    """The conversations a batch may join, locked until its end."""
    return conn.execute(_SQL["conversations"], {"ids": list(ids)}).fetchall()


def write(conn: Connection, rows: Rows) -> None:
    """Write everything in one round trip."""
    with conn.pipeline(), conn.cursor() as cursor:
        for query in _ORDER:
            values = rows.by_query.get(query)
            if not values:
                continue
            if query in _COLUMNS:
                cursor.execute(_SQL[query], {name: [row[name] for row in values] for name in values[0]})
            else:
                cursor.executemany(_SQL[query], values)


def set_aside(
    conn: Connection,
    *,
    door_id: int | None,
    at: datetime,
    sender: str,
    recipient: str,
    reason: str,
    sha256: bytes,
    content: bytes,
) -> int:
    """Keep a mail that could not be taken in, whole; the same mail twice is one row."""
    row = conn.execute(
        _SQL["set_aside"],
        {
            "door_id": door_id,
            "at": at,
            "sender": sender,
            "recipient": recipient,
            "reason": reason,
            "sha256": sha256,
            "content": content,
        },
    ).fetchone()
    assert row is not None
    return int(row["id"])
