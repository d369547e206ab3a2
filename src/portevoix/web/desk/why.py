"""Why a contact came to somebody: the router's reasons, in words. For colleagues only, never for a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from portevoix.domain.access import Role
from portevoix.domain.lines.relaxing import SAME
from portevoix.store import allocation, desk

if TYPE_CHECKING:
    from portevoix.web.desk.page import Page

_CODES = {
    "owed-most": gettext_noop("à qui il en manquait le plus"),
    "owed-less": gettext_noop("à qui il en manquait moins"),
    "least": gettext_noop("sous son minimum"),
    "most": gettext_noop("a eu son maximum"),
    "closed": gettext_noop("fermée à ce moment"),
    "not-told": gettext_noop("ces données ne lui sont pas confiées"),
    "no-share": gettext_noop("aucune part"),
}
_LEVELS = {
    "minus-1": gettext_noop("un niveau de moins suffit"),
    "minus-2": gettext_noop("deux niveaux de moins suffisent"),
    "none": gettext_noop("plus aucune compétence exigée"),
}


def duration(seconds: float) -> str:
    """Rounded as one would say it."""
    minutes = round(abs(seconds) / 60)
    if minutes < 1:
        return ngettext("%d seconde", "%d secondes", round(abs(seconds))) % round(abs(seconds))
    if minutes < 120:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    hours = round(minutes / 60)
    if hours < 48:
        return _("%d heures") % hours
    return _("%d jours") % round(hours / 24)


def sentences(reason: dict[str, Any], names: dict[str, dict[Any, str]]) -> list[str]:
    """What one offer's reason says. ``names``: of skills by number, of lines by code."""
    told = []
    if reason.get("preferred"):
        told.append(_("C’est le conseiller qui suit déjà cette personne."))
    left = float(reason.get("seconds_left", 0))
    told.append(
        _("L’échéance tombait %s plus tard.") % duration(left)
        if left >= 0
        else _("L’échéance était passée depuis %s.") % duration(left)
    )
    needed = [f"{names['skills'].get(skill, '?')} ({level})" for skill, level in reason.get("skills", [])]
    told.append(
        _("Compétences exigées : %s.") % ", ".join(needed) if needed else _("Aucune compétence exigée.")
    )
    if reason.get("step"):
        told.append(_("Exigence élargie : %s.") % widened(str(reason.get("why", "")), names["lines"]))
    held = int(reason.get("held", 0))
    in_hand = ngettext("%d contact en main", "%d contacts en main", held) % held
    idle = float(reason.get("idle_seconds", 0))
    if 0 <= idle < 30 * 86400:
        told.append(
            _("Parmi les personnes qui convenaient : %(held)s, libre depuis %(idle)s.")
            % {"held": in_hand, "idle": duration(idle)}
        )
    else:
        told.append(_("Parmi les personnes qui convenaient : %s.") % in_hand)
    return told


def widened(why: str, lines: dict[Any, str]) -> str:
    """``60s minus-1 +cpf`` in words."""
    parts = []
    for word in why.split():
        if word.endswith("s") and word[:-1].replace(".", "").isdigit():
            parts.append(_("après %s d’attente") % duration(float(word[:-1])))
        elif word in _LEVELS:
            parts.append(_(_LEVELS[word]))
        elif word.startswith("+"):
            parts.append(_("les personnes de %s aident") % lines.get(word[1:], word[1:]))
        elif word == "organisations":
            parts.append(_("d’autres organisations aident"))
        elif word != SAME:
            parts.append(word)
    return ", ".join(parts)


def offers(page: Page, conversation_id: int) -> list[dict[str, Any]]:
    """Each offer of the conversation with its sentences, the newest first."""
    names = {
        "skills": {row["id"]: row["name"] for row in desk.rows(page.conn, "skill_names")},
        "lines": {row["slug"]: row["name"] for row in desk.rows(page.conn, "line_names")},
    }
    return [
        {**row, "sentences": sentences(row["reason"] or {}, names)}
        for row in desk.rows(page.conn, "offers_of", id=conversation_id)
    ]


def allotted(page: Page, contact_id: int | None) -> dict[str, Any] | None:
    """How the contact was given to an organisation: for those in-house who supervise, since it tells others' shares."""
    who = page.who.rule
    if contact_id is None or who.role is not Role.SUPERVISOR or not who.in_house:
        return None
    found = allocation.rows(page.conn, "of_contact", contact_id=contact_id)
    if not found:
        return None
    names = {row["id"]: row["name"] for row in allocation.rows(page.conn, "organisations")}
    row = found[0]
    return {
        "organisation": names.get(row["organisation_id"]),
        "at": row["at"],
        "why": [
            {
                "name": names.get(one["organisation"], "?"),
                "chosen": one["organisation"] == row["organisation_id"],
                "word": _(_CODES.get(one["code"], one["code"])),
                "share": round(one.get("share", 0) * 100, 1)
                if one["code"] in ("owed-most", "owed-less", "least")
                else None,
                "had": round(one.get("had", 0) * 100, 1),
            }
            for one in row["why"]
        ],
    }
