"""What the live tables say about the promises: one named query each, one row per breach."""

from __future__ import annotations

from dataclasses import dataclass

from portevoix.domain.contacts.events import UnknownEvent
from portevoix.domain.contacts.fold import fold
from portevoix.domain.contacts.machine import IllegalMove
from portevoix.store import log
from portevoix.store.db import Connection
from portevoix.store.queries import load


@dataclass(frozen=True)
class Breach:
    """One thing that breaks a promise."""

    thing: str
    detail: str


def breaches(conn: Connection, query: str) -> list[Breach]:
    """Return the breaches that the named query of doctor.sql finds."""
    rows = conn.execute(load("doctor")[query]).fetchall()
    return [Breach(str(row["thing"]), str(row["detail"])) for row in rows]


def settings(conn: Connection) -> dict[str, str]:
    """Return the server's settings that decide whether a commit is on disk."""
    return {str(row["name"]): str(row["setting"]) for row in conn.execute(load("doctor")["settings"])}


def untold(conn: Connection) -> list[Breach]:
    """Return the contacts whose row is not the fold of their events."""
    found: list[Breach] = []
    for row in conn.execute(load("doctor")["open_histories"]).fetchall():
        thing = f"contact {row['id']}"
        told = log.of_contact(conn, row["id"])
        if not told:
            continue  # contact_without_history says so
        try:
            folded = fold(told[0].line_id or row["line_id"], [recorded.event for recorded in told])
        except (IllegalMove, UnknownEvent, ValueError, TypeError) as error:
            found.append(Breach(thing, f"its events do not add up: {error}"))
            continue
        state = folded.state.value
        if (state, folded.line_id) != (row["state"], row["line_id"]):
            detail = f"row says {row['state']} on line {row['line_id']}, events say {state} on line {folded.line_id}"
            found.append(Breach(thing, detail))
    return found
