"""Contracts: which part of the contacts each organisation answers."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.web.centre.forms.contracts import CHANNELS, ContractForm
from portevoix.web.centre.importing import contracts
from portevoix.web.centre.keeping import keeping
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


def export(_request: HttpRequest) -> HttpResponse:
    """All contracts as a file."""
    name = f"contrats-{timezone.localdate():%Y-%m-%d}.toml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(contracts.write(), content_type="application/toml; charset=utf-8", headers=headers)


@require_POST
def hand_in(request: HttpRequest) -> HttpResponse:
    """A file: what is wrong with it, or what it would change; with "appliquer" it is done."""
    given = request.FILES.get("fichier")
    content = request.POST.get("contenu", "").replace("\r\n", "\n")
    if isinstance(given, UploadedFile):
        try:
            content = given.read(contracts.LARGEST + 1).decode("utf-8-sig")
        except UnicodeDecodeError:
            content = "\N{REPLACEMENT CHARACTER}"
    context = {**_context(_("Contrats d’un fichier")), "content": content}
    if not content.strip() or len(content) > contracts.LARGEST:
        said = _("Choisissez un fichier TOML, d’un million de caractères au plus.")
        return render(request, "centre/contracts_file.html", {**context, "mistakes": [said]}, status=422)
    if request.POST.get("appliquer") == "1":
        with keeping(
            request, _("Les contrats du fichier sont en place. Les contacts à venir les suivent.")
        ) as kept:
            plan = contracts.carry_out(content, kept)
        if not plan.mistakes:
            return redirect("centre:contracts")
    else:
        plan = contracts.look(content)
    context |= {"mistakes": plan.mistakes[:100], "changes": plan.changes, "unchanged": plan.unchanged}
    return render(request, "centre/contracts_file.html", context, status=422 if plan.mistakes else 200)


def _context(title: str) -> dict[str, Any]:
    return {
        "here": "contracts",
        "title": title,
        "crumb": _("Contrats et parts"),
        "crumb_url": reverse("centre:contracts"),
    }
