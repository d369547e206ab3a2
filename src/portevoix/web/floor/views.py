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

from portevoix.actions import floor, floor_acts
from portevoix.store import floor as store
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import board
from portevoix.web.floor.acts import LENT
from portevoix.web.floor.coherence_file import safe
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase

#: How long a pause may be asked for, in minutes.
PAUSES = (15, 30, 60, 120)


@require_GET
@desk_view
def show(page: Page) -> HttpResponseBase:
    """The board; its inside alone when something happened."""
    context = {
        **board.everything(page),
        "pauses": PAUSES,
        "sees_all": floor.sees_all(page.who),
        "shares": floor_acts.shares(page.conn, page.who, page.now),
    }
    return page.render("floor/board_inside.html" if page.fragment else "floor/board.html", context)


@require_GET
@desk_view
def wall(page: Page) -> HttpResponseBase:
    """Large figures for a screen on the wall: nothing to press, no names."""
    context = board.everything(page)
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
    until = page.now + timedelta(minutes=minutes) if minutes in PAUSES else None
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
def move(page: Page, account_id: int) -> HttpResponseBase:
    """Somebody is put on a line or taken off it."""
    line_id = number(page.request.POST.get("ligne", "")) or 0
    on = page.request.POST.get("sens") == "mettre"
    floor.move(page.conn, page.who, account_id, line_id, page.now, on=on)
    text = (
        _("C’est fait : cette personne répond maintenant aussi à cette ligne.")
        if on
        else _("C’est fait : cette personne ne répond plus à cette ligne. Ce qu’elle a en main lui reste.")
    )
    return _done(page, text)


@require_POST
@desk_view
def see(page: Page, alarm_id: int) -> HttpResponseBase:
    """Somebody sees to an alarm."""
    floor.see_to(page.conn, page.who, alarm_id, page.now)
    return _done(page, _("Vos collègues voient que vous vous en occupez."))


@require_GET
@desk_view
def person(page: Page, account_id: int) -> HttpResponseBase:
    """One person: what they do, and the lines they answer, to be changed."""
    board.need(page)
    found = floor.person(page.conn, page.who, account_id, page.now)
    lines = store.rows(page.conn, "lines", lines=floor.lines(page.conn, page.who), at=page.now)
    seen = {line["id"] for line in lines}
    hand = store.rows(page.conn, "in_hand", account_id=account_id)
    context = {
        "one": found,
        "lines": lines,
        "skills": store.rows(page.conn, "skills_of", account_id=account_id),
        "lent": LENT,
        "levels": range(6),
        # Of a line that one does not see there is a number, not more.
        "hand": [row for row in hand if row["line_id"] in seen],
        "elsewhere": sum(row["line_id"] not in seen for row in hand),
    }
    return page.render("floor/person.html", context)


def _done(page: Page, text: str) -> HttpResponse:
    poke()
    page.said(text)
    back = page.request.POST.get("retour", "")
    account_id = number(back.removeprefix("personne-")) if back.startswith("personne-") else None
    return redirect("floor:person", account_id) if account_id else redirect("floor:board")
