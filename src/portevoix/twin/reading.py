"""Reading a TOML file that people write: every mistake is told with its line, its field and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any, TypeVar

T = TypeVar("T")


class Mistake(Exception):
    """``line N, field: what was expected``."""


class Table:
    """A table of the file, that knows where it stands. Fields that nobody asked for are mistakes too (``done``)."""

    def __init__(self, text: str, path: tuple[str | int, ...], values: dict[str, Any]) -> None:
        self._text, self._path, self._values = text, path, values
        self._asked: set[str] = set()

    def wrong(self, field: str, expected: str) -> Mistake:
        """A mistake in a field."""
        name = ".".join(
            f"[{part + 1}]" if isinstance(part, int) else part
            for part in (*self._path, *([field] if field else []))
        ).replace(".[", "[")
        return Mistake(f"line {line_of(self._text, self._path, field)}, {name}: {expected}")

    def get(self, field: str, default: T, kind: Callable[[object], T]) -> T:
        """The field, or the default."""
        self._asked.add(field)
        return self.need(field, kind) if field in self._values else default

    def need(self, field: str, kind: Callable[[object], T]) -> T:
        """The field, that must be there."""
        self._asked.add(field)
        if field not in self._values:
            raise self.wrong(field, "is missing")
        try:
            return kind(self._values[field])
        except (ValueError, TypeError) as error:
            raise self.wrong(field, f"{error} was expected, not {self._values[field]!r}") from None

    def has(self, field: str) -> bool:
        """Whether the field is there."""
        self._asked.add(field)
        return field in self._values

    def table(self, field: str) -> Table:
        """A table inside; empty when it is not there."""
        self._asked.add(field)
        values = self._values.get(field, {})
        if not isinstance(values, dict):
            raise self.wrong(field, f"a table was expected, not {values!r}")
        return Table(self._text, (*self._path, field), values)

    def tables(self, field: str) -> list[Table]:
        """A list of tables."""
        self._asked.add(field)
        values = self._values.get(field, [])
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            raise self.wrong(field, f"tables were expected ([[{field}]])")
        return [Table(self._text, (*self._path, field, number), one) for number, one in enumerate(values)]

    def names(self) -> Iterator[str]:
        """The fields there are; all count as asked for."""
        self._asked.update(self._values)
        return iter(self._values)

    def done(self) -> None:
        """Nothing more is asked for: what is left is a mistake."""
        for field in self._values:
            if field not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.wrong(field, f"is not known here (known: {known})")


def parse(text: str) -> Table:
    """The whole file. Raises ``Mistake``."""
    try:
        return Table(text, (), tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        said = str(error).split(" (at ")[0]
        line = where.group(1) if where else str(text.count("\n") + 1)
        raise Mistake(f"line {line}: not TOML: {said}") from None


def line_of(text: str, path: tuple[str | int, ...], field: str) -> int:
    """The line on which a field stands, or the table it should stand in."""
    names = [part for part in path if not isinstance(part, int)]
    inline = names[-1] if names else None  # perhaps ``name = {...}``, or ``[{...}]``
    seen, level, found = {0: 0}, 0, 1
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        header = re.fullmatch(r"\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(#.*)?", line)
        if header:
            told = [part.strip().strip("\"'") for part in header.group(1).split(".")]
            depth = len(told)
            level = -1
            if told == names[:depth]:
                seen[depth] = seen.get(depth, 0) + 1
                if line.startswith("[["):
                    for deeper in [one for one in seen if one > depth]:
                        del seen[deeper]
                if depth >= len(names) - (inline is not None) and _right(path, seen, depth):
                    level, found = depth, number
        elif level == len(names) and re.match(rf"[\"']?{re.escape(field)}[\"']?\s*=", line):
            return number
        elif inline and level == len(names) - 1 and re.match(rf"[\"']?{re.escape(inline)}[\"']?\s*=", line):
            found = number
    return found


def _right(path: tuple[str | int, ...], seen: dict[int, int], depth: int) -> bool:
    """Whether the headers met so far are those of the path, down to a depth."""
    names = 0
    for part in path:
        if isinstance(part, int):
            if names <= depth and seen.get(names, 0) != part + 1:
                return False
        else:
            names += 1
    return True


# --- kinds of values: each raises ValueError with what was expected --------------------------------------------


def text(value: object) -> str:
    """Words."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value.strip()


def yes(value: object) -> bool:
    """True or false."""
    if value is not True and value is not False:
        raise ValueError("true or false")
    return value


def number(low: float, high: float = float("inf"), *, above: bool = False) -> Callable[[object], float]:
    """A number from ``low`` (or ``above`` it) to ``high``."""

    def kind(value: object) -> float:
        ok = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        if not ok or not (low < value if above else low <= value) or not value <= high:  # type: ignore[operator]
            ends = f"{'above' if above else 'from'} {low:g}" + (f" to {high:g}" if isfinite(high) else "")
            raise ValueError(f"a number {ends}")
        return float(value)  # type: ignore[arg-type]

    return kind


def whole(low: int, high: int = 10**9) -> Callable[[object], int]:
    """A whole number."""

    def kind(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return kind


def listed(kind: Callable[[object], T], what: str) -> Callable[[object], tuple[T, ...]]:
    """A list that is not empty."""

    def many(value: object) -> tuple[T, ...]:
        if not isinstance(value, list) or not value:
            raise ValueError(f"a list of {what}")
        return tuple(kind(one) for one in value)

    return many


def among(*words: str) -> Callable[[object], str]:
    """One of some words."""

    def kind(value: object) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return str(value)

    return kind


def clock(value: object) -> tuple[float, float]:
    """A span of the day, ``08:00-18:30``, in seconds."""
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("a span of the day like 08:00-18:30")
    a, b, c, d = (int(part) for part in found.groups())
    since, until = a * 3600 + b * 60, c * 3600 + d * 60
    if b > 59 or d > 59 or not since < until <= 86_400:
        raise ValueError("a span of the day like 08:00-18:30")
    return float(since), float(until)
