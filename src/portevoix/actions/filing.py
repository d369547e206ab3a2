"""How a mail of ours is filed: its row and event, and its finished bytes for the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from portevoix.channels.mail.compose import plain
from portevoix.domain.contacts.events import MessageAdded, MessageStatus
from portevoix.store import messages as store
from portevoix.store import outbox as outgoing
from portevoix.store.log import About, append
from portevoix.store.words import vector

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portevoix.actions import letters
    from portevoix.channels.mail.compose import Envelope
    from portevoix.store.db import Connection

#: What of a text is indexed for search; a tsvector holds at most 1 MB.
_SEARCHED = 200_000


def next_id(conn: Connection) -> int:
    """A fresh message id: it goes into the Message-ID before the row exists."""
    row = store.one(conn, "next_id")
    assert row is not None
    return int(row["id"])


def add(
    conn: Connection,
    place: dict[str, Any],
    message_id: int,
    *,
    kind: str,
    letter: letters.Letter,
    typed: str,
    files: Sequence[dict[str, Any]],
    author_id: int | None,
    source_id: str,
    facts: dict[str, Any],
    at: datetime,
) -> None:
    """The row of a mail of ours and its event."""
    text = plain(letter.text).rstrip("\n")
    written = plain(typed).rstrip("\n")
    names = " ".join(row["name"] for row in files)
    store.run(
        conn,
        "add",
        id=message_id,
        conversation_id=place["id"],
        contact_id=place["contact_id"],
        kind=kind,
        door_id=place["door_id"],
        at=at,
        author_id=author_id,
        sender_name=letter.sender_name,
        sender=letter.sender.lower(),
        recipients=Jsonb([{"name": r.name, "address": r.address, "as": r.role} for r in letter.recipients]),
        subject=letter.subject,
        body=text,
        new_body=written if written != text else None,
        attachments=Jsonb([_attachment(row, position) for position, row in enumerate(files)]),
        source_id=source_id,
        external_id=letter.message_id,
        status="held" if kind == "out" else "queued",
        facts=Jsonb(facts),
        search=vector(
            f"{written[:_SEARCHED]} {names[:2000]}",
            " ".join([letter.subject, *(f"{one.name} {one.address}" for one in letter.recipients)]),
        ),
    )
    store.run(conn, "touch", id=place["id"], account_id=author_id, at=at)
    told(conn, place, MessageAdded(message_id=message_id, said=kind), author_id, at)


def put(
    conn: Connection, message_id: int, envelope: Envelope, *, state: str, at: datetime, not_before: datetime
) -> None:
    """Hand the finished mail to the outbox, in the transaction of its message."""
    outgoing.run(
        conn,
        "put",
        message_id=message_id,
        state=state,
        sender=envelope.sender,
        recipients=list(envelope.recipients),
        content=envelope.content,
        not_before=not_before,
        at=at,
    )


def _attachment(row: dict[str, Any], position: int) -> dict[str, Any]:
    """As for a mail from outside; ``part`` is its place in the mail that left (1 is the text)."""
    return {
        "part": str(position + 2),
        "name": row["name"],
        "type": row["type"],
        "size": row["size"],
        "sha256": bytes(row["sha256"]).hex(),
        "inline": False,
        "cid": None,
        "upload": str(row["id"]),
    }


def told(
    conn: Connection,
    place: dict[str, Any],
    event: MessageAdded | MessageStatus,
    actor_id: int | None,
    at: datetime,
) -> None:
    """Its event in the log of the conversation."""
    about = About(place["contact_id"], place["id"], place["line_id"], actor_id)
    append(conn, event, about, at)
