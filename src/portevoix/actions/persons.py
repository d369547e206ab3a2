"""Persons: named, noted, found to be one and parted again without loss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.channels.mail.compose import BadAddress, ascii_address
from portevoix.domain.contacts.events import AddressAdded, PersonChanged, PersonMerged, PersonUnmerged
from portevoix.store import persons as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection


def merge(conn: Connection, *, into_id: int, other_id: int, account_id: int, at: datetime) -> None:
    """``other_id`` turns out to be ``into_id``: addresses and conversations go there and know where they came from.

    The other's name and note stay on its own row. Raises ``Invalid`` (same-person), ``Missing``, ``TooLate`` (merged).
    """
    if into_id == other_id:
        raise Invalid("same-person")
    with conn.transaction():
        rows = _locked(conn, into_id, other_id)
        if any(row["merged_into"] for row in rows.values()):
            raise TooLate("merged")
        places = {"from_id": other_id, "to_id": into_id}
        for query in ("become", "move_addresses", "move_conversations"):
            store.run(conn, query, **places)
        store.run(conn, "name_if_empty", id=into_id, name=rows[other_id]["name"])
        append(conn, PersonMerged(person_id=into_id, other_id=other_id), About(actor_id=account_id), at)


def unmerge(conn: Connection, *, person_id: int, other_id: int, account_id: int, at: datetime) -> None:
    """They are two after all: ``other_id`` gets back the addresses and conversations that came with it.

    Also the conversations that one of its addresses opened in the meantime. Whoever had been merged into ``other_id``
    before stays with ``person_id`` and can be parted in turn. Raises ``TooLate`` (not-merged) and ``Missing``.
    """
    with conn.transaction():
        _locked(conn, person_id, other_id)
        places = {"from_id": person_id, "to_id": other_id}
        if store.one(conn, "stand_alone", id=other_id, from_id=person_id) is None:
            raise TooLate("not-merged")
        for query in ("return_conversations", "return_addresses"):
            store.run(conn, query, **places)
        append(
            conn,
            PersonUnmerged(person_id=person_id, other_id=other_id),
            About(actor_id=account_id),
            at,
        )


def _locked(conn: Connection, *ids: int) -> dict[int, dict[str, Any]]:
    rows = {row["id"]: row for row in store.many(conn, "lock", ids=list(ids))}
    if len(rows) != len(ids):
        raise Missing("person")
    return rows


def rename(
    conn: Connection,
    *,
    person_id: int,
    account_id: int,
    name: str | None = None,
    note: str | None = None,
    at: datetime,
    conversation: tuple[int, int] | None = None,
) -> None:
    """Name and note of a person; None leaves it as it is. ``conversation``: as for an address. Raises ``Missing``."""
    with conn.transaction():
        before = _locked(conn, person_id)[person_id]
        new_name = before["name"] if name is None else " ".join(name.replace("\x00", "").split())[:200]
        new_note = before["note"] if note is None else note.replace("\x00", "")[:5000]
        renamed, noted = new_name != before["name"], new_note != before["note"]
        if not renamed and not noted:
            return
        store.one(conn, "change", id=person_id, name=new_name, note=new_note)
        event = PersonChanged(person_id=person_id, name=new_name if renamed else None, noted=noted)
        append(conn, event, _beside(conversation, account_id), at)


def _beside(conversation: tuple[int, int] | None, account_id: int) -> About:
    conversation_id, line_id = conversation or (None, None)
    return About(None, conversation_id, line_id, account_id)


def add_address(
    conn: Connection,
    *,
    person_id: int,
    kind: str,
    value: str,
    account_id: int,
    at: datetime,
    conversation: tuple[int, int] | None = None,
) -> int:
    """A further way to reach a person. Gives the address; the same again gives the same.

    ``conversation``: id and line of the one in which it was noted, where it is then told.
    Raises ``Invalid`` (bad-address, bad-number, kind-unknown), ``TooLate`` (address-taken: another's, merge them).
    """
    value = _normal(kind, value)
    with conn.transaction():
        made = store.one(conn, "add_address", kind=kind, value=value, person_id=person_id)
        if made is not None:
            about = _beside(conversation, account_id)
            append(conn, AddressAdded(person_id=person_id, way=kind, value=value), about, at)
            return int(made["id"])
        known = store.one(conn, "address", kind=kind, value=value)
        assert known is not None
        if known["person_id"] != person_id:
            raise TooLate("address-taken")
        return int(known["id"])


def _normal(kind: str, value: str) -> str:
    if kind == "mail":
        try:
            return ascii_address(value).lower()
        except BadAddress as error:
            raise Invalid("bad-address", value[:100]) from error
    if kind == "phone":
        digits = re.sub(r"[\s.()/-]", "", value)
        if not re.fullmatch(r"\+?\d{3,20}", digits):
            raise Invalid("bad-number", value[:100])
        return digits
    raise Invalid("kind-unknown", kind[:20])
