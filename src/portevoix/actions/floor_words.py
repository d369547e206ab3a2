"""A supervisor's word to people: who is written to, who has read it, until when it is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions import floor
from portevoix.actions.errors import Invalid, Missing, NotAllowed, TooLate
from portevoix.domain.contacts.events_floor import TeamMessage
from portevoix.store import floor as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.actions.access import Actor
    from portevoix.store.db import Connection

#: A word to people waits for them for a week at most.
LONGEST: Final = timedelta(days=7)
LENGTH: Final = 1000


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
    if not text or len(text) > LENGTH:
        raise Invalid("word")
    if not at < until <= at + LONGEST:
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
    found = [row for row in said(conn, who, at - 2 * LONGEST) if row["id"] == message_id]
    if not found:
        raise Missing("message")
    with conn.transaction():
        row = store.row(conn, "withdraw_word", id=message_id, at=at)
        if row is None:
            raise TooLate("word-over")
        told = TeamMessage(message_id=message_id, accounts=row["accounts"], what="withdrawn")
        append(conn, told, About(actor_id=who.id), at)
