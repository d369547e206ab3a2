"""What a supervisor does from the floor with skills, contacts and shares. All in the log; access as in ``floor``."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions import contacts, elsewhere, floor
from portevoix.actions import floor_history as history
from portevoix.actions.allocation import ZONE
from portevoix.actions.configuration import changed
from portevoix.actions.errors import Invalid, Missing, NotAllowed, TooLate
from portevoix.domain.access import Action, Thing
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.contacts.events_floor import ContactHastened
from portevoix.store import floor as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from portevoix.actions.access import Actor
    from portevoix.store.db import Connection

#: A skill is lent for a day at most: what lasts longer belongs in the settings.
LONGEST: Final = timedelta(hours=24)


def _person(conn: Connection, who: Actor, account_id: int) -> dict[str, Any]:
    """The person one acts on; raises ``Missing``, ``NotAllowed``."""
    person = store.row(conn, "person", id=account_id)
    if person is None or not who.may(Action.FLOOR_READ, Thing(organisation_id=person["organisation_id"])):
        raise Missing("account")
    thing = Thing(organisation_id=person["organisation_id"], adviser_id=account_id)
    if not who.may(Action.PEOPLE_MOVE, thing):
        raise NotAllowed("move")
    return person


# --- skills for a while ---------------------------------------------------------------------------------


def lend_skill(
    conn: Connection,
    who: Actor,
    account_id: int,
    skill_id: int,
    level: int,
    until: datetime,
    at: datetime,
    reason: str = "",
) -> None:
    """Somebody has this level of a skill until then (0: not at all), whatever the settings say. It ends by itself.

    Raises ``Missing``, ``NotAllowed``, ``Invalid``."""
    _person(conn, who, account_id)
    if not 0 <= level <= 5:
        raise Invalid("level")
    if not at < until <= at + LONGEST:
        raise Invalid("skill-time")
    with conn.transaction():
        values = {"account_id": account_id, "skill_id": skill_id, "level": level, "until": until}
        if store.row(conn, "lend_skill", by_id=who.id, at=at, **values) is None:
            raise Missing("skill")
        changed(conn, "skill_for_now", account_id, who.id, at)
        former = (store.row(conn, "level", account_id=account_id, skill_id=skill_id) or {"level": 0})["level"]
        about = {"account_id": account_id, "skill_id": skill_id, "former": former, "value": level}
        history.note(conn, "skill", who.id, at, until=until, reason=reason, **about)


def end_skill(conn: Connection, who: Actor, account_id: int, skill_id: int, at: datetime) -> None:
    """Before its time. Raises ``Missing``, ``NotAllowed``, ``TooLate``."""
    _person(conn, who, account_id)
    with conn.transaction():
        if store.row(conn, "end_skill", account_id=account_id, skill_id=skill_id) is None:
            raise TooLate("skill-over")
        changed(conn, "skill_for_now", account_id, who.id, at)
        history.over(conn, "skill", who.id, at, account_id=account_id, skill_id=skill_id)


def end_skills(conn: Connection, at: datetime) -> int:
    """Those whose time is over. Gives how many."""
    with conn.transaction():
        ended = store.rows(conn, "end_skills", at=at)
        for account_id in sorted({row["account_id"] for row in ended}):
            changed(conn, "skill_for_now", account_id, None, at)
        for row in ended:
            history.over(conn, "skill", None, at, account_id=row["account_id"], skill_id=row["skill_id"])
    return len(ended)


# --- contacts -------------------------------------------------------------------------------------------


def push(
    conn: Connection, who: Actor, contact_id: int, account_id: int, at: datetime, reason: str = ""
) -> None:
    """Give a waiting contact to one person: it waits for them alone until it is due. Raises ``Missing``, ``NotAllowed``,
    ``Invalid`` (they do not answer its line), ``TooLate``."""
    with conn.transaction():
        before = _contact(conn, who, contact_id)
        if before["state"] not in ("waiting", "offered"):
            raise TooLate("not-waiting")
        person = store.row(conn, "person", id=account_id)
        if person is None or not who.may(Action.FLOOR_READ, Thing(organisation_id=person["organisation_id"])):
            raise Missing("account")
        if store.row(conn, "answers", account_id=account_id, line_id=before["line_id"]) is None:
            raise Invalid("not-on-line")
        was_for = before["seat_account_id"]
        _again(conn, who, before, account_id, at, "push", reason)
        about = {"contact_id": contact_id, "line_id": before["line_id"], "reason": reason}
        if was_for is not None and was_for != account_id:
            history.note(conn, "pull", who.id, at, account_id=was_for, **about)
        history.note(conn, "push", who.id, at, account_id=account_id, **about)


def hasten(conn: Connection, who: Actor, contact_id: int, at: datetime, reason: str) -> None:
    """Place a waiting contact before everything else of its line. Raises ``Missing``, ``NotAllowed``, ``Invalid`` without a
    reason, ``TooLate``."""
    if not reason.strip():
        raise Invalid("why")
    with conn.transaction():
        before = _contact(conn, who, contact_id)
        row = store.row(conn, "to_head", id=contact_id, at=at)
        if row is None:
            raise TooLate("not-waiting")
        about = About(
            contact_id=contact_id,
            conversation_id=row["conversation_id"],
            line_id=row["line_id"],
            actor_id=who.id,
        )
        append(conn, ContactHastened(reason=reason.strip()[: history.REASON_LENGTH]), about, at)
        history.note(
            conn, "head", who.id, at, contact_id=contact_id, line_id=before["line_id"], reason=reason
        )


def pull(conn: Connection, who: Actor, contact_id: int, at: datetime, reason: str = "") -> None:
    """Take a contact back from whoever has it, or to whom it was given: it waits again, in its place, and not for them for a minute. Raises ``Missing``,
    ``NotAllowed``, ``Invalid`` (somebody is speaking), ``TooLate``."""
    with conn.transaction():
        before = _contact(conn, who, contact_id)
        holder = before["holder_id"] or before["seat_account_id"]
        promised = before["state"] == "waiting" and before["preferred_only"]
        if promised:
            holder = before["preferred_id"]
        elif before["state"] not in ("active", "offered", "parked", "wrap-up"):
            holder = None
        if holder is None:
            raise TooLate("moved-on")
        if before["state"] == "active" and WORK[Channel(before["channel"])] is not Work.DEFERRED:
            raise Invalid("in-call")
        elsewhere.taken_back(conn, contact_id, holder)
        _again(conn, who, before, None, at, "pull", reason)
        if not promised:
            store.row(conn, "not_again", id=contact_id, account_id=holder)
        about = {"contact_id": contact_id, "line_id": before["line_id"], "account_id": holder}
        history.note(conn, "pull", who.id, at, reason=reason, **about)


def _contact(conn: Connection, who: Actor, contact_id: int) -> dict[str, Any]:
    before = contacts.get(conn, contact_id)
    thing = Thing(frozenset({before["line_id"]}))
    if not who.may(Action.QUEUE_READ, thing):
        raise Missing("contact")
    if not who.may(Action.CONTACT_PUSH, thing):
        raise NotAllowed("push")
    if not floor.sees_all(who):
        # On a line that organisations share: what another has, or was promised, is not theirs to move.
        row = store.row(conn, "whose_contact", id=contact_id)
        if row is not None and row["organisation_id"] not in (None, who.rule.organisation_id):
            raise Missing("contact")
    return before


def _again(
    conn: Connection,
    who: Actor,
    before: dict[str, Any],
    account_id: int | None,
    at: datetime,
    cause: str,
    reason: str,
) -> None:
    if before["state"] == "offered":
        contacts.withdraw_offer(conn, before["id"], who.id, cause, at)
    contacts.transfer(
        conn,
        before["id"],
        who.id,
        line_id=before["line_id"],
        to_account_id=account_id,
        due_at=before["due_at"],
        cause=cause,
        reason=reason.strip()[: history.REASON_LENGTH],
        at=at,
    )


# --- shares ---------------------------------------------------------------------------------------------


def shares(conn: Connection, who: Actor, at: datetime) -> list[dict[str, Any]]:
    """The contracts with what each organisation was given today; ``may`` tells whether one may change the share."""
    if not floor.sees_all(who):
        return []
    rows = store.rows(conn, "shares", day=at.astimezone(ZONE).date())
    whole = sum(row["had"] for row in rows)
    lines = store.rows(conn, "line_codes")
    return [{**row, "whole": whole, "may": _covers(lines, who, row)} for row in rows]


def may_share(conn: Connection, who: Actor, contract_id: int) -> bool:
    """Whether one may change the share of a contract."""
    row = store.row(conn, "contract_lines", id=contract_id)
    return row is not None and _covers(store.rows(conn, "line_codes"), who, row)


def _covers(lines: list[dict[str, Any]], who: Actor, contract: dict[str, Any]) -> bool:
    named = set(contract["lines"])
    covered = frozenset(row["id"] for row in lines if not named or row["slug"] in named)
    return who.may(Action.CONTRACT_SHARE, Thing(covered))


def end_of_day(at: datetime) -> datetime:
    """Midnight of the contracts' own day."""
    return datetime.combine(at.astimezone(ZONE).date() + timedelta(days=1), time(), ZONE)


def set_share(
    conn: Connection,
    who: Actor,
    contract_id: int,
    share: int,
    at: datetime,
    *,
    until: datetime | None = None,
    reason: str = "",
) -> int:
    """Another share of new contacts from now on, until then (None: until somebody changes it); the contract's least and
    most hold whatever the share. Gives the former one. Raises ``Missing``, ``NotAllowed``, ``Invalid``, ``TooLate``."""
    found = [row for row in shares(conn, who, at) if row["id"] == contract_id]
    if not found:
        raise Missing("contract")
    if not found[0]["may"]:
        raise NotAllowed("share")
    if not 0 <= share <= 100:
        raise Invalid("share")
    with conn.transaction():
        row = store.row(conn, "set_share", id=contract_id, share=share)
        assert row is not None
        if row["former"] == share:
            raise TooLate("share-so")
        changed(conn, "contract", contract_id, who.id, at)
        about = {"contract_id": contract_id, "former": row["former"], "value": share}
        history.note(conn, "share", who.id, at, until=until, reason=reason, **about)
    return int(row["former"])
