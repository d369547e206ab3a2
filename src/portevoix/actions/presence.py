"""Whether an adviser can be offered work, as they declare it or as the centre finds out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portevoix.actions.contacts import release_all
from portevoix.actions.errors import Invalid
from portevoix.domain.advisers.presence import Cause, Presence, PresenceError, PresenceState
from portevoix.domain.contacts.events import PresenceChanged
from portevoix.store import live
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

#: A browser that was not heard of for so long has vanished; its heartbeat comes every 20 s, and
#: a sleeping tab may be throttled to one a minute.
VANISHED_AFTER = timedelta(seconds=75)
#: The reason of a pause that the centre decided.
MISSED = "missed-offer"
#: Nobody's decision: the row and the event name no actor.
DECIDED_BY_CENTRE = frozenset({Cause.MISSED_OFFER, Cause.VANISHED, Cause.WRAP_UP})


def get(conn: Connection, account_id: int) -> dict[str, Any]:
    """The presence of an account; offline when it never declared one."""
    row = live.row(conn, "presence", account_id=account_id)
    return row or {"account_id": account_id, "state": "offline", "reason": "", "since": None}


def set_state(
    conn: Connection,
    account_id: int,
    state: str,
    reason: str,
    at: datetime,
    *,
    actor_id: int | None = None,
    cause: Cause = Cause.SELF,
) -> None:
    """Move somebody to a presence. Offline or away frees offered and active work. Raises ``Invalid``.

    Every move ends a row of ``presence_span`` and begins another. ``actor_id``: who did it, when not the person."""
    with conn.transaction():
        now = live.row(conn, "hold_presence", account_id=account_id) or get(conn, account_id)
        if now["state"] == state and now["reason"] == reason.strip():
            seen(conn, account_id, at)
            return
        try:
            PresenceState(Presence(now["state"]), now["since"] or at, now["reason"]).move(
                Presence(state), at, reason
            )
        except (PresenceError, ValueError) as error:
            raise Invalid("presence", str(error)) from None
        who = None if cause in DECIDED_BY_CENTRE else actor_id or account_id
        values = {
            "account_id": account_id,
            "state": state,
            "reason": reason.strip(),
            "cause": cause,
            "at": at,
        }
        live.row(conn, "set_presence", **values)
        live.run(conn, "end_span", **values)
        live.run(conn, "begin_span", by_id=who, **values)
        event = PresenceChanged(account_id=account_id, state=state, reason=reason.strip(), cause=cause)
        append(conn, event, About(actor_id=who), at)
        if state in ("offline", "away"):
            release_all(conn, account_id, state, at)


def seen(conn: Connection, account_id: int, at: datetime) -> str:
    """The browser lives. Gives the presence as the centre sees it, so that the browser can show a change."""
    row = live.row(conn, "seen", account_id=account_id, at=at)
    return str(row["state"]) if row else "offline"


def sweep(conn: Connection, at: datetime) -> list[int]:
    """Advisers whose browser vanished become away and their work is free again. Gives the accounts."""
    gone = []
    for row in live.rows(conn, "vanished", before=at - VANISHED_AFTER):
        set_state(conn, row["account_id"], "away", "vanished", at, cause=Cause.VANISHED)
        gone.append(int(row["account_id"]))
    return gone


def missed(conn: Connection, account_id: int, at: datetime) -> None:
    """An offer ran out unanswered: no further offers until the adviser says that they are there again.

    What they hold stays theirs: they may just be writing a long answer."""
    if get(conn, account_id)["state"] == "available":
        set_state(conn, account_id, "paused", MISSED, at, cause=Cause.MISSED_OFFER)


def repair(conn: Connection, at: datetime) -> list[int]:
    """Free work held by somebody who is not here (a crash in the middle, an account that was closed).

    Gives the contacts; the caller reports them, since nothing should be found."""
    freed: list[int] = []
    for row in live.rows(conn, "left_behind", before=at - VANISHED_AFTER):
        freed += release_all(conn, row["account_id"], "sweeper", at)
    return freed
