"""The first page of the settings: how much there is, and what is missing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portevoix.domain.access import Action
from portevoix.store import configuration as store
from portevoix.web.accounts.models import User
from portevoix.web.centre import rights
from portevoix.web.centre.gaps import Gap, gaps
from portevoix.web.database import database
from portevoix.web.records.models import Door, Line, SavedAnswer, Skill, Subject, Team


def overview(request: HttpRequest) -> HttpResponse:
    """Cards and gaps for an administrator; a supervisor is led to what is theirs."""
    if not rights.may(request.user, Action.CONFIGURATION_EDIT):
        return redirect("centre:answers")
    with database() as conn:
        row = store.row(conn, "aside_count", states=["aside"], lines=None)
    aside = int(row["n"]) if row else 0
    found = gaps()
    if aside:
        said = ngettext(
            "%(n)d courriel mis de côté attend.", "%(n)d courriels mis de côté attendent.", aside
        ) % {"n": aside}
        found.insert(0, Gap(said, _("Voir les courriels"), reverse("centre:aside"), "danger"))
    return render(request, "centre/overview.html", {"here": "overview", "gaps": found, "cards": _cards()})


def _cards() -> list[dict[str, Any]]:
    counts = (
        ("lines", _("Lignes"), "list", Line.objects.filter(active=True).count()),
        ("doors", _("Portes"), "mail", Door.objects.filter(active=True).count()),
        ("people", _("Personnes"), "users", User.objects.filter(is_active=True).count()),
        ("skills", _("Compétences"), "star", Skill.objects.count()),
        ("groups", _("Équipes"), "building-2", Team.objects.count()),
        (
            "answers",
            _("Réponses enregistrées"),
            "message-square-text",
            SavedAnswer.objects.filter(active=True).count(),
        ),
        ("lines", _("Motifs"), "tag", Subject.objects.filter(active=True).count()),
    )
    return [
        {"href": reverse(f"centre:{name}"), "label": label, "icon": icon, "count": n}
        for name, label, icon, n in counts
    ]
