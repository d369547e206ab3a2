"""What the processes read to know the floor: presence, advisers, queues, hours, doors; and their signs of life."""

from __future__ import annotations

import os
import socket
from datetime import date, time
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from portevoix.domain.lines.holidays import Region
from portevoix.domain.lines.hours import Exceptional, Hours, Season, Span, Weekly
from portevoix.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portevoix.store.db import Connection

_SQL = load("live")
_MIDNIGHT = time()


def beat(conn: Connection, process: str, detail: dict[str, Any] | None = None) -> None:
    """Leave a sign of life."""
    who = {"process": process, "host": socket.gethostname(), "pid": os.getpid()}
    conn.execute(_SQL["beat"], who | {"detail": Jsonb(detail or {})})
    conn.execute(_SQL["forget_beats"], who)


def rows(conn: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a named query."""
    return conn.execute(_SQL[query], values).fetchall()


def run(conn: Connection, query: str, **values: Any) -> int:
    """Run a named statement; gives how many rows it touched."""
    return conn.execute(_SQL[query], values).rowcount


def row(conn: Connection, query: str, **values: Any) -> dict[str, Any] | None:
    """The first row of a named query, or None."""
    return conn.execute(_SQL[query], values).fetchone()


def advisers(conn: Connection, only: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Active accounts with presence, lines, skills and load; all of them, or ``only`` these."""
    return rows(conn, "advisers") if only is None else rows(conn, "advisers_of", only=list(only))


def waiting(conn: Connection, only: Sequence[int] | None = None, *, page: int = 5000) -> list[dict[str, Any]]:
    """Waiting contacts; all of them, or ``only`` these."""
    if only is not None:
        return rows(conn, "waiting_of", only=list(only))
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        more = rows(conn, "waiting", after=after, limit=page)
        found += more
        if len(more) < page:
            return found
        after = more[-1]["id"]


def hours(conn: Connection) -> dict[int, Hours]:
    """When each line is open. A line without any weekly hours counts as always open: nobody set them yet."""
    weekly: dict[tuple[int, int | None], list[Weekly]] = {}
    for r in rows(conn, "line_hours"):
        span = _span(r["opens"], r["closes"])
        weekly.setdefault((r["line_id"], r["season_id"]), []).append(Weekly(r["weekday"], span))
    seasons: dict[int, list[Season]] = {}
    for r in rows(conn, "line_seasons"):
        week = tuple(weekly.get((r["line_id"], r["id"]), ()))
        seasons.setdefault(r["line_id"], []).append(Season(r["first_day"], r["last_day"], week))
    special: dict[int | None, dict[date, list[Span]]] = {}
    for r in rows(conn, "line_exceptions"):
        spans = special.setdefault(r["line_id"], {}).setdefault(r["day"], [])
        if r["opens"] and r["closes"]:
            spans.append(_span(r["opens"], r["closes"]))
    whole = Span(_MIDNIGHT, _MIDNIGHT)
    every_day = tuple(Weekly(day, whole) for day in range(7))
    made = {}
    for r in rows(conn, "line_times"):
        days = special.get(None, {}) | special.get(r["id"], {})
        set_hours = tuple(weekly.get((r["id"], None), ()))
        made[r["id"]] = Hours(
            r["time_zone"],
            set_hours or every_day,
            tuple(Exceptional(day, day, tuple(spans)) for day, spans in sorted(days.items())),
            frozenset({Region(r["holiday_region"])} if r["holiday_region"] in set(Region) else ()),
            open_on_holidays=not set_hours,
            seasons=tuple(seasons.get(r["id"], ())),
        )
    return made


def _span(opens: time, closes: time) -> Span:
    # 23:59 is how a form says "until midnight".
    return Span(opens, _MIDNIGHT if closes >= time(23, 59) else closes)


def topics(
    kind: str, line_id: int | None, data: dict[str, Any], actor_id: int | None, held_by: int | None = None
) -> set[str]:
    """Which browsers hear of an event: the people it names, and everybody who may see its line."""
    told = {f"account.{account}" for key in _NAMES if (account := data.get(key)) is not None}
    told |= {f"account.{account}" for account in (actor_id, held_by) if account is not None}
    if line_id is not None:
        told.add(f"line.{line_id}")
    if (other := data.get("from_line_id")) is not None:
        told.add(f"line.{other}")
    told |= {f"account.{account}" for account in data.get("accounts", ())}
    if kind in ("presence-changed", "configuration-changed", "mail-set-aside"):
        told.add("centre")
    return told


_NAMES = ("account_id", "to_account_id", "from_account_id", "preferred_id")
