"""What a supervisor did that concerns the person at this desk, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portevoix.actions import floor_history

if TYPE_CHECKING:
    from portevoix.web.desk.page import Page

#: What nobody has said that they saw is shown for half a day.
SHOWN = timedelta(hours=12)


def notices(page: Page) -> list[dict[str, Any]]:
    """What is to be told, the oldest first."""
    rows = floor_history.notices(page.conn, page.who.id, page.now - SHOWN)
    return [{**row, "text": _text(row)} for row in rows]


def _text(row: dict[str, Any]) -> str:
    values = {"line": row["line"] or "?", "skill": row["skill"] or "?", "level": row["value"]}
    text = _sentence(row) % values
    if row["until"] is not None:
        text += " " + _("Jusqu’à %s.") % date_format(timezone.localtime(row["until"]), "H:i")
    return text


def _sentence(row: dict[str, Any]) -> str:
    match row["kind"], bool(row["value"]):
        case "skill", True:
            return _("Votre compétence %(skill)s compte au niveau %(level)d.")
        case "skill", False:
            return _("Votre compétence %(skill)s ne compte pas pour l’instant.")
        case "line", True:
            return _("Vous répondez maintenant aussi à la ligne %(line)s.")
        case "line", False:
            return _("Vous ne répondez plus à la ligne %(line)s. Ce que vous avez en main vous reste.")
        case "push", _value:
            return _("Un contact de la ligne %(line)s vous est confié : il vous sera proposé en premier.")
        case _:
            return _("Un contact de la ligne %(line)s a été repris : quelqu’un d’autre s’en charge.")
