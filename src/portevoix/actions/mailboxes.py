"""The mailbox of a door; and remembering what was taken of one that does not remember it itself.

Intake commits a mail before it is remembered here. A crash between the two costs a second fetch: intake knows the
mail again by its Message-ID or its bytes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from portevoix.channels.mail.imap_connection import After, Mailbox
from portevoix.store import mailboxes as store

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from portevoix.store.db import Connection


def mailbox(door: Mapping[str, Any]) -> Mailbox:
    """Where a door's mail is fetched: its columns, and the password from the environment ("" when it has none)."""
    name = door["imap_secret"].upper().replace("-", "_")
    after = After(door["imap_after"])
    return Mailbox(
        host=door["imap_host"],
        port=door["imap_port"],
        tls=door["imap_tls"],
        user=door["imap_user"] or door["address"],
        password=os.environ.get(f"PORTEVOIX_IMAP_{name}", "") if name else "",
        folder=door["imap_folder"] or "INBOX",
        # Nowhere to move to: marked where they are.
        after=After.MARK if after is After.MOVE and not door["imap_move_to"] else after,
        move_to=door["imap_move_to"],
        since=door["imap_since"],
    )


class Memory:
    """The UIDs taken at one door in one place (server, account, folder, UIDVALIDITY), as the table has them."""

    def __init__(self, conn: Connection, door_id: int, place: int) -> None:
        self._door, self._place = door_id, place
        self._taken = store.taken(conn, door_id, place)

    def knows(self, uid: int, likeness: int) -> bool:
        """Whether this very mail was taken, not only one that bore its UID."""
        return self._taken.get(uid) == likeness

    def add(self, conn: Connection, mails: Mapping[int, int]) -> None:
        """These are committed now: UID to likeness."""
        if mails:
            store.take(conn, self._door, self._place, mails)
            self._taken.update(mails)

    def keep_only(self, conn: Connection, uids: Collection[int]) -> None:
        """The mailbox holds these and no others."""
        gone = self._taken.keys() - set(uids)
        store.forget(conn, self._door, self._place, gone)
        for uid in gone:
            del self._taken[uid]
