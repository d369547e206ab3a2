"""Coherence: in-house and each outsourcer on the same subjects, with what is more than chance.

Who sees what: supervisors of the house and administrators every organisation; an outsourcer's manager their own, beside
the house as one nameless reference if their contract shows it; an adviser nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions.errors import NotAllowed
from portevoix.domain.access import Action, Thing
from portevoix.domain.figures.compare import Judged, Measure, judge
from portevoix.domain.figures.compare_cells import Counts, difference, total
from portevoix.reports import contracts
from portevoix.reports.contracts import Agreement, Pieces, Stratum
from portevoix.store import coherence as store

if TYPE_CHECKING:
    from portevoix.actions.access import Actor
    from portevoix.store.db import Connection

HOUSE: Final = "maison"  # the key of the reference: every in-house organisation together
NAMELESS: Final = 0  # accounts without an organisation
FEWEST: Final = 5  # below it the nameless reference is not shown: it could be one person


@dataclass(frozen=True, slots=True)
class Side:
    """One of those compared. ``key``: an organisation's number as text, or HOUSE."""

    key: str
    name: str
    organisations: tuple[int, ...]
    house: bool
    pieces: Pieces
    agreed: tuple[Agreement, ...] = ()
    listed: bool = True  # the contacts behind may be looked at
    cells: dict[Stratum, Counts] = field(default_factory=dict)  # the pieces together
    counts: Counts = field(default_factory=Counts)  # everything together

    def __post_init__(self) -> None:
        for (_piece, stratum), counts in self.pieces.items():
            self.cells[stratum] = self.cells[stratum] + counts if stratum in self.cells else counts
        object.__setattr__(self, "counts", total(self.cells.values()))

    def share(self, of: int) -> float:
        """Of all that was handled."""
        return self.counts.handled / of if of else 0.0


@dataclass(slots=True)
class Cell:
    """A side in a row: what it did, and how it differs from the reference."""

    side: Side
    counts: Counts
    judged: dict[Measure, Judged] = field(default_factory=dict)
    comparable: int = 0  # handlings on subjects that the reference also handled
    cost: float | None = None  # euros by the contract's prices; None without a price


@dataclass(slots=True)
class Row:
    """Everything (both None), a line, or a subject of it (0: none was noted)."""

    line_id: int | None
    subject_id: int | None
    name: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Coherence:
    """The page."""

    from_at: datetime
    to_at: datetime
    sides: list[Side]
    rows: list[Row]
    comparisons: int
    lines: list[tuple[int, str]]  # those with work in the period
    shares: dict[
        str, list[tuple[Agreement, float | None]]
    ]  # side -> contracts, with what it had of what each covers

    @property
    def whole(self) -> Row:
        """The first row: everything together."""
        return self.rows[0]

    @property
    def handled(self) -> int:
        """By all sides."""
        return sum(side.counts.handled for side in self.sides)


def allowed(who: Actor) -> bool:
    """Whether this person has such a page: it shows at least their own organisation."""
    return who.may(Action.FIGURES_READ, Thing(organisation_id=who.rule.organisation_id))


def sees_all(who: Actor) -> bool:
    """Every organisation, by name. No organisation has the number -1: only who may see any may see that."""
    return who.may(Action.FIGURES_READ, Thing(organisation_id=-1))


def coherence(
    conn: Connection, who: Actor, from_at: datetime, to_at: datetime, line_id: int | None = None
) -> Coherence:
    """What was done in [from_at, to_at). Raises ``NotAllowed``."""
    if not allowed(who):
        raise NotAllowed("figures")
    lines = None if sees_all(who) else sorted(who.lines)
    known_contracts = contracts.agreements(conn)
    starts = contracts.stretches(known_contracts, from_at, to_at)
    found = store.rows(conn, "cells", from_at=from_at, to_at=to_at, lines=lines, cuts=starts[1:])
    names = _Names(store.rows(conn, "names"))
    known = sorted({row["line_id"] for row in found}, key=names.line)
    if line_id is not None:
        found = [row for row in found if row["line_id"] == line_id]
    everybody = _pieces(found)
    sides = _sides(conn, who, everybody, known_contracts, starts)
    rows = _rows(sides, names, starts)
    whole = _together(everybody.values())
    shares = {
        side.key: [(one, contracts.share(one, starts, _own(everybody, one), whole)) for one in side.agreed]
        for side in sides
    }
    judged = _compared(rows)
    return Coherence(from_at, to_at, sides, rows, judged, [(one, names.line(one)) for one in known], shares)


def sides_of(conn: Connection, who: Actor, key: str) -> tuple[int, ...]:
    """The organisations behind a key whose contacts this person may look at. Raises ``NotAllowed``."""
    ids = [row["id"] for row in store.rows(conn, "organisations") if row["kind"] == "in-house"]
    wanted = tuple(ids) if key == HOUSE else (int(key),)
    if not wanted or not allowed(who):
        raise NotAllowed("figures")
    if not all(who.may(Action.FIGURES_READ, Thing(organisation_id=one)) for one in wanted):
        raise NotAllowed("figures")
    return wanted


class _Names:
    """Of lines and subjects; a subject with those above it."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._lines = {row["id"]: row["name"] for row in rows if row["what"] == "line"}
        self._subjects = {row["id"]: row for row in rows if row["what"] == "subject"}

    def line(self, number: int) -> str:
        return str(self._lines.get(number, number))

    def subject(self, number: int) -> str:
        path: list[str] = []
        row = self._subjects.get(number)
        while row is not None and len(path) < 8:
            path.insert(0, row["name"])
            row = self._subjects.get(row["parent_id"])
        return " › ".join(path)


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(*(row[name] for name in Counts.__dataclass_fields__))


def _pieces(found: Sequence[Mapping[str, Any]]) -> dict[int, dict[tuple[int, Stratum], Counts]]:
    """By organisation."""
    pieces: dict[int, dict[tuple[int, Stratum], Counts]] = defaultdict(dict)
    for row in found:
        stratum = row["line_id"], row["subject_id"], row["channel"]
        pieces[row["organisation_id"] or NAMELESS][row["piece"], stratum] = _counts(row)
    return pieces


def _together(of: Iterable[Pieces]) -> Pieces:
    """Several organisations' work as one."""
    found: dict[tuple[int, Stratum], Counts] = defaultdict(Counts)
    for pieces in of:
        for key, counts in pieces.items():
            found[key] += counts
    return found


def _own(everybody: Mapping[int, Pieces], agreed: Agreement) -> Pieces:
    return everybody.get(agreed.organisation_id, {})


def _sides(
    conn: Connection,
    who: Actor,
    everybody: Mapping[int, Pieces],
    known: Sequence[Agreement],
    starts: Sequence[datetime],
) -> list[Side]:
    organisations = {row["id"]: row for row in store.rows(conn, "organisations")}
    house = tuple(one for one, row in organisations.items() if row["kind"] == "in-house")
    together = _together(everybody.get(one, {}) for one in house)
    sides: list[Side] = []
    if sees_all(who):
        agreed = contracts.in_force(known, house, starts)
        sides.append(Side(HOUSE, "", house, house=True, pieces=together, agreed=agreed))
        others = [one for one in organisations if one not in house]
        others += [NAMELESS] if NAMELESS in everybody else []
    else:
        others = [who.rule.organisation_id]
        if any(one.reference_visible for one in contracts.in_force(known, others, starts)):
            whole = Side(HOUSE, "", house, house=True, pieces=together)
            enough = {key: one for key, one in together.items() if whole.cells[key[1]].handled >= FEWEST}
            sides.append(Side(HOUSE, "", house, house=True, pieces=enough, listed=False))
    for one in others:
        name = organisations[one]["name"] if one in organisations else ""
        agreed = contracts.in_force(known, (one,), starts)
        if one in everybody or agreed or not sees_all(who):
            pieces = everybody.get(one, {})
            sides.append(Side(str(one), name, (one,), house=False, pieces=pieces, agreed=agreed))
    return sides


def _rows(sides: Sequence[Side], names: _Names, starts: Sequence[datetime]) -> list[Row]:
    """Everything, then each line with its subjects."""
    strata = {stratum for side in sides for stratum in side.cells}
    rows = [Row(None, None, "", [])]
    for line in sorted({stratum[0] for stratum in strata}, key=names.line):
        rows.append(Row(line, None, names.line(line), []))
        subjects = {stratum[1] for stratum in strata if stratum[0] == line}
        if len(subjects) > 1:
            ordered = sorted(subjects, key=lambda s: (s is None, names.subject(s) if s else ""))
            rows += [Row(line, one or 0, names.subject(one) if one else "", []) for one in ordered]
    for row in rows:
        row.cells = [_cell(row, side, starts) for side in sides]
    return rows


def _cell(row: Row, side: Side, starts: Sequence[datetime]) -> Cell:
    pieces = {key: counts for key, counts in side.pieces.items() if _in(row, key[1])}
    return Cell(side, total(pieces.values()), cost=contracts.cost(side.agreed, starts, pieces))


def _compared(rows: Sequence[Row]) -> int:
    """Judge everything on the page together; gives how many comparisons that was."""
    asked = []
    for row in rows:
        house = next((cell for cell in row.cells if cell.side.house), None)
        if house is None:
            continue
        for cell in row.cells:
            if cell.side.house or cell.side.key == str(NAMELESS):
                continue
            pairs = [
                (counts, house.side.cells[stratum])
                for stratum, counts in cell.side.cells.items()
                if stratum in house.side.cells and _in(row, stratum)
            ]
            cell.comparable = sum(theirs.handled for theirs, _ in pairs)
            asked += [(cell, measure, difference(measure, pairs)) for measure in Measure]
    for (cell, measure, _), one in zip(
        asked, judge([(measure, found) for _, measure, found in asked]), strict=True
    ):
        cell.judged[measure] = one
    return sum(found is not None for _, _, found in asked)


def _in(row: Row, stratum: Stratum) -> bool:
    if row.line_id is None:
        return True
    if stratum[0] != row.line_id:
        return False
    return row.subject_id is None or (stratum[1] or 0) == row.subject_id
