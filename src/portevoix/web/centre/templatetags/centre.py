"""What the templates of the settings say in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portevoix.domain.access import Action
from portevoix.web.centre import rights

register = template.Library()


@register.filter
def duration(minutes: int | None) -> str:
    """1 h 30, 45 min."""
    if minutes is None:
        return ""
    hours, rest = divmod(int(minutes), 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": rest}
    return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": rest} if rest else _("%d h") % hours


@register.filter
def seconds(value: int) -> str:
    """30 s, 5 min."""
    return duration(value // 60) if value >= 120 and value % 60 == 0 else _("%d s") % value


@register.filter
def counted(number: int, noun: str) -> str:
    """A number with its noun, plural included."""
    words = {
        "door": ngettext("%d porte", "%d portes", number),
        "person": ngettext("%d personne", "%d personnes", number),
        "subject": ngettext("%d motif", "%d motifs", number),
        "line": ngettext("%d ligne", "%d lignes", number),
        "skill": ngettext("%d compétence", "%d compétences", number),
        "team": ngettext("%d équipe", "%d équipes", number),
        "contact": ngettext("%d contact", "%d contacts", number),
        "answer": ngettext("%d réponse", "%d réponses", number),
    }
    return words[noun] % number


@register.simple_tag(takes_context=True)
def sections(context: template.Context) -> list[dict[str, Any]]:
    """The entries of the side list this person may open."""
    user, here = context.get("user"), context.get("here")
    only = Action.CONFIGURATION_EDIT
    known = (
        ("overview", _("Vue d’ensemble"), "house", only),
        ("lines", _("Lignes"), "list", only),
        ("doors", _("Portes"), "mail", only),
        ("people", _("Personnes"), "users", Action.PEOPLE_EDIT),
        ("skills", _("Compétences"), "star", only),
        ("groups", _("Organisations, équipes, sites"), "building-2", only),
        ("pauses", _("Motifs de pause"), "coffee", only),
        ("contracts", _("Contrats et parts"), "scale", only),
        ("answers", _("Réponses enregistrées"), "message-square-text", Action.ANSWER_EDIT),
        ("aside", _("Courriels mis de côté"), "archive", Action.MAIL_RETRY),
        ("history", _("Historique"), "history", only),
        ("transfer", _("Exporter et importer"), "download", only),
    )
    return [
        {"href": reverse(f"centre:{name}"), "label": label, "icon": icon, "current": name == here}
        for name, label, icon, action in known
        if rights.may(user, action)
    ]


@register.simple_tag
def line_tabs(line: Any, tab: str) -> list[dict[str, Any]]:
    """The pages of one line."""
    pages = (
        ("line", _("Réglages")),
        ("line-hours", _("Horaires")),
        ("line-ack", _("Accusé de réception")),
        ("line-subjects", _("Motifs")),
        ("line-skills", _("Compétences exigées")),
        ("line-routing", _("Acheminement")),
    )
    return [
        {"href": reverse(f"centre:{name}", args=[line.pk]), "label": label, "current": name == tab}
        for name, label in pages
    ]
