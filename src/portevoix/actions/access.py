"""The one door to a conversation, message, attachment or person: pages and calls get them only here.

What one may not see is ``Missing``, exactly like what does not exist: a number tried at random tells nothing.
What one sees but may not change is ``NotAllowed``. Denied unless a rule allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portevoix.actions.errors import Missing, NotAllowed
from portevoix.domain import access as rules
from portevoix.domain.access import Action, Role, Thing
from portevoix.store import desk

if TYPE_CHECKING:
    import uuid

    from portevoix.store.db import Connection

#: What one may do with a conversation is asked about the contact's holder and the line.
_OPEN_HELD = ("active", "parked", "wrap-up")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``rule``: what the rules of the domain know of them; ``lines``: whose conversations they may list."""

    rule: rules.Actor
    name: str
    lines: frozenset[int]

    @property
    def id(self) -> int:
        """The account."""
        return self.rule.id

    @property
    def supervises(self) -> bool:
        """May act for others."""
        return self.rule.role is Role.SUPERVISOR

    @property
    def administers(self) -> bool:
        """Changes lines, doors and people; reads no client's words."""
        return self.rule.role is Role.ADMINISTRATOR

    @property
    def retries(self) -> bool:
        """May see the mails that were set aside."""
        return rules.can_ever(self.rule, Action.MAIL_RETRY)

    def may(self, action: Action, thing: Thing) -> bool:
        """Whether the rules allow it."""
        return rules.may(self.rule, action, thing)


def actor(conn: Connection, account_id: int) -> Actor:
    """The actor of a signed-in account. Raises ``NotAllowed`` for a closed account."""
    row = desk.row(conn, "actor", id=account_id)
    if row is None or not row["is_active"]:
        raise NotAllowed("account-closed")
    role = Role(row["role"])
    if role is Role.ADMINISTRATOR and row["organisation_id"] and not row["in_house"]:
        # An outsourcer's account never administers (an organisation may have become one since the account was made).
        role = Role.ADVISER
    lines = frozenset(row["lines"])
    if role is Role.SUPERVISOR:
        lines |= frozenset(row["organisation_lines"])
    rule = rules.Actor(row["id"], role, row["organisation_id"] or 0, row["in_house"], lines)
    return Actor(rule, row["full_name"], frozenset() if role is Role.ADMINISTRATOR else lines)


def _thing(row: dict[str, Any]) -> Thing:
    """A conversation as the rules see it: its line, and who has its open contact or is offered it."""
    holders = {row["seat_account_id"], row["holder_id"] if row["state"] in _OPEN_HELD else None}
    if row["preferred_only"] and row["state"] == "waiting":
        holders.add(row["preferred_id"])
    return Thing(frozenset({row["line_id"]}), frozenset(one for one in holders if one is not None))


def conversation(
    conn: Connection, who: Actor, conversation_id: int, action: Action = Action.CONVERSATION_READ
) -> dict[str, Any]:
    """The conversation as it stands. Raises ``Missing`` or ``NotAllowed``."""
    row = desk.row(conn, "conversation", id=conversation_id)
    if row is None or not who.may(Action.CONVERSATION_READ, _thing(row)):
        raise Missing("conversation")
    if not who.may(action, _thing(row)):
        held = row["holder_id"] is not None and row["holder_id"] != who.id and row["closed_at"] is None
        raise NotAllowed("held-by-other" if held else "not-yours")
    return row


def may(who: Actor, action: Action, row: dict[str, Any]) -> bool:
    """Whether this could be done with a conversation got from here: what a page offers."""
    return who.may(action, _thing(row))


def visible(who: Actor, line_id: int, holder_id: int | None, state: str | None) -> bool:
    """Whether a conversation of which only this is known may be opened: for lists."""
    holders = frozenset({holder_id}) if holder_id is not None and state in _OPEN_HELD else frozenset()
    return who.may(Action.CONVERSATION_READ, Thing(frozenset({line_id}), holders))


def message(
    conn: Connection, who: Actor, message_id: int, action: Action = Action.CONVERSATION_READ
) -> dict[str, Any]:
    """A message, by way of its conversation. Raises ``Missing`` or ``NotAllowed``."""
    row = desk.row(conn, "message", id=message_id)
    if row is None:
        raise Missing("message")
    try:
        conversation(conn, who, row["conversation_id"], action)
    except Missing:
        raise Missing("message") from None
    return row


def upload(
    conn: Connection, who: Actor, upload_id: uuid.UUID, action: Action = Action.CONVERSATION_READ
) -> dict[str, Any]:
    """An attached file of ours, by way of its conversation. Raises ``Missing`` or ``NotAllowed``."""
    row = desk.row(conn, "upload_of", id=upload_id)
    if row is None:
        raise Missing("upload")
    try:
        conversation(conn, who, row["conversation_id"], action)
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
    """A mail that could not be taken in: for whoever may mend it. Raises ``Missing``."""
    row = desk.row(conn, "set_aside_content", id=set_aside_id)
    if row is None:
        raise Missing("set-aside")
    lines = frozenset({row["line_id"]}) if row["line_id"] is not None else who.rule.lines
    if not who.may(Action.MAIL_RETRY, Thing(lines)):
        raise Missing("set-aside")
    return bytes(row["content"])


def person(
    conn: Connection, who: Actor, person_id: int, action: Action = Action.PERSON_READ
) -> dict[str, Any]:
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
    lines = frozenset(found["line_id"] for found in desk.rows(conn, "person_lines", persons=ids))
    held = desk.row(conn, "holds_person", persons=ids, account_id=who.id) is not None
    thing = Thing(lines, frozenset({who.id}) if held else frozenset())
    if not who.may(Action.PERSON_READ, thing):
        raise Missing("person")
    if not who.may(action, thing):
        raise NotAllowed("person-other-line")
    return {**row, "ids": ids, "merged": merged}
