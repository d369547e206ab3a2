"""Coherence: in-house and each outsourcer on the same subjects, with what is more than chance.

Who sees what: supervisors of the house and administrators every organisation; an outsourcer's manager their own, beside
the house as one nameless reference if their contract shows it; an adviser nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions.errors import NotAllowed
from portevoix.domain.access import Action, Thing
from portevoix.domain.figures.compare import Judged, Measure, judge
from portevoix.domain.figures.compare_cells import Counts, difference, total
from portevoix.reports.contracts import NONE, Terms, terms
from portevoix.store import coherence as store

if TYPE_CHECKING:
    from portevoix.actions.access import Actor
    from portevoix.store.db import Connection

HOUSE: Final = "maison"  # the key of the reference: every in-house organisation together
NAMELESS: Final = 0  # accounts without an organisation
FEWEST: Final = 5  # below it the nameless reference is not shown: it could be one person

#: (line, subject or None, channel): what is compared with itself.
Stratum = tuple[int, int | None, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One of those compared. ``key``: an organisation's number as text, or HOUSE."""

    key: str
    name: str
    organisations: tuple[int, ...]
    house: bool
    cells: Mapping[Stratum, Counts]
    terms: Terms = NONE
    listed: bool = True  # the contacts behind may be looked at

    @property
    def counts(self) -> Counts:
        """Everything."""
        return total(self.cells.values())

    def share(self, of: int) -> float:
        """Of all that was handled."""
        return self.counts.handled / of if of else 0.0

    def cost(self, counts: Counts) -> float | None:
        """What the contract's prices make of it; None without a price."""
        return self.terms.cost(counts.closed, counts.seconds)


@dataclass(slots=True)
class Cell:
    """A side in a row: what it did, and how it differs from the reference."""

    side: Side
    counts: Counts
    judged: dict[Measure, Judged] = field(default_factory=dict)
    comparable: int = 0  # handlings on subjects that the reference also handled


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
    found = store.rows(conn, "cells", from_at=from_at, to_at=to_at, lines=lines)
    names = _Names(store.rows(conn, "names"))
    known = sorted({row["line_id"] for row in found}, key=names.line)
    if line_id is not None:
        found = [row for row in found if row["line_id"] == line_id]
    sides = _sides(conn, who, found, from_at, to_at)
    rows = _rows(sides, names)
    judged = _compared(rows)
    return Coherence(from_at, to_at, sides, rows, judged, [(one, names.line(one)) for one in known])


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


def _sides(
    conn: Connection, who: Actor, found: Sequence[Mapping[str, Any]], from_at: datetime, to_at: datetime
) -> list[Side]:
    organisations = {row["id"]: row for row in store.rows(conn, "organisations")}
    cells: dict[int, dict[Stratum, Counts]] = defaultdict(dict)
    for row in found:
        stratum = row["line_id"], row["subject_id"], row["channel"]
        cells[row["organisation_id"] or NAMELESS][stratum] = _counts(row)
    agreed = terms(conn, from_at, to_at)
    house = tuple(one for one, row in organisations.items() if row["kind"] == "in-house")
    together: dict[Stratum, Counts] = defaultdict(Counts)
    for one in house:
        for stratum, counts in cells.get(one, {}).items():
            together[stratum] += counts
    everything = sees_all(who)
    sides: list[Side] = []
    if everything:
        sides.append(Side(HOUSE, "", house, house=True, cells=together))
        others = [one for one in organisations if one not in house and (one in cells or one in agreed)]
        others += [NAMELESS] if NAMELESS in cells else []
    else:
        others = [who.rule.organisation_id]
        if agreed.get(others[0], NONE).reference_visible:
            enough = {key: counts for key, counts in together.items() if counts.handled >= FEWEST}
            sides.append(Side(HOUSE, "", house, house=True, cells=enough, listed=False))
    for one in others:
        name = organisations[one]["name"] if one in organisations else ""
        sides.append(
            Side(str(one), name, (one,), house=False, cells=cells.get(one, {}), terms=agreed.get(one, NONE))
        )
    return sides


def _rows(sides: Sequence[Side], names: _Names) -> list[Row]:
    """Everything, then each line with its subjects."""
    strata = {stratum for side in sides for stratum in side.cells}
    rows = [_row(None, None, "", sides, lambda _: True)]
    for line in sorted({stratum[0] for stratum in strata}, key=names.line):
        rows.append(_row(line, None, names.line(line), sides, lambda s, line=line: s[0] == line))
        subjects = {stratum[1] for stratum in strata if stratum[0] == line}
        if len(subjects) > 1:
            rows += [
                _row(
                    line, subject or 0, names.subject(subject) if subject else "", sides,
                    lambda s, line=line, subject=subject: s[:2] == (line, subject),
                )
                for subject in sorted(subjects, key=lambda s: (s is None, names.subject(s) if s else ""))
            ]  # fmt: skip
    return rows


def _row(
    line: int | None, subject: int | None, name: str, sides: Sequence[Side], of: Callable[..., bool]
) -> Row:
    cells = []
    for side in sides:
        mine = {stratum: counts for stratum, counts in side.cells.items() if of(stratum)}
        cells.append(Cell(side, total(mine.values())))
    return Row(line, subject, name, cells)


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
