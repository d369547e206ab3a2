"""A table of intervals as people keep it: CSV with the columns ``start``, ``calls``, ``aht_s``."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from math import isfinite

COLUMNS = ("start", "calls", "aht_s")


@dataclass(frozen=True, slots=True)
class Interval:
    """``calls`` that come in it, of ``aht_s`` seconds each."""

    start: str
    calls: float
    aht_s: float


def read(text: str) -> list[Interval]:
    """The rows; raises ``ValueError`` with the line, the column and what was expected. A semicolon separates as well."""
    first = text.splitlines()[0] if text.splitlines() else ""
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    for column in COLUMNS:
        if column not in (rows.fieldnames or ()):
            raise ValueError(f"line 1: the column {column} is missing (columns: {', '.join(COLUMNS)})")
    return [
        Interval(
            (row["start"] or "").strip(),
            _number(row["calls"], rows.line_num, "calls", zero=True),
            _number(row["aht_s"], rows.line_num, "aht_s", zero=False),
        )
        for row in rows
    ]


def _number(told: str | None, line: int, column: str, *, zero: bool) -> float:
    expected = "a number that is not negative" if zero else "a positive number"
    try:
        value = float((told or "").strip().replace(",", "."))
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0 or (value == 0 and not zero):
        raise ValueError(f"line {line}, {column}: {expected} was expected, not {told!r}")
    return value
