"""What a supervisor does from the floor: pause a line, move people between lines, see to an alarm. All in the log.

Who asks is asked of ``domain/access`` here: the functions raise ``Missing`` for what one may not see and ``NotAllowed`` for
what one may not do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portevoix.actions.configuration import changed
from portevoix.actions.errors import Invalid, Missing, NotAllowed, TooLate
from portevoix.domain.access import Action, Thing
from portevoix.domain.figures.alarms import Bounds, Met, Situation, met
from portevoix.store import floor as store

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.actions.access import Actor
    from portevoix.store.db import Connection


def reads(who: Actor) -> bool:
    """Whether there is a floor for this person: their own organisation's, or all."""
    return who.may(Action.FLOOR_READ, Thing(organisation_id=who.rule.organisation_id))


def sees_all(who: Actor) -> bool:
    """Every organisation's people. No organisation has the number -1: only who may see any may see that."""
    return who.may(Action.FLOOR_READ, Thing(organisation_id=-1))


def lines(conn: Connection, who: Actor) -> list[int]:
    """The lines whose queues this person sees."""
    if who.administers:
        return [row["id"] for row in store.rows(conn, "all_lines")]
    return sorted(who.rule.lines)


def may_pause(who: Actor, line_id: int) -> bool:
    """Whether this person may pause the line."""
    return who.may(Action.LINE_PAUSE, Thing(frozenset({line_id})))


def pause(
    conn: Connection, who: Actor, line_id: int, at: datetime, until: datetime | None, reason: str
) -> None:
    """The line's contacts keep waiting and are offered to nobody. Raises ``NotAllowed``, ``Invalid``."""
    if not may_pause(who, line_id):
        raise NotAllowed("pause")
    if until is not None and until <= at:
        raise Invalid("date", "a pause ends later than it begins")
    with conn.transaction():
        store.row(
            conn, "pause", line_id=line_id, by_id=who.id, at=at, until=until, reason=reason.strip()[:200]
        )
        changed(conn, "line_pause", line_id, who.id, at, line_id=line_id)


def resume(conn: Connection, who: Actor, line_id: int, at: datetime) -> None:
    """Its contacts are offered again. Raises ``NotAllowed``, ``TooLate``."""
    if not may_pause(who, line_id):
        raise NotAllowed("pause")
    with conn.transaction():
        if store.row(conn, "resume", line_id=line_id) is None:
            raise TooLate("pause-over")
        changed(conn, "line_pause", line_id, who.id, at, line_id=line_id)


def end_pauses(conn: Connection, at: datetime) -> int:
    """Pauses whose time is over end by themselves."""
    with conn.transaction():
        ended = store.rows(conn, "end_pauses", at=at)
        for row in ended:
            changed(conn, "line_pause", row["line_id"], None, at, line_id=row["line_id"])
    return len(ended)


def move(conn: Connection, who: Actor, account_id: int, line_id: int, at: datetime, *, on: bool) -> None:
    """Put somebody on a line or take them off it; what they hold stays theirs. Raises ``Missing``, ``NotAllowed``,
    ``TooLate`` when it is so already."""
    person = store.row(conn, "person", id=account_id)
    if person is None or not who.may(Action.FLOOR_READ, Thing(organisation_id=person["organisation_id"])):
        raise Missing("account")
    thing = Thing(organisation_id=person["organisation_id"], adviser_id=account_id)
    if not who.may(Action.PEOPLE_MOVE, thing) or line_id not in lines(conn, who):
        raise NotAllowed("move")
    with conn.transaction():
        if store.row(conn, "put_on" if on else "take_off", account_id=account_id, line_id=line_id) is None:
            raise TooLate("move-done")
        changed(conn, "adviser_line", account_id, who.id, at, line_id=line_id)


def person(conn: Connection, who: Actor, account_id: int, at: datetime) -> dict[str, Any]:
    """One person as the board shows them. Raises ``Missing``."""
    own = None if sees_all(who) else who.rule.organisation_id
    found = [row for row in store.rows(conn, "people", organisation=own, at=at) if row["id"] == account_id]
    if not found or not reads(who):
        raise Missing("account")
    return found[0]


def see_to(conn: Connection, who: Actor, alarm_id: int, at: datetime) -> None:
    """Say that somebody sees to an alarm. Raises ``Missing``, ``TooLate``."""
    row = store.row(conn, "alarm", id=alarm_id)
    if row is None or not reads(who) or row["line_id"] not in lines(conn, who):
        raise Missing("alarm")
    with conn.transaction():
        if store.row(conn, "see_alarm", id=alarm_id, account_id=who.id, at=at) is None:
            raise TooLate("alarm-seen")
        changed(conn, "alarm", alarm_id, who.id, at, line_id=row["line_id"])


def watch(conn: Connection, at: datetime) -> int:
    """Raise and end the alarms of all lines. Gives how many changed. Twice at once does no harm."""
    bounds = {row["line_id"]: row for row in store.rows(conn, "bounds")}
    ids = list(bounds)
    able = {row["line_id"]: row for row in store.rows(conn, "able", lines=ids)}
    found = {line_id: Situation() for line_id in ids}
    for row in store.rows(conn, "queues", lines=ids, at=at):
        found[row["line_id"]] = found[row["line_id"]].plus(
            row["waiting"], row["late"], _age(row["oldest"], at)
        )
    standing = {(row["line_id"], row["kind"]) for row in store.rows(conn, "open_alarms", lines=ids)}
    changes = 0
    for line_id, row in bounds.items():
        people = able.get(line_id, {"able": 0, "here": 0})
        limits = Bounds(row["alarm_waiting"], row["alarm_minutes"] * 60.0, row["alarm_late"])
        now = {one.kind: one for one in met(found[line_id], limits, people["able"], people["here"])}
        known = {kind for line, kind in standing if line == line_id}
        if now.keys() != known:
            with conn.transaction():
                changes += _apply(conn, line_id, now, known, at)
    return changes


def _apply(conn: Connection, line_id: int, now: dict[str, Met], known: set[str], at: datetime) -> int:
    changes = 0
    for kind, one in now.items():
        if kind not in known and store.row(
            conn, "raise_alarm", line_id=line_id, kind=kind, value=one.value, bound=one.bound, at=at
        ):
            changes += 1
    for kind in known - set(now):
        if store.row(conn, "end_alarm", line_id=line_id, kind=kind, at=at):
            changes += 1
    if changes:
        changed(conn, "alarm", None, None, at, line_id=line_id)
    return changes


def _age(oldest: datetime | None, at: datetime) -> float:
    return (at - oldest).total_seconds() if oldest else 0.0
