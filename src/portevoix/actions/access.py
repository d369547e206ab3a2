"""The one door to a conversation, message, attachment or person: pages and calls get them only here.

What one may not see is ``Missing``, exactly like what does not exist: a number tried at random tells nothing.
What one sees but may not change is ``NotAllowed``. Denied unless a rule allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from portevoix.actions.errors import Missing, NotAllowed
from portevoix.store import desk

if TYPE_CHECKING:
    import uuid

    from portevoix.store.db import Connection


class Doing(StrEnum):
    """What somebody wants to do with a conversation."""

    SEE = "see"
    NOTE = "note"  # write for colleagues
    TAKE = "take"  # pick what nobody holds
    WORK = "work"  # answer, hand over, put aside, close
    JOIN = "join"  # merge and split


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: an account with its role and the lines it answers or, for a supervisor, oversees."""

    id: int
    role: str
    name: str
    lines: frozenset[int]  # answers, or oversees
    own_lines: frozenset[int]  # answers
    organisation_id: int | None = None

    @property
    def supervises(self) -> bool:
        """May act for others."""
        return self.role in ("supervisor", "administrator")

    @property
    def administers(self) -> bool:
        """May change lines, doors and people."""
        return self.role == "administrator"


def actor(conn: Connection, account_id: int) -> Actor:
    """The actor of a signed-in account. Raises ``NotAllowed`` for a closed account.

    An adviser sees the lines they answer; a supervisor, those that anybody of their organisation answers;
    an administrator, all.
    """
    row = desk.row(conn, "actor", id=account_id)
    if row is None or not row["is_active"]:
        raise NotAllowed("account-closed")
    own = frozenset(row["lines"])
    lines = own
    if row["role"] == "administrator":
        lines = own | {line["id"] for line in desk.rows(conn, "all_lines")}
    elif row["role"] == "supervisor":
        lines = own | set(row["organisation_lines"])
    return Actor(row["id"], row["role"], row["full_name"], lines, own, row["organisation_id"])


def _mine(conn: Connection, who: Actor, conversation_id: int) -> bool:
    """Handed to this account personally, on whatever line."""
    return desk.row(conn, "mine_elsewhere", id=conversation_id, account_id=who.id) is not None


def conversation(
    conn: Connection, who: Actor, conversation_id: int, doing: Doing = Doing.SEE
) -> dict[str, Any]:
    """The conversation as it stands. Raises ``Missing`` or ``NotAllowed``."""
    row = desk.row(conn, "conversation", id=conversation_id)
    if row is None or not (row["line_id"] in who.lines or _mine(conn, who, conversation_id)):
        raise Missing("conversation")
    _may(who, doing, row)
    return row


def may_work(who: Actor, row: dict[str, Any]) -> bool:
    """Whether the open contact of the conversation is this actor's to work on now."""
    if row["contact_id"] is None or row["closed_at"] is not None:
        return False
    return row["holder_id"] == who.id or (who.supervises and row["holder_id"] is not None)


def _may(who: Actor, doing: Doing, row: dict[str, Any]) -> None:
    if doing in (Doing.SEE, Doing.NOTE, Doing.JOIN):
        return
    holder = row["holder_id"] if row["closed_at"] is None else None
    if doing is Doing.WORK and holder not in (None, who.id) and not who.supervises:
        raise NotAllowed("held-by-other", str(row["holder"]))


def message(conn: Connection, who: Actor, message_id: int, doing: Doing = Doing.SEE) -> dict[str, Any]:
    """A message, by way of its conversation. Raises ``Missing`` or ``NotAllowed``."""
    row = desk.row(conn, "message", id=message_id)
    if row is None:
        raise Missing("message")
    try:
        conversation(conn, who, row["conversation_id"], doing)
    except Missing:
        raise Missing("message") from None
    return row


def upload(conn: Connection, who: Actor, upload_id: uuid.UUID, doing: Doing = Doing.SEE) -> dict[str, Any]:
    """An attached file of ours, by way of its conversation. Raises ``Missing`` or ``NotAllowed``."""
    row = desk.row(conn, "upload_of", id=upload_id)
    if row is None:
        raise Missing("upload")
    try:
        conversation(conn, who, row["conversation_id"], doing)
    except Missing:
        raise Missing("upload") from None
    return row


def raw(conn: Connection, who: Actor, message_id: int) -> bytes:
    """A mail byte for byte. Raises ``Missing``."""
    message(conn, who, message_id)
    row = desk.row(conn, "raw", id=message_id)
    if row is None or row["content"] is None:
        raise Missing("raw")
    return bytes(row["content"])


def set_aside(conn: Connection, who: Actor, set_aside_id: int) -> bytes:
    """A mail that could not be taken in: for supervisors of its line. Raises ``Missing``."""
    row = desk.row(conn, "set_aside_content", id=set_aside_id) if who.supervises else None
    if row is None or (row["line_id"] is not None and row["line_id"] not in who.lines):
        raise Missing("set-aside")
    return bytes(row["content"])


def person(conn: Connection, who: Actor, person_id: int) -> dict[str, Any]:
    """A person (of a merged one, whom it became), when a conversation of theirs may be seen. Raises ``Missing``.

    Gives also ``ids``: the person and everybody merged into it.
    """
    row = desk.row(conn, "person", id=person_id)
    if row is not None and row["merged_into"] is not None:
        row = desk.row(conn, "person", id=row["merged_into"])
    if row is None:
        raise Missing("person")
    merged = desk.rows(conn, "merged_persons", id=row["id"])
    ids = [row["id"], *(other["id"] for other in merged)]
    if not who.administers:
        known = {found["line_id"] for found in desk.rows(conn, "person_lines", persons=ids)}
        if not known & who.lines and not desk.row(conn, "holds_person", persons=ids, account_id=who.id):
            raise Missing("person")
    return {**row, "ids": ids, "merged": merged}
