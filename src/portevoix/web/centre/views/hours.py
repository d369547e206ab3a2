"""When a line is open: its week, its days that differ, the public holidays ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from portevoix.web.centre import calendar
from portevoix.web.centre.forms.hours import MAX_SPANS, WeekForm, copied
from portevoix.web.centre.forms.special import ExceptionForm
from portevoix.web.centre.keeping import Kept, keeping, snapshot
from portevoix.web.records.models import Line, LineException, LineHours


def usual(line: Line) -> list[LineHours]:
    """The week without the seasons."""
    return list(line.hours.filter(season=None))


def as_words(rows: list[LineHours]) -> list[str]:
    """The week as the history keeps it."""
    rows = sorted(rows, key=lambda row: (row.weekday, row.opens))
    return [f"{row.weekday} {row.opens:%H:%M}-{row.closes:%H:%M}" for row in rows]


@dataclass(frozen=True)
class SpecialDay:
    """The intervals of one day that differs, together."""

    pk: int  # of its first row
    day: date
    line_id: int | None
    reason: str
    spans: list[tuple[time, time]]


def special_days(rows: list[LineException]) -> list[SpecialDay]:
    """Rows grouped by day and by whom it is for, in order."""
    days: dict[tuple[date, int | None], SpecialDay] = {}
    for row in rows:
        found = days.setdefault(
            (row.day, row.line_id), SpecialDay(row.pk, row.day, row.line_id, row.reason, [])
        )
        if row.opens and row.closes:
            found.spans.append((row.opens, row.closes))
    return list(days.values())


def _page(
    request: HttpRequest, line: Line, week: WeekForm, special: ExceptionForm, **more: Any
) -> HttpResponse:
    today = timezone.localdate()
    exceptions = list(
        LineException.objects.filter(Q(line=line) | Q(line=None), day__gte=today).order_by("day", "opens")
    )
    status = 422 if (week.is_bound and week.errors) or (special.is_bound and special.errors) else 200
    context = {
        "here": "lines", "tab": "line-hours", "line": line, "week": week, "special": special, "today": today,
        "seasons": line.seasons.filter(last_day__gte=today), "exceptions": special_days(exceptions),
        "holidays": calendar.coming(line, exceptions, today), "can_add": week.spans < MAX_SPANS,
        "never_set": not usual(line), **more,
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
    week, said = typed_week(request.POST)
    if said is not None:
        return _page(request, line, week, _special(request), unsaved=said, focus_week=True)
    if not week.is_valid():
        return _page(request, line, week, _special(request))
    with keeping(request, _("Les horaires sont enregistrés.")) as kept:
        new = week.kept(line)
        kept.note(
            line,
            {"id": line.pk, "hours": as_words(rows)},
            {"id": line.pk, "hours": as_words(new)},
            line_id=line.pk,
        )
        line.hours.filter(season=None).delete()
        LineHours.objects.bulk_create(new)
    return redirect("centre:line-hours", line_id)


def typed_week(post: QueryDict) -> tuple[WeekForm, str | None]:
    """The week as typed, and what to say when it is only shown again (boxes added, Monday copied): None to save."""
    typed = post.get("spans", "2")
    spans = min(MAX_SPANS, int(typed)) if typed.isdecimal() and len(typed) < 3 else 2
    doing = post.get("do")
    if doing == "more":
        return WeekForm(post.dict(), spans=spans + 1), ""
    if doing in ("copy", "copy-all"):
        data = copied(post, spans, range(1, 5 if doing == "copy" else 7))
        said = _("Les heures du lundi sont recopiées. Enregistrez pour les garder.")
        return WeekForm(data, spans=spans), said
    return WeekForm(post, spans=spans), None


@require_POST
def add_exception(request: HttpRequest, line_id: int) -> HttpResponse:
    """Days that differ."""
    line = get_object_or_404(Line, pk=line_id)
    form = ExceptionForm(request.POST)
    if not form.is_valid():
        return _page(request, line, WeekForm(rows=usual(line)), form)
    new, days = form.rows(line), form.days()
    said = ngettext(
        "Le jour particulier est ajouté.", "%(count)d jours particuliers sont ajoutés.", len(days)
    )
    with keeping(request, said % {"count": len(days)}) as kept:
        _remove(kept, LineException.objects.filter(line=form.scope_of(line), day__in=days))
        for row in new:
            row.save()
            kept.note(row, {}, snapshot(row), line_id=row.line_id)
    return redirect("centre:line-hours", line_id)


@require_POST
def remove_exception(request: HttpRequest, line_id: int, exception_id: int) -> HttpResponse:
    """An ordinary day again: all its intervals go."""
    row = get_object_or_404(LineException, Q(line_id=line_id) | Q(line=None), pk=exception_id)
    with keeping(request, _("Le jour particulier est retiré.")) as kept:
        _remove(kept, LineException.objects.filter(line=row.line_id, day=row.day))
    return redirect("centre:line-hours", line_id)


def _remove(kept: Kept, rows: QuerySet[LineException]) -> None:
    for row in rows:
        kept.note(row, snapshot(row), {}, ref=row.pk, line_id=row.line_id)
        row.delete()
