"""Moments at which parked work comes back: presets as people say them, or a date and time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from portevoix.actions.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_MORNING = time(9, 0)


def _at(day: datetime, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day.date(), clock), timezone.get_current_timezone())


def presets(now: datetime) -> list[tuple[str, str, datetime]]:
    """Name, words, moment; those that are past are left out."""
    here = timezone.localtime(now)
    monday = here + timedelta(days=(7 - here.weekday()) or 7)
    found = [
        ("heure", _("dans une heure"), now + timedelta(hours=1)),
        ("midi", _("cet après-midi, 14 h"), _at(here, time(14, 0))),
        ("demain", _("demain, 9 h"), _at(here + timedelta(days=1), _MORNING)),
        ("lundi", _("lundi prochain, 9 h"), _at(monday, _MORNING)),
        ("semaine", _("dans une semaine, 9 h"), _at(here + timedelta(days=7), _MORNING)),
    ]
    return [one for one in found if one[2] > now]


def parse_wake(form: Mapping[str, str], now: datetime) -> datetime:
    """The moment chosen. Raises ``Invalid``."""
    chosen = form.get("quand", "")
    for name, _words, moment in presets(now):
        if name == chosen:
            return moment
    try:
        moment = datetime.fromisoformat(form.get("date", ""))
    except ValueError:
        raise Invalid("date") from None
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_current_timezone())
    if moment > now + timedelta(days=370):
        raise Invalid("date-far")
    return moment
