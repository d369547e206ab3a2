"""Pages of the floor: the board, the wall, alarms past and present, the file, and what one does from it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import floor
from portevoix.store import elsewhere
from portevoix.store import floor as store
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import board, crowd, rounds
from portevoix.web.floor.coherence_file import safe
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase


@require_GET
@desk_view
def show(page: Page) -> HttpResponseBase:
    """The board; what became different on it when something happened."""
    if page.fragment:
        return rounds.news(page)
    context = {
        **rounds.whole(page),
        "sees_all": floor.sees_all(page.who),
        "platforms": elsewhere.row(page.conn, "any_platform") is not None,
    }
    return page.render("floor/board.html", context)


@require_GET
@desk_view
def wall(page: Page) -> HttpResponseBase:
    """Large figures for a screen on the wall: nothing to press, no names."""
    board.need(page)
    context = {**board.everything(page), "counts": crowd.counts(crowd.read(page))}
    return page.render("floor/wall_inside.html" if page.fragment else "floor/wall.html", context)


@require_GET
@desk_view
def history(page: Page) -> HttpResponseBase:
    """Alarms of the last thirty days."""
    board.need(page)
    since = page.now - timedelta(days=30)
    rows = store.rows(page.conn, "past_alarms", lines=floor.lines(page.conn, page.who), since=since)
    return page.render(
        "floor/alarms.html", {"alarms": [{**row, "text": board.alarm_text(row)} for row in rows]}
    )


@require_GET
@desk_view
def file(page: Page) -> HttpResponseBase:
    """The queues for a spreadsheet."""
    found = board.everything(page)
    french = (translation.get_language() or "fr").startswith("fr")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow(
        (
            _("Ligne"), _("Canal"), _("En attente"), _("Proposés"), _("En main"), _("En retard"),
            _("Le plus ancien"), _("Dans le délai, 30 min"), _("Dans le délai, ce jour"),
        )
    )  # fmt: skip
    for one in found["queues"]:
        oldest = one.oldest.isoformat(timespec="seconds") if one.oldest else ""
        row = (one.waiting, one.offered, one.held, one.late, oldest, one.level_now, one.level_today)
        writer.writerow((safe(one.line["name"]), one.channel, *row))
    name = f"plateau-{page.now:%Y-%m-%d-%H%M}.csv"
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


@require_POST
@desk_view
def pause(page: Page, line_id: int) -> HttpResponseBase:
    """A line waits for a while."""
    minutes = number(page.request.POST.get("minutes", ""))
    until = page.now + timedelta(minutes=minutes) if minutes in rounds.PAUSES else None
    floor.pause(
        page.conn, page.who, line_id, page.now, until, page.request.POST.get("raison", "").replace("\x00", "")
    )
    return _done(page, _("La ligne est en pause : ses contacts attendent, à leur place."))


@require_POST
@desk_view
def resume(page: Page, line_id: int) -> HttpResponseBase:
    """A line is placed again."""
    floor.resume(page.conn, page.who, line_id, page.now)
    return _done(page, _("La ligne est reprise : ses contacts sont de nouveau proposés."))


@require_POST
@desk_view
def see(page: Page, alarm_id: int) -> HttpResponseBase:
    """Somebody sees to an alarm."""
    floor.see_to(page.conn, page.who, alarm_id, page.now)
    return _done(page, _("Vos collègues voient que vous vous en occupez."))


def _done(page: Page, text: str) -> HttpResponse:
    poke()
    page.said(text)
    return redirect("floor:board")
