"""The coming year of a line: public holidays with their names, and what its exceptions make of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portevoix.domain.lines import holidays as rule
from portevoix.web.records.models import Line, LineException

_FIXED: dict[tuple[int, int], Promise] = {
    (1, 1): _("Jour de l’an"),
    (5, 1): _("Fête du travail"),
    (5, 8): _("Victoire de 1945"),
    (7, 14): _("Fête nationale"),
    (8, 15): _("Assomption"),
    (11, 1): _("Toussaint"),
    (11, 11): _("Armistice de 1918"),
    (12, 25): _("Noël"),
    (12, 26): _("Saint-Étienne"),
}
_FROM_EASTER: dict[int, Promise] = {
    rule.GOOD_FRIDAY: _("Vendredi saint"),
    rule.EASTER_MONDAY: _("Lundi de Pâques"),
    rule.ASCENSION: _("Ascension"),
    rule.WHIT_MONDAY: _("Lundi de Pentecôte"),
}
_ABOLITION = _("Abolition de l’esclavage")


@dataclass(frozen=True)
class Holiday:
    """A public holiday; ``opened`` when an exception opens the line that day."""

    day: date
    name: str
    opened: bool


def regions(line: Line) -> frozenset[rule.Region]:
    """The territory of a line, as the domain wants it."""
    known = {region.value for region in rule.Region}
    return frozenset({rule.Region(line.holiday_region)}) if line.holiday_region in known else frozenset()


def coming(line: Line, exceptions: Iterable[LineException], today: date) -> list[Holiday]:
    """The public holidays of the next twelve months."""
    where, end = regions(line), today + timedelta(days=365)
    days = sorted(
        day
        for year in (today.year, end.year)
        for day in rule.public_holidays(year, where)
        if today <= day <= end
    )
    opened = {row.day for row in exceptions if row.opens is not None}
    return [Holiday(day, _name(day), day in opened) for day in dict.fromkeys(days)]


def _name(day: date) -> str:
    if name := _FIXED.get((day.month, day.day)):
        return str(name)
    from_easter = (day - rule.easter(day.year)).days
    return str(_FROM_EASTER.get(from_easter, _ABOLITION))
