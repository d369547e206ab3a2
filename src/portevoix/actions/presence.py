"""Whether an adviser can be offered work, as they declare it or as the centre finds out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portevoix.actions.configuration import changed
from portevoix.actions.contacts import release_all
from portevoix.actions.errors import Invalid
from portevoix.domain.advisers.presence import Cause, Presence, PresenceError, PresenceState
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.contacts.events import PresenceChanged
from portevoix.store import live
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portevoix.store.db import Connection

#: A browser that was not heard of for so long has vanished, whatever the live process knows; its heartbeat comes every
#: 20 s, and a sleeping tab may be throttled to one a minute.
VANISHED_AFTER = timedelta(seconds=75)
#: Of a page that answers its open connection no more (``runners/signs.py``) nothing may have come over the ordinary
#: way either for so long: there it says something every 5 s then. (The table hears of an answer up to 4 s late.)
SILENT_AFTER = timedelta(seconds=9)
#: The reason of a pause that the centre decided.
MISSED = "missed-offer"
#: The reason of a wrap-up that was prolonged: once.
PROLONGED = "prolonged"
#: Nobody's decision: the row and the event name no actor.
DECIDED_BY_CENTRE = frozenset({Cause.MISSED_OFFER, Cause.VANISHED, Cause.WRAP_UP})


def get(conn: Connection, account_id: int) -> dict[str, Any]:
    """The presence of an account; offline when it never declared one."""
    row = live.row(conn, "presence", account_id=account_id)
    return row or {"account_id": account_id, "state": "offline", "reason": "", "since": None}


def reasons(conn: Connection) -> list[dict[str, Any]]:
    """All that was ever a reason of a pause: name, name_en, worked, active, in the menu's order."""
    return live.rows(conn, "pause_reasons")


def menu(conn: Connection, account_id: int) -> dict[str, Any]:
    """The presence with what one may choose: ``reasons`` and ``works_from`` ("site", "home")."""
    row = live.row(conn, "works_from", account_id=account_id)
    offered = [one for one in reasons(conn) if one["active"]]
    return {**get(conn, account_id), "reasons": offered, "works_from": row["works_from"] if row else "site"}


def work_from(conn: Connection, account_id: int, where: str, at: datetime) -> None:
    """Say where one works from; it stays so until said otherwise. Raises ``Invalid``."""
    if where not in ("site", "home"):
        raise Invalid("place")
    with conn.transaction():
        if live.run(conn, "work_from", account_id=account_id, works_from=where):
            changed(conn, "works_from", account_id, account_id, at)


def set_state(
    conn: Connection,
    account_id: int,
    state: str,
    reason: str,
    at: datetime,
    *,
    actor_id: int | None = None,
    cause: Cause = Cause.SELF,
    ends_at: datetime | None = None,
) -> None:
    """Move somebody to a presence. Offline or away frees offered and active work. Raises ``Invalid``.

    Every move ends a row of ``presence_span`` and begins another. ``actor_id``: who did it, when not the person.
    ``ends_at``: of a wrap-up."""
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
            "ends_at": ends_at,
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


def seen_many(conn: Connection, accounts: Sequence[int], at: datetime) -> None:
    """The browsers of all these live."""
    if accounts:
        live.run(conn, "seen_many", accounts=list(accounts), at=at)


def sweep(conn: Connection, at: datetime, silent: Sequence[int] = ()) -> list[int]:
    """Advisers whose browser vanished become away and their work is free again. Gives the accounts.

    ``silent``: whose pages answer their open connection no more."""
    gone = []
    limits = {"before": at - VANISHED_AFTER, "silent": list(silent), "lately": at - SILENT_AFTER}
    for row in live.rows(conn, "vanished", **limits):
        set_state(conn, row["account_id"], "away", "vanished", at, cause=Cause.VANISHED)
        gone.append(int(row["account_id"]))
    return gone


def missed(conn: Connection, account_id: int, at: datetime) -> None:
    """An offer ran out unanswered: no further offers until the adviser says that they are there again.

    What they hold stays theirs: they may just be writing a long answer."""
    if get(conn, account_id)["state"] == "available":
        set_state(conn, account_id, "paused", MISSED, at, cause=Cause.MISSED_OFFER)


def after_contact(conn: Connection, account_id: int, line_id: int, channel: str, at: datetime) -> None:
    """Somebody has just ended a contact: where somebody else was waiting at the other end, the line's time to note and
    close begins, if they have nothing else in hand. A mail is closed when all is noted."""
    if WORK[Channel(channel)] is Work.DEFERRED:
        return
    found = live.row(conn, "wraps_up", account_id=account_id, line_id=line_id)
    if found is not None:
        ends_at = at + timedelta(seconds=found["seconds"])
        set_state(conn, account_id, "wrap-up", "", at, cause=Cause.WRAP_UP, ends_at=ends_at)


def prolong(conn: Connection, account_id: int, at: datetime) -> None:
    """As long again, once. Raises ``Invalid``."""
    with conn.transaction():
        now = live.row(conn, "hold_presence", account_id=account_id)
        if now is None or now["state"] != "wrap-up" or now["ends_at"] is None or now["reason"] == PROLONGED:
            raise Invalid("wrap-up")
        ends_at = max(now["ends_at"], at) + (now["ends_at"] - now["since"])
        set_state(conn, account_id, "wrap-up", PROLONGED, at, ends_at=ends_at)


def end_wrap_ups(conn: Connection, at: datetime) -> list[int]:
    """Whose time is over is available again, whatever their browser does. Gives the accounts."""
    ended = [int(row["account_id"]) for row in live.rows(conn, "wrapped_up", at=at)]
    for account_id in ended:
        with conn.transaction():
            now = live.row(conn, "hold_presence", account_id=account_id)
            if (
                now is not None and now["ends_at"] is not None and now["ends_at"] <= at
            ):  # not prolonged meanwhile
                set_state(conn, account_id, "available", "", at, cause=Cause.WRAP_UP)
    return ended


def repair(conn: Connection, at: datetime) -> list[int]:
    """Free work held by somebody who is not here (a crash in the middle, an account that was closed).

    Gives the contacts; the caller reports them, since nothing should be found."""
    freed: list[int] = []
    for row in live.rows(conn, "left_behind", before=at - VANISHED_AFTER):
        freed += release_all(conn, row["account_id"], "sweeper", at)
    return freed
