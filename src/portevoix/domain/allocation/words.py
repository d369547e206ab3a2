"""Hours and beginnings of a contract as people write them, a line each: ``lun-ven 09:00-17:30`` and ``2026-12-01 50``."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Final

from portevoix.domain.allocation.contract import Ramp
from portevoix.domain.lines.hours import MIDNIGHT, Span, Weekly

DAYS: Final = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
_ENGLISH: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(r"(\w+)(?:-(\w+))?\s+(\d\d?):(\d\d)-(\d\d?):(\d\d)")
_STEP: Final = re.compile(r"(\d{4}-\d\d-\d\d)\s+(\d{1,3})\s*%?")


class WrongWords(ValueError):
    """``line`` of the text, from 1; ``code``: ``hours``, ``order``, ``day``, ``ramp`` or ``twice``."""

    def __init__(self, line: int, code: str, told: str) -> None:
        super().__init__(f"line {line}: {code}: {told!r}")
        self.line, self.code, self.told = line, code, told


def hours(text: str) -> tuple[Weekly, ...]:
    """The week; empty: always open. Raises ``WrongWords``."""
    found: list[Weekly] = []
    for number, told in _lines(text):
        match = _SPAN.fullmatch(told)
        if not match:
            raise WrongWords(number, "hours", told)
        first, last, *clock = match.groups()
        since, until = _day(number, told, first), _day(number, told, last or first)
        a, b, c, d = (int(part) for part in clock)
        if until < since or a > 23 or b > 59 or c > 24 or d > 59 or (c == 24 and d):
            raise WrongWords(number, "order", told)
        opens, closes = time(a, b), MIDNIGHT if c == 24 else time(c, d)
        try:
            found += [Weekly(day, Span(opens, closes)) for day in range(since, until + 1)]
        except ValueError:
            raise WrongWords(number, "order", told) from None
    return tuple(found)


def ramp(text: str) -> tuple[Ramp, ...]:
    """The beginning, in the order of its days. Raises ``WrongWords``."""
    found: list[Ramp] = []
    for number, told in _lines(text):
        match = _STEP.fullmatch(told)
        try:
            step = Ramp(date.fromisoformat(match.group(1)), int(match.group(2)) / 100) if match else None
        except ValueError:
            step = None
        if step is None or step.part > 1:
            raise WrongWords(number, "ramp", told)
        if any(step.day == other.day for other in found):
            raise WrongWords(number, "twice", told)
        found.append(step)
    return tuple(sorted(found, key=lambda step: step.day))


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _day(number: int, told: str, name: str) -> int:
    for names in (DAYS, _ENGLISH):
        if name.lower()[:3] in names:
            return names.index(name.lower()[:3])
    raise WrongWords(number, "day", told)
