"""What was done from the floor: kept with who and why, told to whom it concerns, ended by itself or undone.

The callers ask ``domain/access`` before they do something; who may undo is asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portevoix.actions.configuration import changed
from portevoix.actions.errors import Missing, NotAllowed, TooLate
from portevoix.domain.access import Action, Thing
from portevoix.domain.contacts.events_floor import FloorAct
from portevoix.store import floor as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.actions.access import Actor
    from portevoix.store.db import Connection

REASON_LENGTH: Final = 200
#: What happens once and does not stand: another act takes it back.
_ONCE: Final = frozenset({"push", "pull", "head"})


def note(conn: Connection, kind: str, by_id: int, at: datetime, *, reason: str = "", **about: Any) -> int:
    """Keep an act, inside the transaction that does it; what stood of the same thing stands no more. ``about``: account_id,
    line_id, skill_id, contact_id, contract_id, former, value, until, batch. Gives its number."""
    names = (
        "account_id", "line_id", "skill_id", "contact_id", "contract_id", "former", "value", "until", "batch",
    )  # fmt: skip
    values = {name: about.get(name) for name in names}
    over_already = kind in _ONCE
    if kind not in _ONCE:
        stood = over(conn, kind, by_id, at, **{name: values[name] for name in names[:5]})
        if stood and stood[0]["until"] is not None and kind in ("line", "share"):
            # What was for a while is what it goes back from, never what it goes back to.
            values["former"] = stood[0]["former"]
            over_already = values["former"] == values["value"]
    row = store.row(
        conn,
        "note_act",
        kind=kind,
        by_id=by_id,
        at=at,
        reason=reason.strip()[:REASON_LENGTH],
        ended_at=at if over_already else None,
        **values,
    )
    assert row is not None
    _tell(conn, int(row["id"]), values["account_id"], by_id, at, line_id=values["line_id"])
    return int(row["id"])


def over(
    conn: Connection, kind: str, by_id: int | None, at: datetime, **about: int | None
) -> list[dict[str, Any]]:
    """What stood of this thing stands no more (somebody changed it, or its time has come). Gives what stood."""
    names = ("account_id", "line_id", "skill_id", "contact_id", "contract_id")
    values = {name: about.get(name) for name in names}
    return store.rows(conn, "end_acts_on", kind=kind, by_id=by_id, at=at, **values)


def _tell(
    conn: Connection,
    act_id: int,
    account_id: int | None,
    by_id: int | None,
    at: datetime,
    *,
    line_id: int | None,
) -> None:
    accounts = [account_id] if account_id is not None else []
    append(conn, FloorAct(act_id=act_id, accounts=accounts), About(actor_id=by_id, line_id=line_id), at)


# --- ending ---------------------------------------------------------------------------------------------


def end_due(conn: Connection, at: datetime) -> int:
    """Moves and shares whose time is over go back by themselves. (Skills and pauses: their own tables.) Gives how many."""
    ended = 0
    for act in store.rows(conn, "due_acts", at=at):
        with conn.transaction():
            held = store.row(conn, "hold_act", id=act["id"])
            if held is not None:
                _go_back(conn, held, None, at)
                ended += 1
    return ended


def undo(conn: Connection, who: Actor, act_id: int, at: datetime) -> None:
    """Put it back as it was. Raises ``Missing``, ``NotAllowed``, ``TooLate`` when it does not stand any more."""
    act = store.row(conn, "act", id=act_id)
    if act is None or not sees(who, act):
        raise Missing("act")
    if not may_undo(conn, who, act):
        raise NotAllowed("undo")
    with conn.transaction():
        held = store.row(conn, "hold_act", id=act_id)
        if held is None:
            raise TooLate("act-over")
        _go_back(conn, held, who.id, at)


def undo_batch(conn: Connection, who: Actor, batch: int, at: datetime) -> tuple[int, int]:
    """What was done at once, back at once. Gives how many went back, and how many stood no more. Raises ``Missing``."""
    rows = store.rows(conn, "acts_of", batch=batch)
    if not rows:
        raise Missing("act")
    back = late = 0
    for row in rows:
        try:
            undo(conn, who, row["id"], at)
            back += 1
        except TooLate:
            late += 1
    return back, late


def _go_back(conn: Connection, act: dict[str, Any], by_id: int | None, at: datetime) -> None:
    """``act`` stands and is locked. What somebody has changed elsewhere meanwhile is left as they want it."""
    account_id, line_id = act["account_id"], act["line_id"]
    match act["kind"]:
        case "skill" if act["skill_id"] is not None:
            if store.row(conn, "end_skill", account_id=account_id, skill_id=act["skill_id"]):
                changed(conn, "skill_for_now", account_id, by_id, at)
        case "line":
            query = "put_on" if act["former"] else "take_off"
            if store.row(conn, query, account_id=account_id, line_id=line_id):
                changed(conn, "adviser_line", account_id, by_id, at, line_id=line_id)
        case "share" if act["contract_id"] is not None:
            values = {"id": act["contract_id"], "share": act["former"], "now": act["value"]}
            if store.row(conn, "share_back", **values):
                changed(conn, "contract", act["contract_id"], by_id, at)
        case "pause":
            if store.row(conn, "resume", line_id=line_id):
                changed(conn, "line_pause", line_id, by_id, at, line_id=line_id)
        case _:
            pass
    store.row(conn, "end_act", id=act["id"], by_id=by_id, at=at)
    _tell(conn, act["id"], account_id, by_id, at, line_id=line_id)


# --- reading --------------------------------------------------------------------------------------------


def sees(who: Actor, act: dict[str, Any]) -> bool:
    """Whether one may know of it: it is about one's own people, or one's own lines, or by one's own."""
    from portevoix.actions import floor

    if not floor.reads(who):
        return False
    if floor.sees_all(who):
        return True
    own = who.rule.organisation_id
    if act["account_id"] is not None:
        return bool(act["organisation_id"] == own)
    return bool(
        act["by_organisation_id"] == own or (act["kind"] == "pause" and act["line_id"] in who.rule.lines)
    )


def may_undo(conn: Connection, who: Actor, act: dict[str, Any]) -> bool:
    """Whether one may put it back: who may do it may undo it."""
    from portevoix.actions import floor, floor_acts

    thing = Thing(organisation_id=act["organisation_id"], adviser_id=act["account_id"])
    match act["kind"]:
        case "skill":
            return who.may(Action.PEOPLE_MOVE, thing)
        case "line":
            return who.may(Action.PEOPLE_MOVE, thing) and act["line_id"] in floor.lines(conn, who)
        case "pause":
            return floor.may_pause(who, act["line_id"])
        case "share":
            return act["contract_id"] is not None and floor_acts.may_share(conn, who, act["contract_id"])
        case _:
            return False


def acts(
    conn: Connection, who: Actor, since: datetime, *, batch: int | None = None, account_id: int | None = None
) -> list[dict[str, Any]]:
    """What was done, newest first; ``may_undo`` where it stands and one may put it back. Raises ``NotAllowed``."""
    from portevoix.actions import floor

    if not floor.reads(who):
        raise NotAllowed("floor")
    own = None if floor.sees_all(who) else who.rule.organisation_id
    rows = store.rows(
        conn,
        "acts",
        since=since,
        batch=batch,
        account_id=account_id,
        organisation=own,
        lines=floor.lines(conn, who),
    )
    return [{**row, "may_undo": row["ended_at"] is None and may_undo(conn, who, row)} for row in rows]


def notices(conn: Connection, account_id: int, since: datetime) -> list[dict[str, Any]]:
    """What others did that concerns this person and they have not said yet that they saw it."""
    return store.rows(conn, "notices", account_id=account_id, since=since)


def seen(conn: Connection, account_id: int, act_id: int, at: datetime) -> None:
    """They saw it. Raises ``Missing``; twice does no harm."""
    if store.row(conn, "see_act", id=act_id, account_id=account_id, at=at) is None:
        raise Missing("act")


def pauses(conn: Connection, account_id: int, at: datetime) -> list[dict[str, Any]]:
    """Lines of this person that are paused now, until when and why."""
    return store.rows(conn, "pauses_of", account_id=account_id, at=at)
