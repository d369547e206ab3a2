"""Organisations that answer on their own platform: contacts are handed over, results come back by a daily file or the API.

What the contracts give to such an organisation is held by an account of its own that nobody signs in with. So it is counted, compared,
paid for and watched like everybody's work; only when it was answered and how long that took is what they say
(``elsewhere_result``, read by the figures).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions import contacts
from portevoix.actions.allocation import ZONE
from portevoix.actions.configuration import changed
from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.domain.allocation import words
from portevoix.domain.lines.hours import Hours
from portevoix.store import elsewhere as store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from portevoix.store.db import Connection

DONE, RETURNED = "done", "returned"
#: The columns of the daily file, and the fields of the API.
FIELDS: Final = ("contact", "their_id", "answered_at", "handling_s", "ending", "outcome")
MOST_ROWS: Final = 50_000
#: A contact that did not come back after so long asks for somebody.
OVERDUE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one contact over there."""

    contact_id: int
    their_id: str
    answered_at: datetime
    seconds: float
    ending: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """``row``: from 1 (the line of the file, the place in the list); ``field``; ``code`` for what was expected."""

    row: int
    field: str
    code: str


class WrongResults(Exception):
    """Nothing was taken in."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(f"{len(mistakes)} mistakes")
        self.mistakes = list(mistakes)


@dataclass(slots=True)
class Taken:
    """What was done with the results."""

    done: int = 0
    returned: int = 0
    corrected: int = 0
    unchanged: int = 0


# --- handing over ---------------------------------------------------------------------------------------


def hand_over(conn: Connection, at: datetime) -> list[int]:
    """Whatever waits and was given to such an organisation is theirs now. Gives the contacts."""
    given: list[int] = []
    if store.row(conn, "any_platform") is None:
        return given
    _decide(conn, at)
    for row in store.rows(conn, "to_hand_over", day=at.astimezone(ZONE).date(), at=at):
        account_id = _account(conn, row["organisation_id"], at)
        try:
            contacts.take(conn, row["contact_id"], account_id, at)
        except TooLate:
            continue  # a supervisor was first
        given.append(row["contact_id"])
    return given


def _decide(conn: Connection, at: datetime) -> None:
    """Whose it is, of what came while everybody who may have it was closed and all of them answer elsewhere."""
    day = at.astimezone(ZONE).date()
    waiting: dict[int, dict[int, float]] = {}
    for row in store.rows(conn, "undecided", day=day, at=at):
        week = words.hours(row["hours"])
        if not week or Hours(ZONE.key, week).is_open(at):
            waiting.setdefault(row["contact_id"], {})[row["organisation_id"]] = float(row["share"]) or 1e-9
    for contact_id, shares in waiting.items():
        # A sequence that fills evenly: each has its share of them, whichever of them are closed meanwhile.
        place = contact_id * 0.6180339887498949 % 1.0 * sum(shares.values())
        edges = accumulate(shares.values())
        chosen = next((one for one, edge in zip(shares, edges, strict=True) if place < edge), max(shares))
        store.row(conn, "decide", contact_id=contact_id, organisation_id=chosen, day=day)


def taken_back(conn: Connection, contact_id: int, holder_id: int) -> None:
    """Before a contact leaves whoever held it: if that was a platform, others are to have it now."""
    row = store.row(conn, "holder", account_id=holder_id)
    if row is not None:
        store.row(conn, "give_to_others", contact_id=contact_id, organisation_id=row["organisation_id"])


def _account(conn: Connection, organisation_id: int, at: datetime) -> int:
    """The account that holds what an organisation has; made when it is needed first."""
    row = store.row(conn, "account", organisation_id=organisation_id)
    if row is None:
        with conn.transaction():
            row = store.row(conn, "make_account", organisation_id=organisation_id, at=at)
            assert row is not None
            changed(conn, "account", row["account_id"], None, at)
    return int(row["account_id"])


def held(conn: Connection, organisation_id: int, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """What an organisation has and did not return, with what it needs to answer, in the order of the contacts."""
    return store.rows(conn, "held", organisation_id=organisation_id, after=after, limit=limit)


# --- results --------------------------------------------------------------------------------------------


def read(
    rows: Sequence[Mapping[str, Any]], now: datetime, first: int = 1
) -> tuple[list[Result], list[Mistake]]:
    """Results from rows of words or JSON values; ``first``: the number of the first row in what people look at."""
    results: list[Result] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, first):
        found = len(mistakes)
        unknown = [str(name) for name in row if name not in FIELDS]
        mistakes += [Mistake(number, name[:60], "unknown") for name in unknown]
        told = {name: str(row.get(name, "") if row.get(name) is not None else "").strip() for name in FIELDS}
        contact = told["contact"].upper().removeprefix("PV-").lstrip("0")
        if not contact.isdecimal() or len(contact) > 18:
            mistakes.append(Mistake(number, "contact", "number"))
        if not told["their_id"] or len(told["their_id"]) > 100 or "\x00" in told["their_id"]:
            mistakes.append(Mistake(number, "their_id", "words"))
        elif told["their_id"] in seen:
            mistakes.append(Mistake(number, "their_id", "twice"))
        seen.setdefault(told["their_id"], number)
        answered = _moment(told["answered_at"])
        if answered is None:
            mistakes.append(Mistake(number, "answered_at", "moment"))
        elif answered > now + timedelta(minutes=5):
            mistakes.append(Mistake(number, "answered_at", "future"))
        seconds = _seconds(told["handling_s"])
        if seconds is None:
            mistakes.append(Mistake(number, "handling_s", "seconds"))
        if told["ending"] not in (DONE, RETURNED):
            mistakes.append(Mistake(number, "ending", "ending"))
        if len(told["outcome"]) > 200 or "\x00" in told["outcome"]:
            mistakes.append(Mistake(number, "outcome", "long"))
        if len(mistakes) == found and answered is not None and seconds is not None:
            results.append(
                Result(int(contact), told["their_id"], answered, seconds, told["ending"], told["outcome"])
            )
    return results, mistakes


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None and 2000 < found.year < 2200 else None


def _seconds(text: str) -> float | None:
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return None
    return found if isfinite(found) and 0 <= found <= 7 * 86_400 else None


def take_in(
    conn: Connection,
    organisation_id: int,
    rows: Sequence[Mapping[str, Any]],
    source: str,
    at: datetime,
    *,
    first: int = 1,
    right_ones: bool = False,
) -> tuple[Taken, list[Mistake]]:
    """All of it or nothing, in one transaction; ``right_ones``: those without a mistake, when whoever hands them in chose so.

    The same again changes nothing; other values for a contact are a correction. Raises ``WrongResults``."""
    if len(rows) > MOST_ROWS:
        raise WrongResults([Mistake(MOST_ROWS + 1, "", "too-many")])
    results, mistakes = read(rows, at, first)
    taken = Taken()
    with conn.transaction():
        known = {
            row["id"]: row
            for row in store.rows(
                conn, "known", ids=[one.contact_id for one in results], organisation_id=organisation_id
            )
        }
        others = {
            row["their_id"]: row["contact_id"]
            for row in store.rows(
                conn, "their_ids", ids=[one.their_id for one in results], organisation_id=organisation_id
            )
        }
        places = {str(row.get("their_id", "")).strip(): number for number, row in enumerate(rows, first)}
        right: list[Result] = []
        for one in results:
            row = known.get(one.contact_id)
            if row is None or not (row["theirs"] or row["their_id"]):
                mistakes.append(Mistake(places[one.their_id], "contact", "not-yours"))
            elif others.get(one.their_id, one.contact_id) != one.contact_id:
                mistakes.append(Mistake(places[one.their_id], "their_id", "other-contact"))
            elif one.answered_at < row["received_at"]:
                mistakes.append(Mistake(places[one.their_id], "answered_at", "before"))
            else:
                right.append(one)
        if mistakes and not right_ones:
            raise WrongResults(sorted(mistakes, key=lambda one: (one.row, one.field)))
        for one in sorted(right, key=lambda one: one.contact_id):
            _take_one(conn, organisation_id, one, known[one.contact_id], source, at, taken)
    return taken, mistakes


def _take_one(
    conn: Connection,
    organisation_id: int,
    one: Result,
    row: dict[str, Any],
    source: str,
    at: datetime,
    taken: Taken,
) -> None:
    values = {
        "contact_id": one.contact_id, "organisation_id": organisation_id, "their_id": one.their_id,
        "answered_at": one.answered_at, "seconds": one.seconds, "ending": one.ending, "outcome": one.outcome,
        "source": source, "at": at,
    }  # fmt: skip
    if row["their_id"] is not None:
        if store.row(conn, "correct", **values) is None:
            taken.unchanged += 1
            return
        store.row(conn, "correct_figures", contact_id=one.contact_id)
        taken.corrected += 1
        return
    store.row(conn, "keep", **values)
    if one.ending == RETURNED:
        store.row(conn, "give_to_others", contact_id=one.contact_id, organisation_id=organisation_id)
        contacts.transfer(
            conn,
            one.contact_id,
            row["holder_id"],
            line_id=row["line_id"],
            to_account_id=None,
            due_at=row["due_at"],
            at=at,
        )
        taken.returned += 1
        return
    contacts.close(conn, one.contact_id, row["holder_id"], subject_id=None, outcome=one.outcome, at=at)
    taken.done += 1


# --- tokens ---------------------------------------------------------------------------------------------


def make_token(conn: Connection, organisation_id: int, name: str, by_id: int, at: datetime) -> str:
    """What their program shows; told once, kept as a hash. Raises ``Invalid``."""
    name = name.strip()[:80]
    if not name:
        raise Invalid("token-name")
    token = "pv_" + secrets.token_urlsafe(32)
    with conn.transaction():
        row = store.row(
            conn,
            "make_token",
            organisation_id=organisation_id,
            name=name,
            hash=_hash(token),
            by_id=by_id,
            at=at,
        )
        if row is None:
            raise Missing("organisation")
        changed(conn, "elsewhere_token", row["id"], by_id, at)
    return token


def revoke_token(conn: Connection, token_id: int, by_id: int, at: datetime) -> None:
    """It opens nothing any more. Raises ``TooLate``."""
    with conn.transaction():
        if store.row(conn, "revoke_token", id=token_id, at=at) is None:
            raise TooLate("token-over")
        changed(conn, "elsewhere_token", token_id, by_id, at)


def organisation_of(conn: Connection, token: str, at: datetime) -> int | None:
    """Whose token it is; None for one that is not good."""
    if not token.startswith("pv_") or len(token) > 100:
        return None
    row = store.row(conn, "token", hash=_hash(token), at=at)
    return None if row is None else int(row["organisation_id"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
