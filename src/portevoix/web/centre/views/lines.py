"""The lines: list, settings, acknowledgement, open and closed."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.web.centre import acknowledgement
from portevoix.web.centre.forms.lines import AcknowledgementForm, LineForm
from portevoix.web.centre.plain import edit, switch
from portevoix.web.records.models import Line


def listing(request: HttpRequest) -> HttpResponse:
    """All lines with what they have."""
    lines = Line.objects.annotate(
        door_count=Count("doors", filter=Q(doors__active=True), distinct=True),
        adviser_count=Count("adviser_links", filter=Q(adviser_links__account__is_active=True), distinct=True),
        hours_count=Count("hours", filter=Q(hours__season=None), distinct=True),
        subject_count=Count("subjects", filter=Q(subjects__active=True), distinct=True),
    ).order_by("-active", "name")
    return render(request, "centre/lines.html", {"lines": lines, "here": "lines"})


def create(request: HttpRequest) -> HttpResponse:
    """A new line; its doors, hours and subjects follow on their own pages."""
    return edit(
        request,
        LineForm(request.POST or None),
        back=reverse("centre:line", args=[0]).replace("/0", "/{pk}"),
        template="centre/line_form.html",
        context={"here": "lines", "title": _("Nouvelle ligne")},
        said=_("La ligne est créée. Donnez-lui maintenant une porte et des horaires."),
    )


def settings(request: HttpRequest, line_id: int) -> HttpResponse:
    """How the line works."""
    line = get_object_or_404(Line, pk=line_id)
    return edit(
        request,
        LineForm(request.POST or None, instance=get_object_or_404(Line, pk=line_id)),
        back=reverse("centre:line", args=[line_id]),
        template="centre/line_form.html",
        context={"here": "lines", "line": line, "tab": "line", "sample": acknowledgement.sample_reply(line)},
        said=_("Les réglages de la ligne sont enregistrés."),
        line_id=line_id,
    )


@require_POST
def preview_signature(request: HttpRequest) -> HttpResponse:
    """The foot of an answer as typed so far; nothing is kept."""
    line = Line(
        name=request.POST.get("name", "")[:120],
        sender_name=request.POST.get("sender_name", "")[:120],
        signature=request.POST.get("signature", "")[:5000],
    )
    return render(request, "centre/preview_reply.html", {"sample": acknowledgement.sample_reply(line)})


def ack(request: HttpRequest, line_id: int) -> HttpResponse:
    """The acknowledgement: its texts, what the law still misses, and the very text that leaves."""
    line = get_object_or_404(Line, pk=line_id)
    form = AcknowledgementForm(request.POST or None, instance=line)
    shown = get_object_or_404(Line, pk=line_id)
    return edit(
        request,
        form,
        back=reverse("centre:line-ack", args=[line_id]),
        template="centre/line_ack.html",
        context={
            "here": "lines",
            "line": shown,
            "tab": "line-ack",
            "preview": acknowledgement.preview(shown),
        },
        said=_("L’accusé de réception est enregistré."),
        line_id=line_id,
    )


@require_POST
def preview_ack(request: HttpRequest, line_id: int) -> HttpResponse:
    """The acknowledgement as typed so far; nothing is kept."""
    line = get_object_or_404(Line, pk=line_id)
    form = AcknowledgementForm(request.POST, instance=line)
    form.is_valid()  # puts what is right into the instance; what is wrong keeps its saved value
    return render(request, "centre/preview_ack.html", {"preview": acknowledgement.preview(line)})


@require_POST
def activate(request: HttpRequest, line_id: int, active: bool) -> HttpResponse:
    """Open or close the line to work; closed, its mail still arrives and waits."""
    line = get_object_or_404(Line, pk=line_id)
    said = _("La ligne « %(name)s » est activée.") if active else _("La ligne « %(name)s » est désactivée.")
    return switch(
        request, line, "active", active, back=reverse("centre:lines"), said=said % {"name": line.name}
    )
