"""Who changed what and when, and taking one change back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portevoix.web.centre import undoing
from portevoix.web.centre.models import ConfigChange

NAMES = {
    "line": gettext_lazy("Ligne"),
    "door": gettext_lazy("Porte"),
    "line_exception": gettext_lazy("Jour particulier"),
    "line_season": gettext_lazy("Période"),
    "subject": gettext_lazy("Motif"),
    "skill": gettext_lazy("Compétence"),
    "account": gettext_lazy("Compte"),
    "organisation": gettext_lazy("Organisation"),
    "team": gettext_lazy("Équipe"),
    "site": gettext_lazy("Site"),
    "saved_answer": gettext_lazy("Réponse enregistrée"),
}
_EXTRA = {
    "hours": gettext_lazy("horaires"),
    "skills": gettext_lazy("compétences"),
    "lines": gettext_lazy("lignes"),
    "link": gettext_lazy("lien de mot de passe envoyé"),
}


def listing(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    changes = ConfigChange.objects.select_related("actor")
    what = request.GET.get("objet", "")
    if what in NAMES:
        changes = changes.filter(what=what)
    page = Paginator(changes, 50).get_page(request.GET.get("page"))
    rows = [
        {
            "change": row,
            "noun": NAMES.get(row.what, row.what),
            "fields": ", ".join(names_of(row)) if _is_change(row) else "",
        }
        for row in page.object_list
    ]
    context = {"here": "history", "page": page, "rows": rows, "nouns": NAMES.items(), "what": what}
    return render(request, "centre/history.html", context)


def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """Before and after, field by field."""
    row = get_object_or_404(ConfigChange.objects.select_related("actor"), pk=change_id)
    keys = list(dict.fromkeys([*row.before, *row.after]))
    fields = [
        {"name": name, "before": words_of(row.before.get(key)), "after": words_of(row.after.get(key))}
        for key, name in zip(keys, names_of(row), strict=True)
    ]
    noun = NAMES.get(row.what, row.what)
    context = {
        "here": "history",
        "change": row,
        "fields": fields,
        "noun": noun,
        "why_not": undoing.refusal(row),
    }
    return render(request, "centre/change.html", context)


@require_POST
def undo(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take it back."""
    row = get_object_or_404(ConfigChange, pk=change_id)
    if why := undoing.undo(request, row):
        messages.error(request, why)
    return redirect("centre:change", change_id)


def _is_change(row: ConfigChange) -> bool:
    return row.verb == ConfigChange.Verb.CHANGED


def names_of(row: ConfigChange) -> list[str]:
    """The fields of a change, in the order of its keys."""
    model = undoing.model_of(row)
    columns: dict[str, models.Field[Any, Any]] = (
        {f.attname: f for f in model._meta.concrete_fields} if model else {}
    )
    keys = dict.fromkeys([*row.before, *row.after])
    return [str(columns[key].verbose_name if key in columns else _EXTRA.get(key, key)) for key in keys]


def words_of(value: Any) -> str:
    """A value of the history as a person reads it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, dict):
        return ", ".join(f"{key} : {item}" for key, item in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "–"
    return str(value)
