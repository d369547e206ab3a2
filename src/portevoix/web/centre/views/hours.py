"""When a line is open: its week, its days that differ, the public holidays ahead."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from portevoix.web.centre import calendar
from portevoix.web.centre.forms.hours import MAX_SPANS, ExceptionForm, WeekForm, copied
from portevoix.web.centre.keeping import keeping, snapshot
from portevoix.web.centre.plain import remove
from portevoix.web.records.models import Line, LineException, LineHours


def usual(line: Line) -> list[LineHours]:
    """The week without dated seasons, which the grid leaves alone."""
    return list(line.hours.filter(valid_from=None, valid_to=None))


def as_words(rows: list[LineHours]) -> list[str]:
    """The week as the history keeps it."""
    return [f"{row.weekday} {row.opens:%H:%M}-{row.closes:%H:%M}" for row in rows]


def _page(
    request: HttpRequest, line: Line, week: WeekForm, special: ExceptionForm, **more: Any
) -> HttpResponse:
    today = timezone.localdate()
    exceptions = list(
        LineException.objects.filter(Q(line=line) | Q(line=None), day__gte=today).order_by("day", "opens")
    )
    status = 422 if (week.is_bound and week.errors) or (special.is_bound and special.errors) else 200
    seasons = line.hours.exclude(valid_from=None, valid_to=None)
    context = {
        "here": "lines", "tab": "line-hours", "line": line, "week": week, "special": special, "seasons": seasons,
        "exceptions": exceptions, "holidays": calendar.coming(line, exceptions, today), "can_add": week.spans < MAX_SPANS,
        "never_set": not line.hours.exists(), **more,
    }  # fmt: skip
    return render(request, "centre/line_hours.html", context, status=status)


def _special(request: HttpRequest) -> ExceptionForm:
    day = parse_date(request.GET.get("jour", "")) if request.GET.get("jour", "").count("-") == 2 else None
    return ExceptionForm(initial={"first": day, "kind": "open"} if day else None)


def hours(request: HttpRequest, line_id: int) -> HttpResponse:
    """The page; POST saves the week, or copies Monday's times, or adds a row of boxes, without saving."""
    line = get_object_or_404(Line, pk=line_id)
    rows = usual(line)
    if request.method != "POST":
        return _page(request, line, WeekForm(rows=rows), _special(request))
    typed = request.POST.get("spans", "2")
    spans = min(MAX_SPANS, int(typed)) if typed.isdecimal() and len(typed) < 3 else 2
    doing = request.POST.get("do")
    if doing == "more":
        return _unsaved(request, line, request.POST.dict(), spans + 1, "")
    if doing in ("copy", "copy-all"):
        data = copied(request.POST, spans, range(1, 5 if doing == "copy" else 7))
        said = _("Les heures du lundi sont recopiées. Enregistrez pour les garder.")
        return _unsaved(request, line, data, spans, said)
    week = WeekForm(request.POST, spans=spans)
    if not week.is_valid():
        return _page(request, line, week, _special(request))
    with keeping(request, _("Les horaires sont enregistrés.")) as kept:
        new = week.kept(line)
        kept.note(line, {"id": line.pk, "hours": as_words(rows)}, {"id": line.pk, "hours": as_words(sorted(
            new, key=lambda row: (row.weekday, row.opens)))}, line_id=line.pk)  # fmt: skip
        line.hours.filter(valid_from=None, valid_to=None).delete()
        LineHours.objects.bulk_create(new)
    return redirect("centre:line-hours", line_id)


def _unsaved(request: HttpRequest, line: Line, data: dict[str, Any], spans: int, said: str) -> HttpResponse:
    return _page(request, line, WeekForm(data, spans=spans), _special(request), unsaved=said, focus_week=True)


@require_POST
def add_exception(request: HttpRequest, line_id: int) -> HttpResponse:
    """Days that differ."""
    line = get_object_or_404(Line, pk=line_id)
    form = ExceptionForm(request.POST)
    if not form.is_valid():
        return _page(request, line, WeekForm(rows=usual(line)), form)
    new = form.rows(line)
    said = ngettext("Le jour particulier est ajouté.", "%(count)d jours particuliers sont ajoutés.", len(new))
    with keeping(request, said % {"count": len(new)}) as kept:
        for row in new:
            row.save()
            kept.note(row, {}, snapshot(row), line_id=row.line_id)
    return redirect("centre:line-hours", line_id)


@require_POST
def remove_exception(request: HttpRequest, line_id: int, exception_id: int) -> HttpResponse:
    """An ordinary day again."""
    row = get_object_or_404(LineException, Q(line_id=line_id) | Q(line=None), pk=exception_id)
    response = remove(request, row, back="/", said=_("Le jour particulier est retiré."))
    response["Location"] = redirect("centre:line-hours", line_id)["Location"]
    return response
