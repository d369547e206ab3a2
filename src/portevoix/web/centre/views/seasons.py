"""The seasons of a line: days on which a week of its own counts, such as school holidays."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.web.centre.forms.hours import MAX_SPANS, WeekForm
from portevoix.web.centre.forms.special import SeasonForm
from portevoix.web.centre.keeping import Kept, Values, keeping, snapshot
from portevoix.web.centre.views.hours import as_words, typed_week, usual
from portevoix.web.records.models import Line, LineHours, LineSeason


def state(season: LineSeason) -> Values:
    """The season with its week, as the history keeps it."""
    return snapshot(season, hours=as_words(list(season.hours.all())))


def create(request: HttpRequest, line_id: int) -> HttpResponse:
    """A new season; its boxes begin with the usual week."""
    line = get_object_or_404(Line, pk=line_id)
    return _page(request, line, LineSeason(line=line), _("La période est ajoutée."))


def change(request: HttpRequest, line_id: int, season_id: int) -> HttpResponse:
    """Its days and its week."""
    season = get_object_or_404(LineSeason.objects.select_related("line"), pk=season_id, line=line_id)
    return _page(request, season.line, season, _("La période est enregistrée."))


def _page(request: HttpRequest, line: Line, season: LineSeason, said: str) -> HttpResponse:
    rows = list(season.hours.all()) if season.pk else usual(line)
    title = season.name or _("Nouvelle période")
    before = state(season) if season.pk else {}
    form, week, unsaved = SeasonForm(instance=season, line=line), WeekForm(rows=rows), None
    if request.method == "POST":
        week, unsaved = typed_week(request.POST)
        form = SeasonForm(request.POST, instance=season, line=line)
        if unsaved is None and all((form.is_valid(), week.is_valid())):
            with keeping(request, said) as kept:
                form.save()
                season.hours.all().delete()
                LineHours.objects.bulk_create(week.kept(line, season))
                kept.note(season, before, state(season), line_id=line.pk)
                left = [str(one) for one in _chosen(request, line) if not _copy(kept, season, week, one)]
            if left:
                said_left = _("Ces lignes ont déjà une autre période sur ces jours, rien n’y change : %s.")
                messages.warning(request, said_left % ", ".join(left))
            return redirect("centre:line-hours", line.pk)
    shown_again = form.is_bound and unsaved is None
    context = {
        "here": "lines", "tab": "line-hours", "line": line, "season": season, "form": form, "week": week, "title": title,
        "others": _others(line), "chosen": {one.pk for one in _chosen(request, line)}, "unsaved": unsaved, "can_add": week.spans < MAX_SPANS, "refused": shown_again,
    }  # fmt: skip
    return render(request, "centre/season.html", context, status=422 if shown_again else 200)


def _others(line: Line) -> list[Line]:
    return list(Line.objects.filter(active=True).exclude(pk=line.pk).order_by("name"))


def _chosen(request: HttpRequest, line: Line) -> list[Line]:
    """The lines that are to get the season as well."""
    ticked = set(request.POST.getlist("aussi"))
    return [one for one in _others(line) if str(one.pk) in ticked]


def _copy(kept: Kept, season: LineSeason, week: WeekForm, line: Line) -> bool:
    """The same season on another line; one of the same name and days is replaced. False when another is in the way."""
    days = {"first_day": season.first_day, "last_day": season.last_day}
    in_the_way = LineSeason.objects.filter(
        line=line, first_day__lte=season.last_day, last_day__gte=season.first_day
    )
    same = in_the_way.filter(name=season.name, **days).first()
    if in_the_way.exclude(pk__in=[same.pk] if same else []).exists():
        return False
    before = state(same) if same else {}
    twin = same or LineSeason.objects.create(line=line, name=season.name, **days)
    twin.hours.all().delete()
    LineHours.objects.bulk_create(week.kept(line, twin))
    kept.note(twin, before, state(twin), line_id=line.pk)
    return True


@require_POST
def remove(request: HttpRequest, line_id: int, season_id: int) -> HttpResponse:
    """The usual week counts again on its days."""
    season = get_object_or_404(LineSeason, pk=season_id, line=line_id)
    with keeping(request, _("La période « %(name)s » est retirée.") % {"name": season.name}) as kept:
        kept.note(season, state(season), {}, ref=season.pk, line_id=line_id)
        season.delete()
    return redirect("centre:line-hours", line_id)
