"""Trying again a mail that was set aside."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from portevoix.actions import mailroom
from portevoix.actions.configuration import changed
from portevoix.actions.errors import Missing, TooLate
from portevoix.actions.inbound import Outcome, Taken
from portevoix.actions.intake import put_aside, take_in
from portevoix.store import configuration as store
from portevoix.store import desk

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

log = logging.getLogger(__name__)


def retry(conn: Connection, set_aside_id: int, actor_id: int, at: datetime) -> Taken:
    """Take the mail in as if it came now, but dated when it came. Its outcome is ``ASIDE`` when it fails again.

    Raises ``Missing`` when no open door is meant by it, ``TooLate`` when it is no longer set aside. Safe to repeat: the
    mail's key within its door makes one message of any number of tries.
    """
    centre = mailroom.Centre.read(conn)
    # A mail that kills whoever reads it must not kill the page's process: tried apart, and before any lock.
    content = desk.row(conn, "set_aside_content", id=set_aside_id)
    deadly = content is not None and not mailroom.survives(bytes(content["content"]), seconds=20)
    with conn.transaction():
        row = store.row(conn, "aside_lock", id=set_aside_id)
        if row is None or row["state"] != "aside":
            raise TooLate("aside-moved-on")
        doors = [door for door in centre.doors.values() if door.id == row["door_id"]]
        door = doors[0] if doors else centre.door(row["recipient"])
        if door is None:
            raise Missing("door")
        taken = _crashed(conn, row) if deadly else _taken(conn, row, door, centre)
        if taken.outcome is Outcome.ASIDE:
            if (
                taken.set_aside_id != set_aside_id
            ):  # it came without a door and failed now at one: one row is enough
                store.row(conn, "aside_dismiss", id=set_aside_id)
        elif store.row(conn, "aside_taken", id=set_aside_id, message_id=taken.message_id) is None:
            raise TooLate("aside-moved-on")
        changed(conn, "set_aside", set_aside_id, actor_id, at)
    return taken


def _crashed(conn: Connection, row: dict[str, Any]) -> Taken:
    return put_aside(
        conn, raw=bytes(row["content"]), door_id=row["door_id"], sender=row["sender"], recipient=row["recipient"],
        reason="parser-crash", at=row["at"],
    )  # fmt: skip


def _taken(conn: Connection, row: dict[str, Any], door: mailroom.Door, centre: mailroom.Centre) -> Taken:
    raw, secret = bytes(row["content"]), os.environ["PORTEVOIX_SECRET"].encode()
    try:
        item = mailroom.inbound(raw, door, centre, secret=secret, at=row["at"], recipient=row["recipient"])
    except Exception as error:  # whatever a mail does to us, it stays aside, whole
        log.exception("aside: mail %s is still not understood", row["id"])
        return put_aside(
            conn, raw=raw, door_id=row["door_id"], sender=row["sender"], recipient=row["recipient"],
            reason=f"{type(error).__name__}: {error}"[:1000], at=row["at"],
        )  # fmt: skip
    return take_in(conn, [item])[0]
