"""Why people pause: the words of the presence menu."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portevoix.web.centre.forms.base import RowForm
from portevoix.web.centre.plain import edit, switch
from portevoix.web.records.models import PauseReason


class PauseForm(RowForm[PauseReason]):
    """A reason in both languages."""

    class Meta:
        model = PauseReason
        fields = ("name", "name_en", "worked", "position")
        widgets: ClassVar[dict[str, Any]] = {
            "position": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "name_en": gettext_lazy("Pour qui lit Portevoix en anglais. Vide : le motif français."),
            "worked": gettext_lazy(
                "Décochez pour un repas : la page des heures ne le compte pas au travail."
            ),
            "position": gettext_lazy("Les plus petits nombres d’abord."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "name": {"unique": gettext_lazy("Ce motif existe déjà.")},
            "position": {"invalid": gettext_lazy("Écrivez un nombre entier.")},
        }


def listing(request: HttpRequest) -> HttpResponse:
    """All reasons; POST adds one."""
    return edit(
        request,
        PauseForm(request.POST or None),
        back=reverse("centre:pauses"),
        template="centre/pauses.html",
        context={"here": "pauses", "reasons": PauseReason.objects.all()},
        said=_("Le motif est ajouté."),
    )


def change(request: HttpRequest, pause_id: int) -> HttpResponse:
    """Other words, another place."""
    back = reverse("centre:pauses")
    return edit(
        request,
        PauseForm(request.POST or None, instance=get_object_or_404(PauseReason, pk=pause_id)),
        back=back,
        context={
            "here": "pauses",
            "title": _("Modifier un motif de pause"),
            "crumb": _("Motifs de pause"),
            "crumb_url": back,
        },
    )


@require_POST
def activate(request: HttpRequest, pause_id: int, *, active: bool) -> HttpResponse:
    """Offer it in the menu again, or no longer: what was said with it stays."""
    row = get_object_or_404(PauseReason, pk=pause_id)
    said = (
        _("Le motif est de nouveau proposé.")
        if active
        else _("Le motif n’est plus proposé. Ce qui a été dit avec lui reste.")
    )
    return switch(request, row, "active", active, back=reverse("centre:pauses"), said=said)
