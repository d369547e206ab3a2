"""Files beside a draft: kept in the database until the answer leaves with them, or for a day."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.channels.mail.files import safe_name
from portevoix.store import drafts as store

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from portevoix.store.db import Connection

#: Bytes of one file, and of all files of one mail.
FILE_BYTES = 10 * 1024 * 1024
MAIL_BYTES = 20 * 1024 * 1024
FILES = 30
KEPT = timedelta(hours=24)

_TYPE = re.compile(r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}$")


def add(
    conn: Connection,
    *,
    conversation_id: int,
    account_id: int,
    name: str,
    type: str,  # noqa: A002 - the word of the desk and of MIME
    content: bytes,
    at: datetime,
) -> UUID:
    """Keep a file with the draft of a conversation. Gives its id.

    Raises ``Invalid``: empty-file, file-too-large (over 10 MB), too-large (over 20 MB together), too-many-files.
    """
    if not content:
        raise Invalid("empty-file")
    if len(content) > FILE_BYTES:
        raise Invalid("file-too-large")
    kind = type.partition(";")[0].strip().lower()
    with conn.transaction():
        place = store.one(conn, "lock_conversation", id=conversation_id)
        if place is None:
            raise Missing("conversation")
        held = store.one(conn, "draft_size", conversation_id=place["id"])
        assert held is not None
        if held["size"] + len(content) > MAIL_BYTES:
            raise Invalid("too-large")
        if held["files"] >= FILES:
            raise Invalid("too-many-files")
        made = uuid.uuid4()
        store.run(
            conn,
            "add_upload",
            id=made,
            conversation_id=place["id"],
            account_id=account_id,
            name=safe_name(name) or "document",
            type=kind if _TYPE.match(kind) else "application/octet-stream",
            size=len(content),
            sha256=hashlib.sha256(content).digest(),
            content=content,
            at=at,
        )
    return made


def of_draft(conn: Connection, conversation_id: int) -> list[dict[str, Any]]:
    """The files beside the draft (id, name, type, size), oldest first, without their bytes."""
    return store.many(conn, "of_draft", conversation_id=conversation_id)


def get(conn: Connection, upload_id: UUID) -> dict[str, Any]:
    """A file with its bytes, its conversation and, once sent, its message. Raises ``Missing``."""
    row = store.one(conn, "upload", id=upload_id)
    if row is None:
        raise Missing("upload")
    return row


def remove(conn: Connection, *, upload_id: UUID, conversation_id: int) -> None:
    """Take a file away from a draft. Raises ``TooLate`` (upload-gone) when it was sent or removed."""
    if store.one(conn, "remove_upload", id=upload_id, conversation_id=conversation_id) is None:
        raise TooLate("upload-gone")


def sweep(conn: Connection, at: datetime) -> int:
    """Delete files that nobody sent and whose draft rests for a day. Gives how many."""
    return store.run(conn, "sweep", before=at - KEPT)
