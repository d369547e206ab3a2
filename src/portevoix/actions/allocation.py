"""Whose people a contact is for, decided when it begins to wait, by the contracts and by what everybody had so far.

Only the router decides (one at a time, on its own connection), so the counts it keeps in memory are right; a router that
takes over reads them from the decisions themselves. Without any contract nothing is decided: anybody may take it.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from portevoix.domain.allocation import words
from portevoix.domain.allocation.allocator import Account, Allocator, Allotted
from portevoix.domain.allocation.contract import Contract, Counts, DataClass, Volumes
from portevoix.domain.channels import Channel
from portevoix.domain.lines.hours import Hours
from portevoix.store import allocation as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from portevoix.store.db import Connection

logger = logging.getLogger(__name__)
#: Contracts are made in the house's own time.
ZONE: Final = ZoneInfo("Europe/Paris")


class Whose(NamedTuple):
    """``first``: whose people are asked at first; ``wider``: (seconds, organisations) later on."""

    first: frozenset[int]
    wider: tuple[tuple[float, frozenset[int]], ...]


class Allocation:
    """The contracts as they stand, and the counts of the day."""

    def __init__(self) -> None:
        self._allocator: Allocator | None = None
        self._hours: dict[int, Hours] = {}
        self._codes: dict[str, int] = {}

    def load(self, conn: Connection, codes: Mapping[str, int], at: datetime) -> None:
        """Read contracts and counts; ``codes``: the number of each line's code."""
        self._codes = dict(codes)
        contracts: list[Contract] = []
        self._hours.clear()
        for row in store.rows(conn, "contracts"):
            try:
                contracts.append(self._contract(row))
            except ValueError as error:  # pages refuse such; a table edited by hand must not stop the centre
                logger.warning("contract of organisation %s: %s: left out", row["organisation_id"], error)
        day = at.astimezone(ZONE).date()
        self._allocator = self._begin(conn, tuple(contracts), day) if contracts else None

    def _contract(self, row: dict[str, Any]) -> Contract:
        lines = frozenset(self._codes[code] for code in row["lines"] if code in self._codes)
        if row["lines"] and not lines:
            msg = "none of its lines exists"
            raise ValueError(msg)
        week = words.hours(row["hours"])
        if week:
            self._hours[row["organisation_id"]] = Hours(ZONE.key, week)
        knows = frozenset(DataClass) if row["in_house"] else frozenset(DataClass(one) for one in row["knows"])
        return Contract(
            row["organisation_id"],
            row["share"] / 100,
            lines,
            frozenset(Channel(one) for one in row["channels"]),
            row["first_day"],
            row["last_day"],
            Volumes(row["day_least"], row["day_most"], row["week_least"], row["week_most"]),
            words.ramp(row["ramp"]),
            knows | {DataClass.ORDINARY},
            row["helps_after"],
            row["lends_after"],
            row["own_platform"],
        )

    def _begin(self, conn: Connection, contracts: tuple[Contract, ...], day: date) -> Allocator:
        monday = day - timedelta(days=day.weekday())
        counts = {
            row["organisation_id"]: Counts(row["day"], row["week"])
            for row in store.rows(conn, "taken", day=day, monday=monday)
        }
        allocator = Allocator(day, contracts, counts, days_left=7 - day.weekday())
        for row in store.rows(conn, "owed", day=day):
            pool = allocator.accounts.setdefault((row["line_id"], Channel(row["channel"])), {})
            pool[row["organisation_id"]] = Account(row["owed"] - row["had"], row["had"])
        return allocator

    @property
    def active(self) -> bool:
        """Whether there is any contract."""
        return self._allocator is not None

    def decide(self, conn: Connection, waiting: Iterable[dict[str, Any]], at: datetime) -> dict[int, Whose]:
        """Decide for those who have no decision for their line yet, in the order in which they came, and keep it.

        ``waiting``: rows of the query ``waiting`` (``allotted_line``: the line of the decision there is). Gives whose
        each of the new ones is. Call it inside a transaction or not: it is one statement."""
        if self._allocator is None:
            return {}
        day = at.astimezone(ZONE).date()
        if day != self._allocator.day:
            self._allocator = self._begin(conn, self._allocator.contracts, day)
        closed = [organisation for organisation, hours in self._hours.items() if not hours.is_open(at)]
        decided, found = [], {}
        for row in sorted(waiting, key=lambda row: (row["received_at"], row["id"])):
            if row["allotted_line"] == row["line_id"]:
                continue
            allotted = self._allocator.allot(
                row["line_id"], Channel(row["channel"]), closed=closed, tells=DataClass(row["data_class"])
            )
            if allotted is not None:
                decided.append(_as_row(row, allotted))
                wider = tuple((float(one.after), one.organisations) for one in allotted.wider)
                found[row["id"]] = Whose(allotted.first, wider)
        if decided:
            store.keep(conn, decided, day, at)
        return found


def _as_row(row: dict[str, Any], allotted: Allotted) -> dict[str, Any]:
    return {
        "contact_id": row["id"],
        "line_id": row["line_id"],
        "channel": row["channel"],
        "organisation_id": allotted.organisation,
        "first": sorted(allotted.first),
        "wider": [[one.after, sorted(one.organisations)] for one in allotted.wider],
        "may": sorted(allotted.may),
        "why": [one.as_json() for one in allotted.why],
    }


def known(row: dict[str, Any]) -> Whose | None:
    """The decision that a waiting row brings along; None: anybody may take it."""
    if row["allotted_line"] is None or row["allotted_line"] != row["line_id"]:
        return None
    wider = tuple((float(after), frozenset(those)) for after, those in row["allotted_wider"])
    return Whose(frozenset(row["allotted_first"]), wider)
