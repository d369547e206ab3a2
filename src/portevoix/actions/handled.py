"""Handlings made from the log: what coherence counts. A reader with a cursor; what it writes can be made again."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from portevoix.domain.contacts.events import Event, UnknownEvent, read
from portevoix.domain.figures.compare_handled import ENDS, KINDS, handlings
from portevoix.store import coherence as store
from portevoix.store.log import Cursor, load_cursor, save_cursor

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

READER: Final = "handled"


def learn(conn: Connection, limit: int = 2000) -> bool:
    """Take in the next events of the log; whether there was anything. Called by the timers.

    A contact is always read whole, so that a second reader, or the same events twice, change nothing.
    """
    with conn.transaction():
        cursor = load_cursor(conn, READER) or Cursor()
        news = store.row(conn, "news", xid=cursor.xid, id=cursor.id, ends=list(ENDS), limit=limit)
        if news is None:
            return False
        if news["contacts"]:
            _read_again(conn, news["contacts"])
        if news["conversations"]:
            store.run(conn, "came_back", conversations=news["conversations"], came_at=news["came_at"])
        save_cursor(conn, READER, Cursor(news["xid"], news["id"]))
    return True


def _read_again(conn: Connection, ids: list[int]) -> None:
    told: dict[int, list[tuple[datetime, Event]]] = defaultdict(list)
    unread: set[int] = set()
    for row in store.rows(conn, "history", ids=ids, kinds=list(KINDS)):
        try:
            told[row["contact_id"]].append((row["at"], read(row["kind"], row["v"], row["data"])))
        except (
            UnknownEvent,
            TypeError,
        ):  # written by a newer version: one contact uncounted, not all after it
            log.exception(
                "contact %s is not counted: an event of its history cannot be read", row["contact_id"]
            )
            unread.add(row["contact_id"])
    found = {
        row["id"]: handlings(told[row["id"]], row["line_id"], row["due_at"])
        for row in store.rows(conn, "contacts", ids=[one for one in ids if one not in unread])
    }
    store.run(conn, "forget", ids=list(found), counts=[len(parts) for parts in found.values()])
    store.keep(
        conn,
        [(contact, number, part) for contact, parts in found.items() for number, part in enumerate(parts, 1)],
    )
