"""Contracts: which part of the contacts each organisation answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.web.centre.forms.contracts import CHANNELS, ContractForm
from portevoix.web.centre.plain import edit, remove
from portevoix.web.records.models import Contract, Line


def listing(request: HttpRequest) -> HttpResponse:
    """All contracts, with what each is about."""
    names = dict(Line.objects.values_list("slug", "name"))
    channels = {str(code): name for code, name in CHANNELS}
    today = timezone.localdate()
    shown = []
    for row in Contract.objects.select_related("organisation"):
        ahead = row.first_day is not None and row.first_day > today
        over = row.last_day is not None and row.last_day < today
        shown.append(
            {
                "row": row,
                "lines": [names.get(code, code) for code in row.lines],
                "channels": [channels.get(code, code) for code in row.channels],
                "state": "ahead" if ahead else "over" if over else "now",
            }
        )
    return render(request, "centre/contracts.html", {"here": "contracts", "contracts": shown})


def create(request: HttpRequest) -> HttpResponse:
    """A new one."""
    return edit(
        request,
        ContractForm(request.POST or None),
        back=reverse("centre:contracts"),
        template="centre/contract_form.html",
        context=_context(_("Nouveau contrat")),
        said=_("Le contrat est enregistré. Les contacts à venir le suivent."),
    )


def change(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Another share, other hours, an end."""
    row = get_object_or_404(Contract.objects.select_related("organisation"), pk=contract_id)
    return edit(
        request,
        ContractForm(request.POST or None, instance=row),
        back=reverse("centre:contracts"),
        template="centre/contract_form.html",
        context={**_context(_("Contrat de %(name)s") % {"name": row.organisation}), "row": row},
        said=_("Le contrat est enregistré. Les contacts à venir le suivent."),
    )


@require_POST
def delete(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Take it away; what it decided stays with the contacts, and the history can bring it back."""
    return remove(request, get_object_or_404(Contract, pk=contract_id), back=reverse("centre:contracts"))


def _context(title: str) -> dict[str, Any]:
    return {
        "here": "contracts",
        "title": title,
        "crumb": _("Contrats et parts"),
        "crumb_url": reverse("centre:contracts"),
    }
