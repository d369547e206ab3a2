"""The doors: which addresses lead to which line."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.web.centre import imap_check
from portevoix.web.centre.forms.doors import DoorForm
from portevoix.web.centre.plain import edit, switch
from portevoix.web.numbers import number
from portevoix.web.records.models import Door, Line


def listing(request: HttpRequest) -> HttpResponse:
    """All doors, by line."""
    doors = Door.objects.select_related("line").order_by("line__name", "address")
    return render(request, "centre/doors.html", {"doors": doors, "here": "doors"})


def create(request: HttpRequest) -> HttpResponse:
    """A new door."""
    known = Line.objects.filter(pk=number(request.GET.get("ligne", "")) or 0).first()
    return edit(
        request,
        DoorForm(request.POST or None, initial={"line": known}),
        back=reverse("centre:doors"),
        template="centre/door_form.html",
        context={"here": "doors", "title": _("Nouvelle porte")},
        said=_("La porte est ouverte."),
    )


def settings(request: HttpRequest, door_id: int) -> HttpResponse:
    """One door."""
    door = get_object_or_404(Door, pk=door_id)
    return edit(
        request,
        DoorForm(request.POST or None, instance=door),
        back=reverse("centre:door", args=[door_id]),
        template="centre/door_form.html",
        context={"here": "doors", "title": get_object_or_404(Door, pk=door_id).address, "door": door},
        said=_("La porte est enregistrée."),
        line_id=door.line_id,
    )


@require_POST
def activate(request: HttpRequest, door_id: int, active: bool) -> HttpResponse:
    """Open or close a door; closed, mail to it is refused so that the sender learns of it."""
    door = get_object_or_404(Door, pk=door_id)
    said = _("La porte %(name)s est ouverte.") if active else _("La porte %(name)s est fermée.")
    return switch(
        request, door, "active", active, back=reverse("centre:doors"), said=said % {"name": door.address}
    )


@require_POST
def check(request: HttpRequest, door_id: int) -> HttpResponse:
    """Try the saved IMAP settings."""
    tried = imap_check.attempt(get_object_or_404(Door, pk=door_id))
    if request.headers.get("HX-Request") == "true":
        return render(request, "centre/door_tried.html", {"tried": tried})
    level = {"success": messages.SUCCESS, "danger": messages.ERROR}.get(tried.tone, messages.INFO)
    messages.add_message(request, level, tried.text)
    return redirect("centre:door", door_id)
