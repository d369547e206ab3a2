"""What we write in a conversation: answers, notes, and taking an answer back while it has not left.

An answer is one row and its finished bytes, committed together: from then on only the outbox (actions/outbox.py)
touches it. Rights are checked by the caller through actions/access.py.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from portevoix.actions import letters
from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.actions.filing import add, next_id, put, told
from portevoix.channels.mail import identity
from portevoix.channels.mail.compose import BadAddress, Enclosure, Envelope, compose, plain
from portevoix.domain.answers import fill
from portevoix.domain.contacts.events import MessageAdded, MessageStatus
from portevoix.store import drafts as draft_rows
from portevoix.store import messages as store
from portevoix.store.log import About, append
from portevoix.store.words import vector

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from portevoix.store.db import Connection

#: All attachments of one mail together, in bytes: most mailboxes refuse 25 MB, and base64 adds a third.
MAIL_BYTES = 20 * 1024 * 1024
#: What of a text is indexed for search; a tsvector holds at most 1 MB.
_SEARCHED = 200_000
_BODY_CHARS = 500_000


def reply(
    conn: Connection,
    *,
    conversation_id: int,
    account_id: int,
    body: str,
    recipients: Sequence[dict[str, str]],
    upload_ids: Sequence[UUID],
    token: str,
    secret: bytes,
    domain: str,
    at: datetime,
    undo_seconds: int = 10,
    quote: bool = False,
) -> int:
    """Answer a conversation. Gives the message; it leaves after ``undo_seconds`` unless it is taken back.

    ``token`` is the form's own: the same again gives the same message. The draft is done with. ``domain`` names our
    Message-IDs. A recipient whose address bounced before does not stop the answer: ``facts.warnings`` says
    so. ``quote`` adds what the client wrote last. Raises ``Invalid`` (empty-body, unfilled-variables, no-recipient,
    bad-address, no-door, too-large, upload-gone), ``Missing``, ``TooLate`` (undone: the token was used and taken back).
    """
    if not token.strip():
        raise Invalid("no-token")
    with conn.transaction():
        place = _place(conn, conversation_id)
        source_id = f"reply:{token}"[:200]
        if made := store.one(conn, "by_token", conversation_id=place["id"], source_id=source_id):
            if made["status"] == "cancelled":
                raise TooLate("undone")
            return int(made["id"])
        if place["door"] is None:
            raise Invalid("no-door")
        author = _author(conn, account_id)
        text = _filled(body, letters.values(place, author["shown_name"], at))
        people = _people(conn, recipients)
        files = _take_files(conn, place["id"], upload_ids)
        message_id = next_id(conn)
        letter = letters.answer(
            place,
            store.one(conn, "parent", conversation_id=place["id"]),
            letters.Said(text, author["shown_name"], people, [_enclosure(row) for row in files], quote=quote),
            message_id=identity.message_id(secret, place["id"], message_id, domain),
            reply_to=identity.reply_address(secret, place["id"], place["door"])
            if place["reply_token"]
            else None,
            at=at,
        )
        envelope = _composed(letter)
        add(
            conn,
            place,
            message_id,
            kind="out",
            letter=letter,
            typed=text,
            files=files,
            author_id=account_id,
            source_id=source_id,
            facts=_warnings(conn, envelope.recipients),
            at=at,
        )
        put(conn, message_id, envelope, state="held", at=at, not_before=at + timedelta(seconds=undo_seconds))
        draft_rows.run(conn, "send_uploads", ids=[row["id"] for row in files], message_id=message_id)
        draft_rows.run(conn, "discard", conversation_id=place["id"])
    return message_id


def note(conn: Connection, *, conversation_id: int, account_id: int, body: str, at: datetime) -> int:
    """Write something for colleagues. Gives the message. Raises ``Invalid`` (empty-body) and ``Missing``."""
    text = _text(body)
    with conn.transaction():
        place = _place(conn, conversation_id)
        author = _author(conn, account_id)
        message_id = next_id(conn)
        store.run(
            conn,
            "add",
            id=message_id,
            conversation_id=place["id"],
            contact_id=place["contact_id"],
            kind="note",
            door_id=None,
            at=at,
            author_id=account_id,
            sender_name=author["full_name"],
            sender="",
            recipients=Jsonb([]),
            subject="",
            body=text,
            new_body=None,
            attachments=Jsonb([]),
            source_id=None,
            external_id=None,
            status="",
            facts=Jsonb({}),
            search=vector(text[:_SEARCHED], author["full_name"]),
        )
        told(conn, place, MessageAdded(message_id=message_id, said="note"), account_id, at)
    return message_id


def quotation(conn: Connection, conversation_id: int) -> str:
    """What the client wrote last, quoted for an answer; nothing when they wrote nothing. Raises ``Missing``."""
    place = _place(conn, conversation_id)
    parent = store.one(conn, "parent", conversation_id=place["id"])
    return letters.quoted(place, parent) if parent else ""


def undo(conn: Connection, *, message_id: int, account_id: int, at: datetime) -> str:
    """Take an answer back while it is still here: its text and files are the draft again. Gives the text.

    Raises ``TooLate`` (already-leaving) once its time has come or the outbox has it, and ``Missing``.
    """
    with conn.transaction():
        where = _where(conn, message_id)
        if store.one(conn, "undo", id=message_id, at=at) is None:
            raise TooLate("already-leaving")
        row = store.one(conn, "cancel", id=message_id)
        assert row is not None
        text = str(row["text"]).rstrip("\n")
        draft_rows.run(conn, "return_uploads", message_id=message_id, at=at)
        draft_rows.one(
            conn,
            "restore",
            conversation_id=row["conversation_id"],
            body=text,
            recipients=Jsonb(row["recipients"]),
            account_id=account_id,
            at=at,
        )
        _status(conn, where, "cancelled", account_id, at)
    return text


def retry(conn: Connection, *, message_id: int, account_id: int, at: datetime) -> None:
    """Try a mail again that failed: to those who did not get it, the same bytes. Raises ``TooLate`` (not-failed)."""
    with conn.transaction():
        where = _where(conn, message_id)
        if store.one(conn, "retry", id=message_id, at=at) is None:
            raise TooLate("not-failed")
        _status(conn, where, "queued", account_id, at)


def variables(conn: Connection, *, conversation_id: int, account_id: int, at: datetime) -> dict[str, str]:
    """What the variables of a saved answer mean in this conversation; unknown ones are missing or empty."""
    with conn.transaction():
        place = _place(conn, conversation_id)
        return letters.values(place, _author(conn, account_id)["shown_name"], at)


def bounced(conn: Connection, addresses: Sequence[str]) -> dict[str, str]:
    """Those of these addresses that mail came back from, with what was said: a warning before writing to them."""
    wanted = [address.strip().lower() for address in addresses]
    return {row["value"]: row["bounce"] for row in store.many(conn, "bounced", addresses=wanted)}


def _enclosure(row: dict[str, Any]) -> Enclosure:
    return Enclosure(row["name"], row["type"], bytes(row["content"]))


def _place(conn: Connection, conversation_id: int) -> dict[str, Any]:
    row = store.one(conn, "conversation", id=conversation_id)
    if row is None:
        raise Missing("conversation")
    return row


def _author(conn: Connection, account_id: int) -> dict[str, Any]:
    row = store.one(conn, "account", id=account_id)
    if row is None:
        raise Missing("account")
    return row


def _where(conn: Connection, message_id: int) -> dict[str, Any]:
    row = store.one(conn, "where", id=message_id)
    if row is None:
        raise Missing("message")
    return row


def _text(body: str) -> str:
    text = plain(body.replace("\x00", "")[:_BODY_CHARS]).rstrip()
    if not text.strip():
        raise Invalid("empty-body")
    return text


def _filled(body: str, values: dict[str, str]) -> str:
    text, missing = fill(_text(body), values)
    if missing:
        raise Invalid("unfilled-variables", ", ".join(missing))
    return text


def _people(conn: Connection, recipients: Sequence[dict[str, str]]) -> list[letters.Recipient]:
    """Whom it goes to: each once, never one of our own doors (that would be a letter to ourselves)."""
    try:
        people = letters.recipients(recipients)
    except BadAddress as error:
        raise Invalid("bad-address", str(error)) from error
    ours = {
        row["address"] for row in store.many(conn, "own_doors", addresses=[one.address for one in people])
    }
    people = [one for one in people if one.address not in ours]
    if not any(one.role == "to" for one in people):
        raise Invalid("no-recipient")
    return people


def _take_files(conn: Connection, conversation_id: int, upload_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    wanted = list(dict.fromkeys(upload_ids))
    if not wanted:
        return []
    rows = draft_rows.many(conn, "take_uploads", ids=wanted, conversation_id=conversation_id)
    if len(rows) != len(wanted):
        raise Invalid("upload-gone")
    if sum(row["size"] for row in rows) > MAIL_BYTES:
        raise Invalid("too-large")
    return rows


def _composed(letter: letters.Letter) -> Envelope:
    try:
        return compose(letter)
    except BadAddress as error:
        raise Invalid("bad-address", str(error)) from error


def _warnings(conn: Connection, addresses: Sequence[str]) -> dict[str, Any]:
    return {"warnings": ["bounced-address"]} if bounced(conn, addresses) else {}


def _status(conn: Connection, where: dict[str, Any], status: str, actor_id: int | None, at: datetime) -> None:
    about = About(where["contact_id"], where["conversation_id"], where["line_id"], actor_id)
    append(conn, MessageStatus(message_id=where["id"], status=status), about, at)
