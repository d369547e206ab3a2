"""What a supervisor does from the floor with skills, contacts, words and shares. All in the log; access as in ``floor``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions import contacts, floor
from portevoix.actions.configuration import changed
from portevoix.actions.errors import Invalid, Missing, NotAllowed, TooLate
from portevoix.domain.access import Action, Thing
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.contacts.events_floor import TeamMessage
from portevoix.store import floor as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.actions.access import Actor
    from portevoix.store.db import Connection

#: A skill is lent for a day at most: what lasts longer belongs in the settings.
LONGEST: Final = timedelta(hours=24)
#: A word to people waits for them for a week at most.
WORD_LONGEST: Final = timedelta(days=7)
WORD_LENGTH: Final = 1000


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
    conn: Connection, who: Actor, account_id: int, skill_id: int, level: int, until: datetime, at: datetime
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


def end_skill(conn: Connection, who: Actor, account_id: int, skill_id: int, at: datetime) -> None:
    """Before its time. Raises ``Missing``, ``NotAllowed``, ``TooLate``."""
    _person(conn, who, account_id)
    with conn.transaction():
        if store.row(conn, "end_skill", account_id=account_id, skill_id=skill_id) is None:
            raise TooLate("skill-over")
        changed(conn, "skill_for_now", account_id, who.id, at)


def end_skills(conn: Connection, at: datetime) -> int:
    """Those whose time is over. Gives how many."""
    with conn.transaction():
        ended = store.rows(conn, "end_skills", at=at)
        for account_id in sorted({row["account_id"] for row in ended}):
            changed(conn, "skill_for_now", account_id, None, at)
    return len(ended)


# --- contacts -------------------------------------------------------------------------------------------


def push(conn: Connection, who: Actor, contact_id: int, account_id: int, at: datetime) -> None:
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
        _again(conn, who, before, account_id, at)


def pull(conn: Connection, who: Actor, contact_id: int, at: datetime) -> None:
    """Take a contact back from whoever has it: it waits again, in its place, and not for them for a minute. Raises ``Missing``,
    ``NotAllowed``, ``Invalid`` (somebody is speaking), ``TooLate``."""
    with conn.transaction():
        before = _contact(conn, who, contact_id)
        holder = before["holder_id"] or before["seat_account_id"]
        if before["state"] not in ("active", "offered", "parked", "wrap-up") or holder is None:
            raise TooLate("moved-on")
        if before["state"] == "active" and WORK[Channel(before["channel"])] is not Work.DEFERRED:
            raise Invalid("in-call")
        _again(conn, who, before, None, at)
        store.row(conn, "not_again", id=contact_id, account_id=holder)


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
    conn: Connection, who: Actor, before: dict[str, Any], account_id: int | None, at: datetime
) -> None:
    contacts.transfer(
        conn,
        before["id"],
        who.id,
        line_id=before["line_id"],
        to_account_id=account_id,
        due_at=before["due_at"],
        at=at,
    )


# --- a word to people -----------------------------------------------------------------------------------


def audience(conn: Connection, who: Actor, wanted: str) -> list[dict[str, Any]]:
    """The people a word would reach: ``tous``, ``ici`` (signed in), ``ligne-N``, ``equipe-N`` or ``organisation-N``; of
    those one sees."""
    if not floor.reads(who):
        raise NotAllowed("floor")
    own = None if floor.sees_all(who) else who.rule.organisation_id
    people = [row for row in store.rows(conn, "word_people", organisation=own) if row["id"] != who.id]
    kind, _, number = wanted.partition("-")
    if kind == "tous":
        return people
    if kind == "ici":
        return [row for row in people if row["state"] != "offline"]
    if not number.isdecimal() or len(number) > 18:
        raise Invalid("audience")
    ref = int(number)
    if kind == "ligne":
        return [row for row in people if ref in row["lines"]]
    if kind in ("equipe", "organisation"):
        column = {"equipe": "team_id", "organisation": "organisation_id"}[kind]
        return [row for row in people if row[column] == ref]
    raise Invalid("audience")


def say(
    conn: Connection, who: Actor, text: str, wanted: str, name: str, until: datetime, at: datetime
) -> int:
    """Write to people; ``name``: the audience in words. Gives the message's id. Raises ``NotAllowed``, ``Invalid``."""
    people = audience(conn, who, wanted)
    text = text.strip()
    if not text or len(text) > WORD_LENGTH:
        raise Invalid("word")
    if not at < until <= at + WORD_LONGEST:
        raise Invalid("word-time")
    if not people:
        raise Invalid("nobody")
    accounts = [row["id"] for row in people]
    with conn.transaction():
        row = store.row(conn, "say", by_id=who.id, at=at, until=until, text=text, audience=name)
        assert row is not None
        store.row(conn, "say_to", message_id=row["id"], accounts=accounts)
        append(conn, TeamMessage(message_id=row["id"], accounts=accounts), About(actor_id=who.id), at)
    return int(row["id"])


def words(conn: Connection, account_id: int, at: datetime) -> list[dict[str, Any]]:
    """What was said to somebody and they have not read yet."""
    return store.rows(conn, "unread_words", account_id=account_id, at=at)


def read(conn: Connection, account_id: int, message_id: int, at: datetime) -> None:
    """They have read it. Raises ``Missing``; twice does no harm."""
    with conn.transaction():
        row = store.row(conn, "read_word", message_id=message_id, account_id=account_id, at=at)
        if row is None:
            if store.row(conn, "word_of", message_id=message_id, account_id=account_id) is None:
                raise Missing("message")
            return
        # The writer's list of who has read it looks again.
        told = TeamMessage(message_id=message_id, accounts=[row["by_id"]], what="read")
        append(conn, told, About(actor_id=account_id), at)


def said(conn: Connection, who: Actor, since: datetime) -> list[dict[str, Any]]:
    """Words of one's own organisation's supervisors (all: who sees all), newest first, with who has read them."""
    if not floor.reads(who):
        raise NotAllowed("floor")
    own = None if floor.sees_all(who) else who.rule.organisation_id
    return store.rows(conn, "said", organisation=own, since=since)


def withdraw(conn: Connection, who: Actor, message_id: int, at: datetime) -> None:
    """Nobody else is shown it. Raises ``Missing``, ``TooLate``."""
    found = [row for row in said(conn, who, at - 2 * WORD_LONGEST) if row["id"] == message_id]
    if not found:
        raise Missing("message")
    with conn.transaction():
        row = store.row(conn, "withdraw_word", id=message_id, at=at)
        if row is None:
            raise TooLate("word-over")
        told = TeamMessage(message_id=message_id, accounts=row["accounts"], what="withdrawn")
        append(conn, told, About(actor_id=who.id), at)


# --- shares ---------------------------------------------------------------------------------------------


def shares(conn: Connection, who: Actor, at: datetime) -> list[dict[str, Any]]:
    """The contracts with what each organisation was given today; ``may`` tells whether one may change the share."""
    if not floor.sees_all(who):
        return []
    rows = store.rows(conn, "shares", day=at.date())
    whole = sum(row["had"] for row in rows)
    return [{**row, "whole": whole, "may": _may_share(conn, who, row)} for row in rows]


def _may_share(conn: Connection, who: Actor, contract: dict[str, Any]) -> bool:
    named = set(contract["lines"])
    lines = [row["id"] for row in store.rows(conn, "line_codes") if not named or row["slug"] in named]
    return who.may(Action.CONTRACT_SHARE, Thing(frozenset(lines)))


def set_share(conn: Connection, who: Actor, contract_id: int, share: int, at: datetime) -> int:
    """Another share of new contacts from now on, within the contract's least and most. Gives the former one. Raises
    ``Missing``, ``NotAllowed``, ``Invalid``."""
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
        changed(conn, "contract", contract_id, who.id, at)
    return int(row["former"])
