"""Organisations, teams and sites: whom people belong to and where."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import models
from django.db.models import Count, ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portevoix.web.centre.forms.simple import OrganisationForm, SiteForm, TeamForm
from portevoix.web.centre.plain import edit, remove
from portevoix.web.records.models import Organisation, Site, Team

_KINDS: dict[str, tuple[type[models.Model], type[Any], Any, Any]] = {
    "organisations": (
        Organisation,
        OrganisationForm,
        gettext_lazy("Nouvelle organisation"),
        gettext_lazy("Organisation"),
    ),
    "equipes": (Team, TeamForm, gettext_lazy("Nouvelle équipe"), gettext_lazy("Équipe")),
    "sites": (Site, SiteForm, gettext_lazy("Nouveau site"), gettext_lazy("Site")),
}


def _kind(kind: str) -> tuple[type[models.Model], type[Any], Any, Any]:
    if kind not in _KINDS:
        raise Http404
    return _KINDS[kind]


def listing(request: HttpRequest) -> HttpResponse:
    """All three."""
    context = {
        "here": "groups",
        "organisations": Organisation.objects.annotate(
            people=Count("user", distinct=True), teams=Count("team", distinct=True)
        ),
        "teams": Team.objects.select_related("organisation").annotate(people=Count("user")),
        "sites": Site.objects.annotate(people=Count("user")),
    }
    return render(request, "centre/groups.html", context)


def create(request: HttpRequest, kind: str) -> HttpResponse:
    """A new one."""
    _model, form, title, _name = _kind(kind)
    return edit(request, form(request.POST or None), back=reverse("centre:groups"), context=_context(title))


def change(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """Rename, or say what kind it is."""
    model, form, _title, name = _kind(kind)
    row = get_object_or_404(model, pk=row_id)
    return edit(
        request,
        form(request.POST or None, instance=row),
        back=reverse("centre:groups"),
        context=_context(name),
    )


@require_POST
def delete(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """Only one without people."""
    model, _form, _title, _name = _kind(kind)
    row = get_object_or_404(model, pk=row_id)
    try:
        if not row.user_set.exists():  # type: ignore[attr-defined] # all three are pointed to by accounts
            return remove(request, row, back=reverse("centre:groups"))
    except ProtectedError:
        pass
    said = _("Impossible de supprimer « %(name)s » : des personnes ou des équipes y sont rattachées.")
    messages.error(request, said % {"name": row})
    return redirect("centre:groups")


def _context(title: Any) -> dict[str, Any]:
    return {
        "here": "groups",
        "title": title,
        "crumb": _("Organisations, équipes, sites"),
        "crumb_url": reverse("centre:groups"),
    }
