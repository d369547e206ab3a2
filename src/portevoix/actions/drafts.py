"""The answer being written: one per conversation, kept on the server, so that it changes hands with the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from portevoix.actions.errors import Missing, TooLate
from portevoix.store import drafts as store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portevoix.store.db import Connection

_BODY_CHARS = 500_000


class DraftChanged(TooLate):
    """A colleague saved another text in the meantime; ``other`` is their draft as it stands (None: they sent it)."""

    def __init__(self, other: dict[str, Any] | None) -> None:
        super().__init__("draft-changed")
        self.other = other


def get(conn: Connection, conversation_id: int) -> dict[str, Any] | None:
    """The draft: body, recipients, version, who saved it when. None when nothing is begun."""
    return store.one(conn, "get", conversation_id=conversation_id)


def save(
    conn: Connection,
    *,
    conversation_id: int,
    account_id: int,
    body: str,
    recipients: Sequence[dict[str, str]],
    version: int | None,
    at: datetime,
) -> int:
    """Save over ``version`` (None: nothing was begun). Gives the new version.

    Raises ``DraftChanged`` (a ``TooLate``) with the other's text when somebody else saved meanwhile, ``Missing``.
    The same text saved twice (a request that was repeated) is no change.
    """
    body = body.replace("\x00", "").encode("utf-8", "replace").decode()[:_BODY_CHARS]
    values: dict[str, Any] = {
        "body": body,
        "recipients": Jsonb(list(recipients)),
        "account_id": account_id,
        "at": at,
    }
    with conn.transaction():
        place = store.one(conn, "lock_conversation", id=conversation_id)
        if place is None:
            raise Missing("conversation")
        values["conversation_id"] = place["id"]
        saved = (
            store.one(conn, "begin", **values)
            if version is None
            else store.one(conn, "save", version=version, **values)
        )
        if saved is not None:
            return int(saved["version"])
        other = get(conn, place["id"])
    if other is not None and other["body"] == body and other["saved_by"] == account_id:
        return int(other["version"])
    raise DraftChanged(other)


def discard(conn: Connection, *, conversation_id: int, version: int | None = None) -> None:
    """Throw the draft away; with ``version`` only that one (``DraftChanged``). Its files go with the sweep."""
    with conn.transaction():
        if version is None:
            store.run(conn, "discard", conversation_id=conversation_id)
            return
        if store.one(conn, "discard_version", conversation_id=conversation_id, version=version) is None:
            other = get(conn, conversation_id)
            if other is not None:
                raise DraftChanged(other)
