"""The rows of intake: look up what a batch touches, write what it became. See actions/intake.py for the why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from portevoix.store.binary import Statement, column
from portevoix.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portevoix.store.db import Connection

_SQL = load("intake")

#: What changes rows that are there, after all new rows are.
_CHANGES: Final = (
    "name_person",
    "return_parked",
    "resume_wrapped",
    "await_parent",
    "stop_awaiting",
    "mark_bounced",
    "mark_address",
    "retake",
)
#: What one statement writes: the name of the rows in ``Rows.add``, their prefix there, their columns and types.
_NEW: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "add_person": ("person", {"id": "bigint", "name": "text", "language": "text", "at": "timestamptz"}),
    "add_address": ("address", {"value": "text", "person_id": "bigint"}),
    "add_conversation": (
        "conversation",
        {
            "id": "bigint", "line_id": "bigint", "person_id": "bigint", "subject": "text", "at": "timestamptz",
            "last_at": "timestamptz", "twin_of": "bigint", "version": "int",
        },
    ),
    "add_contact": (
        "contact",
        {
            "id": "bigint", "conversation_id": "bigint", "line_id": "bigint", "channel": "text", "at": "timestamptz",
            "due_at": "timestamptz", "preferred_id": "bigint", "preferred_until": "timestamptz",
        },
    ),
    "add_message": (
        "message",
        {
            "id": "bigint", "conversation_id": "bigint", "contact_id": "bigint", "kind": "text", "channel": "text",
            "door_id": "bigint", "at": "timestamptz", "sender_name": "text", "sender": "text", "recipients": "text",
            "subject": "text", "body": "text", "new_body": "text", "html": "boolean", "attachments": "text",
            "source_id": "text", "digest": "bytea", "external_id": "text", "facts": "text", "search": "tsvector",
        },
    ),
    "add_raw": ("raw", {"message_id": "bigint", "content": "bytea"}),
    "touch": ("touch", {"id": "bigint", "at": "timestamptz"}),
    "log": (
        "log",
        {
            "at": "timestamptz", "kind": "text", "v": "smallint", "contact_id": "bigint", "conversation_id": "bigint",
            "line_id": "bigint", "data": "text",
        },
    ),
}  # fmt: skip
_LOOK: Final = Statement("intake_look", _SQL["look"])
_ADD: Final = Statement("intake_add", _SQL["add"])


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
    tokens: Sequence[int]
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the tables know of it."""

    fresh: list[dict[str, Any]]
    sources: list[dict[str, Any]] = field(default_factory=list)
    persons: list[dict[str, Any]] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    awaiting: list[dict[str, Any]] = field(default_factory=list)
    bounced: list[dict[str, Any]] = field(default_factory=list)
    conversations: list[dict[str, Any]] = field(default_factory=list)
    doors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rows:
    """Rows to write, by the name of their query."""

    by_query: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, query: str, **values: Any) -> dict[str, Any]:
        """One more row for ``query``; it may be changed until it is written."""
        self.by_query.setdefault(query, []).append(values)
        return values


def look_up(conn: Connection, sought: Sought) -> Found:
    """Lock, then look: one round trip. Must run inside a transaction, to its end the locks hold."""
    answer = _LOOK.run(
        conn,
        {
            "keys": column("bigint", sought.keys),
            "count": sought.count.to_bytes(4, "big"),
            "doors": column("bigint", sought.doors),
            "sources": column("text", sought.sources),
            "ids": column("text", sought.ids),
            "own_ids": column("text", sought.own_ids),
            "addresses": column("text", sought.addresses),
            "bounced": column("bigint", sought.bounced),
            "tokens": column("bigint", sought.tokens),
        },
    )
    assert answer is not None
    told = orjson.loads(answer)
    told |= told.pop("joined") or {}
    found = Found(**{name: rows or [] for name, rows in told.items()})
    for many in (found.sources, found.known):
        for one in many:
            one["digest"] = None if one["digest"] is None else bytes.fromhex(one["digest"])
    return found


def write(conn: Connection, rows: Rows) -> None:
    """Write everything a batch became."""
    by_query = rows.by_query
    _ADD.run(
        conn,
        {
            f"{prefix}_{name}": column(kind, [row[name] for row in by_query.get(query, ())])
            for query, (prefix, columns) in _NEW.items()
            for name, kind in columns.items()
        },
    )
    for query in _CHANGES:
        for one in by_query.get(query, ()):
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
