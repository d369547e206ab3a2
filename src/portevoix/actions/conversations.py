"""Conversations joined, parted and renamed; and who is writing in one right now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portevoix.actions import contacts
from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.domain.contacts import events as e
from portevoix.domain.contacts.machine import State
from portevoix.store import conversations as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

#: Somebody writes as long as their browser said so within this time.
WRITING = timedelta(seconds=15)

#: So long a mail may be under way before nobody waits for it as a parent any more.
AWAITED = timedelta(days=30)

#: Of two open contacts the one that is further on stays; what only rests gives way to what waits.
_RANK = {
    State.ACTIVE.value: 0,
    State.WRAP_UP.value: 1,
    State.OFFERED.value: 2,
    State.WAITING.value: 3,
    State.RECEIVED.value: 4,
    State.PARKED.value: 5,
}


def merge(conn: Connection, *, into_id: int, other_id: int, account_id: int | None, at: datetime) -> None:
    """``other_id`` becomes part of ``into_id``: messages, notes, files, drafts and contacts. Nobody did it
    (``account_id`` None) when a mail came that belongs to both.

    Only one contact may stay open: the one further on (else that of ``into_id``) keeps the earlier target, the
    other is closed with the outcome "merged". Answers to the other's mails find their way. Undone by splitting.
    Raises ``Invalid`` (same-conversation; other-line: the only open contact would change its line), ``Missing``,
    ``TooLate`` (merged).
    """
    if into_id == other_id:
        raise Invalid("same-conversation")
    with conn.transaction():
        rows = {row["id"]: row for row in store.many(conn, "lock", ids=[into_id, other_id])}
        if len(rows) != 2:
            raise Missing("conversation")
        if any(row["merged_into"] for row in rows.values()):
            raise TooLate("merged")
        keep, other = rows[into_id], rows[other_id]
        _one_open_contact(conn, keep, other, account_id, at)
        places = {"from_id": other_id, "to_id": into_id}
        for query in (
            "move_contacts",
            "move_messages",
            "move_uploads",
            "move_draft",
            "move_awaited",
            "become",
        ):
            store.run(conn, query, **places)
        store.run(conn, "widen", id=into_id, opened_at=other["opened_at"], last_at=other["last_at"])
        about = About(None, into_id, keep["line_id"], account_id)
        append(conn, e.ConversationMerged(other_id=other_id), about, at)
        gone = About(None, other_id, other["line_id"], account_id)
        append(conn, e.ConversationAbsorbed(into_id=into_id), gone, at)


def _one_open_contact(
    conn: Connection, keep: dict[str, Any], other: dict[str, Any], account_id: int | None, at: datetime
) -> None:
    found = store.many(conn, "open_contacts", ids=[keep["id"], other["id"]])
    found.sort(key=lambda row: (_RANK[row["state"]], row["conversation_id"] != keep["id"]))
    if not found:
        return
    stays = found[0]
    if stays["line_id"] != keep["line_id"]:
        # Its line would change under whoever has it: the caller merges the other way round, or transfers first.
        mine = [row for row in found if row["line_id"] == keep["line_id"]]
        if not mine:
            raise Invalid("other-line")
        stays = mine[0]
    for row in found:
        if row["id"] != stays["id"]:
            contacts.close(
                conn, row["id"], account_id, subject_id=None, outcome="merged", anybody=True, at=at
            )
            store.run(conn, "inherit", id=stays["id"], due_at=row["due_at"], received_at=row["received_at"])


def split(
    conn: Connection,
    *,
    conversation_id: int,
    message_id: int,
    account_id: int,
    due_at: datetime,
    at: datetime,
) -> int:
    """From ``message_id`` on, the matter goes on in a conversation of its own. Gives that conversation.

    It has a waiting contact that keeps its age (that of the message it begins with) and prefers who split it.
    Raises ``Invalid`` (first-message: nothing would stay behind; not-there) and ``Missing``.
    """
    with conn.transaction():
        here = next(iter(store.many(conn, "lock", ids=[conversation_id])), None)
        if here is None:
            raise Missing("conversation")
        first = store.one(conn, "message", id=message_id)
        if first is None or first["conversation_id"] != conversation_id:
            raise Invalid("not-there")
        if store.one(conn, "before", conversation_id=conversation_id, message_id=message_id) is None:
            raise Invalid("first-message")
        carried = next(iter(store.many(conn, "open_contacts", ids=[conversation_id])), None)
        new = store.one(
            conn,
            "begin",
            id=conversation_id,
            sender=first["sender"],
            subject=first["subject"] or here["subject"],
            at=first["at"],
        )
        assert new is not None
        began = min(first["at"], at)
        contact = store.one(
            conn,
            "add_contact",
            conversation_id=new["id"],
            line_id=new["line_id"],
            received_at=began,
            waiting_since=began,
            due_at=due_at,
            account_id=account_id,
            at=at,
        )
        assert contact is not None
        places = {"from_id": conversation_id, "to_id": new["id"], "message_id": message_id}
        store.run(conn, "take_messages", contact_id=contact["id"], **places)
        store.run(conn, "move_sent_uploads", **places)
        store.run(conn, "refresh", ids=[conversation_id, new["id"]])
        _told_split(conn, here, new["id"], contact["id"], message_id, carried, account_id, at)
    return int(new["id"])


def _told_split(
    conn: Connection,
    here: dict[str, Any],
    new_id: int,
    contact_id: int,
    message_id: int,
    carried: dict[str, Any] | None,
    account_id: int,
    at: datetime,
) -> None:
    event = e.ConversationSplit(other_id=new_id, message_id=message_id)
    append(conn, event, About(None, here["id"], here["line_id"], account_id), at)
    began = e.ContactReceived(
        channel="mail",
        message_id=message_id,
        preferred_id=account_id,
        carries=carried["id"] if carried else None,
    )
    append(conn, began, About(contact_id, new_id, here["line_id"], account_id), at)


def rename(conn: Connection, *, conversation_id: int, account_id: int, subject: str, at: datetime) -> None:
    """Give the conversation another title among colleagues; mails keep their subject. Raises ``Invalid``, ``Missing``."""
    title = " ".join(subject.replace("\x00", "").split())[:300]
    if not title:
        raise Invalid("empty-subject")
    with conn.transaction():
        row = next(iter(store.many(conn, "lock", ids=[conversation_id])), None)
        if row is None:
            raise Missing("conversation")
        if row["subject"] == title:
            return
        store.run(conn, "rename", id=conversation_id, subject=title)
        event = e.ConversationRenamed(subject=title, before=row["subject"])
        append(conn, event, About(None, conversation_id, row["line_id"], account_id), at)


def writing(conn: Connection, conversation_id: int, account_id: int, at: datetime) -> None:
    """This person is writing here now. Worthless after a crash, so it is not logged."""
    store.run(conn, "writing", conversation_id=conversation_id, account_id=account_id, at=at)


def writers(conn: Connection, conversation_id: int, at: datetime, *, but: int) -> list[dict[str, Any]]:
    """Who else is writing here (account_id, name, at): seen within the last 15 s."""
    return store.many(conn, "writers", conversation_id=conversation_id, but=but, since=at - WRITING)


def forget_writing(conn: Connection, at: datetime) -> int:
    """Sweep old signs of writing."""
    return store.run(conn, "forget_writing", before=at - timedelta(hours=1))


def forget_awaited(conn: Connection, at: datetime) -> int:
    """Sweep the wish for parents that never came (most are mails we were never sent)."""
    return store.run(conn, "forget_awaited", before=at - AWAITED)
