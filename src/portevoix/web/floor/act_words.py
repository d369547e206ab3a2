"""What was done from the floor, in words: for who looks back, and for whom it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from datetime import datetime


def moment(at: datetime, now: datetime) -> str:
    """The hour, with the day when it is another one."""
    here, today = timezone.localtime(at), timezone.localtime(now).date()
    hour = date_format(here, "H:i")
    return hour if here.date() == today else f"{date_format(here, 'j F')} {hour}"


def done(row: dict[str, Any]) -> str:
    """One act, without who did it, when and why."""
    values = {
        "person": row["person"] or "?", "line": row["line"] or "?", "skill": row["skill"] or "?",
        "organisation": row["organisation"] or "?", "former": row["former"], "value": row["value"],
    }  # fmt: skip
    return _sentence(row) % values


def _sentence(row: dict[str, Any]) -> str:
    match row["kind"], bool(row["value"]):
        case "skill", True:
            return _("%(skill)s au niveau %(value)d pour %(person)s (réglage : %(former)d)")
        case "skill", False:
            return _("%(skill)s retirée à %(person)s (réglage : %(former)d)")
        case "line", True:
            return _("%(person)s mise sur la ligne %(line)s")
        case "line", False:
            return _("%(person)s retirée de la ligne %(line)s")
        case "push", _value:
            return _("Un contact de %(line)s confié à %(person)s")
        case "pull", _value:
            return _("Un contact de %(line)s repris à %(person)s")
        case "head", _value:
            return _("Un contact placé en tête de %(line)s")
        case "share", _value:
            return _("Part de %(organisation)s : de %(former)d %% à %(value)d %%")
        case _:
            return _("Ligne %(line)s mise en pause")
