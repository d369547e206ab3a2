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

#: What changes rows that are there, after all new rows are.
_CHANGES: Final = (
    "name_person",
    "touch_conversation",
    "return_parked",
    "resume_wrapped",
    "await_parent",
    "stop_awaiting",
    "mark_bounced",
    "mark_address",
    "retake",
)
#: Those that take whole columns.
_COLUMNS: Final = frozenset({"touch_conversation"})
#: The new rows, which one statement writes: what ``Rows.add`` calls them, and their columns there.
_NEW: Final = {
    "add_person": ("person", ("id", "name", "language", "at")),
    "add_address": ("address", ("value", "person_id")),
    "add_conversation": ("conversation", ("id", "line_id", "person_id", "subject", "at", "twin_of")),
    "add_contact": (
        "contact",
        ("id", "conversation_id", "line_id", "channel", "at", "due_at", "preferred_id", "preferred_until"),
    ),
    "add_message": (
        "message",
        (
            "id", "conversation_id", "contact_id", "kind", "channel", "door_id", "at", "sender_name", "sender",
            "recipients", "subject", "body", "new_body", "html", "attachments", "source_id", "digest", "external_id",
            "facts", "search",
        ),
    ),
    "add_raw": ("raw", ("message_id", "content")),
    "log": ("log", ("at", "kind", "v", "contact_id", "conversation_id", "line_id", "data")),
}  # fmt: skip
_PARAMETERS: Final = {
    query: tuple((f"{prefix}_{column}", column) for column in columns)
    for query, (prefix, columns) in _NEW.items()
}


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
    """Lock, then look: one round trip in a pipeline. Must run inside a transaction."""
    # Two statements: what is seen must be what was committed when the locks were given.
    conn.execute(_SQL["lock"], {"keys": sought.keys}, prepare=True)
    row = conn.execute(
        _SQL["look"],
        {
            "count": sought.count,
            "doors": sought.doors,
            "sources": sought.sources,
            "ids": sought.ids,
            "own_ids": sought.own_ids,
            "addresses": sought.addresses,
            "bounced": sought.bounced,
        },
        prepare=True,
    ).fetchone()
    assert row is not None
    for many in (row["sources"], row["known"]):
        for one in many or ():
            one["digest"] = None if one["digest"] is None else bytes.fromhex(one["digest"])
    return Found(
        row["fresh"] or [],
        row["sources"] or [],
        row["known"] or [],
        row["awaiting"] or [],
        row["persons"] or [],
        row["bounced"] or [],
    )


def conversations(conn: Connection, ids: Iterable[int]) -> list[dict[str, Any]]:
    """The conversations a batch may join, locked until its end."""
    return conn.execute(_SQL["conversations"], {"ids": list(ids)}).fetchall()


def write(conn: Connection, rows: Rows) -> None:
    """Write everything; in a pipeline without waiting for an answer."""
    by_query = rows.by_query
    values = {
        name: [row[column] for row in by_query.get(query, ())]
        for query, names in _PARAMETERS.items()
        for name, column in names
    }
    conn.execute(_SQL["add"], values, prepare=True)
    for query in _CHANGES:
        changed = by_query.get(query)
        if not changed:
            continue
        if query in _COLUMNS:
            conn.execute(_SQL[query], {name: [row[name] for row in changed] for name in changed[0]})
        else:
            for one in changed:
                conn.execute(_SQL[query], one)


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
