"""Remembering what was taken of a mailbox that does not remember it itself.

Intake commits a mail before it is remembered here. A crash between the two costs a second fetch: intake knows the
mail again by its Message-ID or its bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.store import mailboxes as store

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from portevoix.store.db import Connection


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
