"""What organisations on their own platform return: a daily file or a list from their program, all of it or nothing.

Each contact that was handed over has one result; the same again changes nothing, other values are a correction of its figures.
docs/platform-api.md tells the columns.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from portevoix.actions import contacts
from portevoix.store import elsewhere as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from portevoix.store.db import Connection

DONE, RETURNED = "done", "returned"
#: The columns of the daily file, and the fields of the API.
FIELDS: Final = ("contact", "their_id", "answered_at", "handling_s", "ending", "outcome")
#: Columns that we fill in, so that they know what it is; they may stay.
OURS: Final = ("line", "channel", "received_at", "due_at")
MOST_ROWS: Final = 50_000
LARGEST: Final = 20_000_000
#: What was expected, for programs: English, with the code that does not change.
EXPECTED: Final = {
    "unknown": "no such field", "number": "the number of a contact", "words": "your reference, at most 100 characters",
    "twice": "a reference that is not in the list already", "moment": "a time with its zone, such as 2026-11-25T10:05:00+01:00",
    "future": "a time that is over", "seconds": "seconds from 0 to 604800", "ending": "done or returned",
    "long": "at most 200 characters", "too-many": "at most 50000 results", "not-yours": "a contact that you have",
    "contact-twice": "one result for each contact", "settled": "the ending that was told before: take the contact back in the centre",
    "columns": "the columns contact, their_id, answered_at, handling_s and ending", "file": "a CSV file in UTF-8 of at most 20 MB",
    "other-contact": "a reference that is not another contact's", "before": "a time after the contact came",
}  # fmt: skip


Row = tuple[int, "Mapping[str, Any]"]
"""Where it stands (the line of a file, the place in a list), and its fields."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one contact over there. ``row``: where it was told."""

    row: int
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


def parse(content: bytes) -> list[tuple[int, dict[str, Any]]]:
    """The rows of a daily file with the lines where they begin. Our own four columns may stay in it, and rows that were not
    filled in. Raises ``WrongResults``."""
    if len(content) > LARGEST:
        raise WrongResults([Mistake(1, "", "file")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongResults([Mistake(content[: error.start].count(b"\n") + 1, "", "file")]) from None
    head = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    rows = []
    try:
        names = [name.strip() for name in next(reader, [])]
        if not {*FIELDS} - {"outcome"} <= set(names) or len(set(names)) < len(names):
            raise WrongResults([Mistake(1, "", "columns")])
        line = reader.line_num + 1
        for cells in reader:
            row = {name: cell for name, cell in zip(names, cells, strict=False) if name not in OURS}
            if any(cells[len(names) :]):
                row["?"] = cells[len(names)]
            if any(cell.strip() for name, cell in row.items() if name != "contact"):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error:
        raise WrongResults([Mistake(reader.line_num, "", "file")]) from None
    return rows


def sheet(held: Iterable[Mapping[str, Any]], delimiter: str = ",") -> Iterator[str]:
    """What an organisation has, as the file it fills in: the columns of the results, with ours filled."""
    line = io.StringIO()
    writer = csv.writer(line, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow((*FIELDS, *OURS))
    for row in held:
        times = [row[name].isoformat(timespec="seconds") for name in ("received_at", "due_at")]
        writer.writerow((row["contact"], "", "", "", "", "", row["line"], row["channel"], *times))
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def read(rows: Sequence[Row], now: datetime) -> tuple[list[Result], list[Mistake]]:
    """Results from rows of words or JSON values."""
    results: list[Result] = []
    mistakes: list[Mistake] = []
    seen: set[tuple[str, str]] = set()
    for number, row in rows:
        found = len(mistakes)
        unknown = [str(name) for name in row if name not in FIELDS]
        mistakes += [Mistake(number, name[:60], "unknown") for name in unknown]
        told = {name: str(row.get(name, "") if row.get(name) is not None else "").strip() for name in FIELDS}
        contact = told["contact"].upper().removeprefix("PV-").lstrip("0")
        if not contact.isdecimal() or len(contact) > 18:
            mistakes.append(Mistake(number, "contact", "number"))
        elif ("contact", contact) in seen:
            mistakes.append(Mistake(number, "contact", "contact-twice"))
        if not told["their_id"] or len(told["their_id"]) > 100 or "\x00" in told["their_id"]:
            mistakes.append(Mistake(number, "their_id", "words"))
        elif ("their_id", told["their_id"]) in seen:
            mistakes.append(Mistake(number, "their_id", "twice"))
        seen |= {("contact", contact), ("their_id", told["their_id"])}
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
                Result(
                    number, int(contact), told["their_id"], answered, seconds, told["ending"], told["outcome"]
                )
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
    rows: Sequence[Row],
    source: str,
    at: datetime,
    *,
    right_ones: bool = False,
    keep: bool = True,
) -> tuple[Taken, list[Mistake]]:
    """All of it or nothing, in one transaction; ``right_ones``: those without a mistake, when whoever hands them in chose so.

    The same again changes nothing; other values for a contact are a correction. Without ``keep`` it is only tried.
    Raises ``WrongResults``."""
    if len(rows) > MOST_ROWS:
        raise WrongResults([Mistake(MOST_ROWS + 1, "", "too-many")])
    results, mistakes = read(rows, at)
    taken = Taken()
    with conn.transaction(force_rollback=not keep):
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
        right: list[Result] = []
        for one in results:
            row = known.get(one.contact_id)
            if row is None or not (row["theirs"] or row["their_id"]):
                mistakes.append(Mistake(one.row, "contact", "not-yours"))
            elif others.get(one.their_id, one.contact_id) != one.contact_id:
                mistakes.append(Mistake(one.row, "their_id", "other-contact"))
            elif one.answered_at < row["received_at"]:
                mistakes.append(Mistake(one.row, "answered_at", "before"))
            elif row["ending"] not in (None, one.ending):
                mistakes.append(Mistake(one.row, "ending", "settled"))
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
