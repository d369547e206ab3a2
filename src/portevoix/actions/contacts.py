"""The moves of a contact: who gets it, who has it, when it ends. One transaction and one event each.

Rights are checked by the caller through actions/access.py; what is checked here is that the move is possible now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.domain.contacts import events as e
from portevoix.domain.contacts.machine import Move, origins
from portevoix.store import contacts as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portevoix.store.db import Connection


def _told(conn: Connection, row: dict[str, Any], event: e.Event, actor_id: int | None, at: datetime) -> int:
    about = About(
        contact_id=row.get("id", row.get("contact_id")),
        conversation_id=row["conversation_id"],
        line_id=row["line_id"],
        actor_id=actor_id,
    )
    return append(conn, event, about, at)


def _moved(row: dict[str, Any] | None, code: str) -> dict[str, Any]:
    if row is None:
        raise TooLate(code)
    return row


def _hold(conn: Connection, contact_id: int) -> None:
    """Until the end of the transaction nobody else moves the contact or what it is about, and no mail joins it."""
    store.run(conn, "hold_conversation", id=contact_id)
    store.run(conn, "hold", id=contact_id)


def get(conn: Connection, contact_id: int) -> dict[str, Any]:
    """The contact as it stands; raises ``Missing``."""
    row = store.one(conn, "get", id=contact_id)
    if row is None:
        raise Missing("contact")
    return row


# --- offers -------------------------------------------------------------------------------------------


class Offer(NamedTuple):
    """A seat of a contact for an adviser, and why (the router's reason)."""

    contact_id: int
    account_id: int
    reason: dict[str, Any]
    role: str = "adviser"


def offer(conn: Connection, offers: Sequence[Offer], at: datetime) -> set[tuple[int, str]]:
    """Offer seats to advisers, in one statement. Gives (contact, seat) of those offered: the others are no longer
    waiting."""
    told = [e.ContactOffered(account_id=one.account_id, role=one.role, reason=one.reason) for one in offers]
    rows = store.many(
        conn,
        "offer",
        from_states=[state.value for state in origins(Move.OFFERED)],
        ids=[one.contact_id for one in offers],
        roles=[one.role for one in offers],
        accounts=[one.account_id for one in offers],
        reasons=[Jsonb(one.reason) for one in offers],
        bodies=[Jsonb(event.body()) for event in told],
        kind=e.ContactOffered.kind,
        v=e.ContactOffered.v,
        at=at,
    )
    return {(row["contact_id"], row["role"]) for row in rows}


def accept(conn: Connection, contact_id: int, account_id: int, at: datetime) -> int:
    """The adviser takes what was offered. Gives the conversation. Raises ``TooLate``."""
    with conn.transaction():
        row = _moved(
            store.move(conn, "accept", Move.ACCEPTED, id=contact_id, account_id=account_id, at=at),
            "offer-gone",
        )
        _told(conn, row, e.ContactAccepted(account_id=account_id), account_id, at)
    return int(row["conversation_id"])


def _end_offer(
    conn: Connection,
    contact_id: int,
    account_id: int,
    event: e.Event,
    at: datetime,
    *,
    declined: bool,
    expired: bool,
) -> dict[str, Any] | None:
    assert event.move is not None
    row = store.move(
        conn,
        "end_offer",
        event.move,
        id=contact_id,
        account_id=account_id,
        at=at,
        declined=declined,
        only_expired=expired,
    )
    if row is not None:
        _told(conn, row, event, account_id if not expired else None, at)
    return row


def decline(conn: Connection, contact_id: int, account_id: int, at: datetime) -> None:
    """The adviser declines: the contact waits on, and is first offered to others. Raises ``TooLate``."""
    with conn.transaction():
        event = e.ContactDeclined(account_id=account_id)
        _moved(
            _end_offer(conn, contact_id, account_id, event, at, declined=True, expired=False), "offer-gone"
        )


def expire_offers(conn: Connection, at: datetime) -> list[tuple[int, int]]:
    """End every offer whose time is over; gives (contact, adviser) of each."""
    ended = []
    for row in store.many(conn, "expired_offers", at=at):
        contact_id, account_id = row["contact_id"], row["account_id"]
        with conn.transaction():
            event = e.ContactExpired(account_id=account_id)
            if _end_offer(conn, contact_id, account_id, event, at, declined=True, expired=True):
                ended.append((contact_id, account_id))
    return ended


def take(conn: Connection, contact_id: int, account_id: int, at: datetime) -> int:
    """Pick a waiting contact by hand. Gives the conversation. Raises ``TooLate``."""
    with conn.transaction():
        row = _moved(
            store.move(conn, "take", Move.TAKEN, id=contact_id, account_id=account_id, at=at), "not-waiting"
        )
        _told(conn, row, e.ContactTaken(account_id=account_id), account_id, at)
    return int(row["conversation_id"])


def release_all(conn: Connection, account_id: int, cause: str, at: datetime) -> list[int]:
    """The adviser is gone: offers and active work wait again, parked work stays parked. Gives the contacts."""
    released = []
    with conn.transaction():
        event = e.ContactReleased(account_id=account_id, cause=cause)
        released += [
            int(row["id"])
            for row in store.many(conn, "offered_to", account_id=account_id)
            if _end_offer(conn, row["id"], account_id, event, at, declined=False, expired=False)
        ]
        for row in store.many(conn, "held_by", account_id=account_id):
            moved = store.move(conn, "release", Move.RELEASED, id=row["id"], account_id=account_id, at=at)
            if moved is not None:
                _told(conn, moved, event, account_id, at)
                released.append(int(row["id"]))
    return released


# --- held work ----------------------------------------------------------------------------------------


def transfer(
    conn: Connection,
    contact_id: int,
    account_id: int | None,
    *,
    line_id: int,
    to_account_id: int | None,
    due_at: datetime,
    at: datetime,
) -> None:
    """Hand over to a line, or to a named adviser of it. It waits again and keeps its history. Raises ``TooLate``."""
    with conn.transaction():
        _hold(conn, contact_id)
        before = get(conn, contact_id)
        row = _moved(
            store.move(
                conn,
                "transfer",
                Move.TRANSFERRED,
                id=contact_id,
                line_id=line_id,
                to_account_id=to_account_id,
                due_at=due_at,
                at=at,
            ),
            "moved-on",
        )
        if before["line_id"] != line_id:
            store.run(conn, "move_conversation", id=row["conversation_id"], line_id=line_id)
        event = e.ContactTransferred(
            line_id=line_id,
            from_line_id=before["line_id"],
            to_account_id=to_account_id,
            from_account_id=before["holder_id"],
        )
        _told(conn, row, event, account_id, at)
        _idle(conn, before["holder_id"], at)


def park(conn: Connection, contact_id: int, account_id: int, wake_at: datetime, at: datetime) -> None:
    """Put aside until ``wake_at``. Raises ``Invalid`` for a time that is past, ``TooLate``."""
    if wake_at <= at:
        raise Invalid("wake-time-past")
    with conn.transaction():
        row = _moved(
            store.move(conn, "park", Move.PARKED, id=contact_id, account_id=account_id, wake_at=wake_at),
            "moved-on",
        )
        _told(conn, row, e.ContactParked(account_id=account_id, wake_at=wake_at.isoformat()), account_id, at)
        _idle(conn, account_id, at)


def wake(conn: Connection, contact_id: int, account_id: int, at: datetime) -> None:
    """Take parked work up again before its time. Raises ``TooLate``."""
    with conn.transaction():
        row = _moved(
            store.move(conn, "wake", Move.WOKEN, id=contact_id, account_id=account_id, at=at), "moved-on"
        )
        _told(conn, row, e.ContactWoken(account_id=account_id, cause="by-hand"), account_id, at)


def wake_due(conn: Connection, at: datetime) -> list[int]:
    """Return to the queue what was parked until now, first to who parked it. Gives the contacts."""
    woken = []
    for due in store.many(conn, "due_to_wake", at=at):
        with conn.transaction():
            row = store.move(conn, "return_to_queue", Move.RETURNED, id=due["id"], at=at)
            if row is not None:
                _told(conn, row, e.ContactReturned(cause="time", account_id=row["account_id"]), None, at)
                woken.append(int(row["id"]))
    return woken


def wrap_up(conn: Connection, contact_id: int, account_id: int, at: datetime) -> None:
    """The client has an answer, what is left is to note why they came. Raises ``TooLate``."""
    with conn.transaction():
        row = _moved(store.move(conn, "wrap", Move.WRAPPED, id=contact_id, account_id=account_id), "moved-on")
        _told(conn, row, e.ContactWrapped(account_id=account_id), account_id, at)


def resume(conn: Connection, contact_id: int, account_id: int, at: datetime) -> None:
    """Out of wrap-up: there is more to do. Raises ``TooLate``."""
    with conn.transaction():
        row = _moved(
            store.move(conn, "resume", Move.RESUMED, id=contact_id, account_id=account_id), "moved-on"
        )
        _told(conn, row, e.ContactResumed(account_id=account_id), account_id, at)


def close(
    conn: Connection,
    contact_id: int,
    account_id: int | None,
    *,
    subject_id: int | None,
    outcome: str = "",
    anybody: bool = False,
    seen: int | None = None,
    at: datetime,
) -> None:
    """Done. ``anybody``: also what another holds (a supervisor's right). ``seen``: the last message that whoever closes
    has read; when the client wrote after it nothing is closed. Raises ``TooLate`` (moved-on, client-wrote)."""
    with conn.transaction():
        # Held first: a mail that is just being taken in is seen here, or finds the contact closed and opens another.
        _hold(conn, contact_id)
        if seen is not None and store.one(conn, "unread", id=contact_id, seen=seen):
            raise TooLate("client-wrote")
        before = get(conn, contact_id)
        row = _moved(
            store.move(
                conn,
                "close",
                Move.CLOSED,
                id=contact_id,
                account_id=account_id,
                subject_id=subject_id,
                outcome=outcome,
                anybody=anybody,
                at=at,
            ),
            "moved-on",
        )
        event = e.ContactClosed(account_id=account_id, subject_id=row["subject_id"], outcome=outcome)
        _told(conn, row, event, account_id, at)
        who = before["holder_id"] or account_id
        store.run(
            conn, "remember_adviser", id=row["conversation_id"], account_id=who, subject_id=row["subject_id"]
        )
        _idle(conn, who, at)
        if who is not None and who == account_id:
            from portevoix.actions.presence import after_contact  # which frees contacts itself

            after_contact(conn, who, row["line_id"], before["channel"], at)


def choose_subject(
    conn: Connection, contact_id: int, account_id: int, subject_id: int | None, at: datetime
) -> None:
    """Note why the person came (motif). Raises ``TooLate`` when the contact is closed."""
    with conn.transaction():
        _hold(conn, contact_id)
        row = _moved(store.one(conn, "choose_subject", id=contact_id, subject_id=subject_id), "closed")
        _told(conn, row, e.SubjectChosen(subject_id=subject_id), account_id, at)


def reopen(conn: Connection, conversation_id: int, account_id: int, due_at: datetime, at: datetime) -> int:
    """An adviser takes a finished conversation up again: a new contact, theirs at once. Raises ``TooLate``."""
    with conn.transaction():
        row = _moved(
            store.one(
                conn,
                "add",
                conversation_id=conversation_id,
                channel="mail",
                at=at,
                due_at=due_at,
                preferred_id=account_id,
                preferred_until=at,
            ),
            "already-open",
        )
        _told(conn, row, e.ContactReceived(channel="mail", preferred_id=account_id), account_id, at)
        taken = _moved(
            store.move(conn, "take", Move.TAKEN, id=row["id"], account_id=account_id, at=at), "moved-on"
        )
        _told(conn, taken, e.ContactTaken(account_id=account_id), account_id, at)
    return int(row["id"])


def _idle(conn: Connection, account_id: int | None, at: datetime) -> None:
    if account_id is not None:
        store.run(conn, "idle_now", account_id=account_id, at=at)
