"""The period that a page of figures is about: two days in the address, both included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST: Final = 400  # days


@dataclass(frozen=True, slots=True)
class Period:
    """``first`` to ``last``. ``problem``: why it is not the one that was asked for."""

    first: date
    last: date
    problem: str = ""

    @property
    def from_at(self) -> datetime:
        return datetime.combine(self.first, time.min, timezone.get_current_timezone())

    @property
    def to_at(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time.min, timezone.get_current_timezone())

    @property
    def words(self) -> str:
        if self.first == self.last:
            return _("le %s") % date_format(self.first, "DATE_FORMAT")
        return _("du %(first)s au %(last)s") % {
            "first": date_format(self.first, "DATE_FORMAT"), "last": date_format(self.last, "DATE_FORMAT"),
        }  # fmt: skip

    @property
    def query(self) -> dict[str, str]:
        return {"du": self.first.isoformat(), "au": self.last.isoformat()}


def read(asked: Mapping[str, str], now: datetime) -> Period:
    """The period of an address; the last thirty days where it names none or one that cannot be."""
    today = timezone.localdate(now)
    usual = Period(today - timedelta(days=29), today)
    if not asked.get("du") and not asked.get("au"):
        return usual
    try:
        first = date.fromisoformat(asked.get("du") or usual.first.isoformat())
        last = date.fromisoformat(asked.get("au") or usual.last.isoformat())
    except ValueError:
        return Period(
            usual.first, usual.last, _("Ces dates n’ont pas été comprises. Voici les trente derniers jours.")
        )
    if not 2000 <= first.year <= 2999 or not 2000 <= last.year <= 2999 or last < first:
        return Period(
            usual.first, usual.last,
            _("La fin de la période précède son début. Voici les trente derniers jours."),
        )  # fmt: skip
    if (last - first).days >= LONGEST:
        return Period(
            last - timedelta(days=LONGEST - 1), last,
            _("Une période compte %d jours au plus. Voici les derniers de ceux demandés.") % LONGEST,
        )  # fmt: skip
    return Period(first, last)


def presets(now: datetime) -> list[tuple[str, Period]]:
    """Those people ask for."""
    today = timezone.localdate(now)
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return [
        (_("7 derniers jours"), Period(today - timedelta(days=6), today)),
        (_("Ce mois-ci"), Period(month, today)),
        (_("Mois dernier"), Period(before.replace(day=1), before)),
        (_("90 derniers jours"), Period(today - timedelta(days=89), today)),
    ]
