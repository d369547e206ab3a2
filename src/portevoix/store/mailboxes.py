"""What was taken of mailboxes that do not remember it themselves. Named queries of sql/mailboxes.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from portevoix.store.db import Connection

_SQL = load("mailboxes")


def taken(conn: Connection, door_id: int, place: int) -> dict[int, int]:
    """UIDs taken at this door in this place, each with its mail's likeness."""
    rows = conn.execute(_SQL["taken"], {"door_id": door_id, "place": place}).fetchall()
    return {row["uid"]: row["likeness"] for row in rows}


def take(conn: Connection, door_id: int, place: int, mails: Mapping[int, int]) -> None:
    """Remember UIDs with their likenesses."""
    values = {"uids": list(mails), "likenesses": list(mails.values())}
    conn.execute(_SQL["take"], {"door_id": door_id, "place": place, **values})


def forget(conn: Connection, door_id: int, place: int, uids: Collection[int]) -> None:
    """Forget these UIDs, and every other place of the door."""
    conn.execute(_SQL["forget"], {"door_id": door_id, "place": place, "uids": list(uids)})
