"""Organisations that answer on their own platform: contacts are handed over, results come back by a daily file or the API.

What the contracts give to such an organisation is held by an account of its own that nobody signs in with. So it is counted, compared,
paid for and watched like everybody's work; only when it was answered and how long that took is what they say
(``elsewhere_result``, read by the figures).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions import contacts
from portevoix.actions.allocation import ZONE
from portevoix.actions.configuration import changed
from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.domain.allocation import words
from portevoix.domain.lines.hours import Hours
from portevoix.store import elsewhere as store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portevoix.store.db import Connection

#: A contact that did not come back after so long asks for somebody.
OVERDUE: Final = timedelta(hours=24)


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


def held_all(conn: Connection, organisation_id: int) -> Iterator[dict[str, Any]]:
    """All that an organisation has, a hundred at a time."""
    after = 0
    while rows := held(conn, organisation_id, after):
        yield from rows
        after = rows[-1]["contact"]


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
