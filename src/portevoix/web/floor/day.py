"""The day of the floor, a quarter of an hour at a time: what came, what was answered in time, who was there. A chart and the same numbers
in a table beside it; yesterday's arrivals as a faint line to compare with.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portevoix.actions import floor
from portevoix.store import floor as store
from portevoix.web.charts import Line, lines
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import board
from portevoix.web.floor.acts import own
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from django.http import HttpResponseBase

QUARTER: Final = 900
STEPS: Final = 96


def asked(page: Page) -> tuple[date, int | None]:
    """The day (today) and the line (all one sees)."""
    today = timezone.localdate(page.now)
    try:
        day = min(today, date.fromisoformat(page.request.GET.get("jour", "")))
    except ValueError:
        day = today
    return day, number(page.request.GET.get("ligne", ""))


def quarters(page: Page, day: date, line: int | None) -> list[dict[str, Any]]:
    """A row for each quarter of the day, as far as it has come: ``came``, ``before`` (the same weekday a week ago), ``answered``,
    ``in_time``, ``gave_up``, ``waiting`` at its end, and people ``available``, ``paused``, ``busy``."""
    seen = floor.lines(page.conn, page.who)
    chosen = [line] if line in seen else seen
    begin = timezone.make_aware(datetime.combine(day, time()))
    values = {"lines": chosen, "since": begin, "until": begin + timedelta(days=1)}
    rows: list[dict[str, Any]] = [
        {
            "at": begin + timedelta(seconds=QUARTER * n),
            "came": 0,
            "before": 0,
            "answered": 0,
            "in_time": 0,
            "gave_up": 0,
        }
        for n in range(STEPS)
    ]
    for query, names in (
        ("day_came", ("came",)),
        ("day_done", ("answered", "in_time")),
        ("day_gone", ("gave_up",)),
    ):
        for row in store.rows(page.conn, query, **values):
            if 0 <= row["quarter"] < STEPS:
                rows[row["quarter"]] |= {name: row[name] for name in names}
    week = {"lines": chosen, "since": begin - timedelta(days=7), "until": begin - timedelta(days=6)}
    for row in store.rows(page.conn, "day_came", **week):
        if 0 <= row["quarter"] < STEPS:
            rows[row["quarter"]]["before"] = row["came"]
    here: dict[tuple[int, str], int] = {
        (row["quarter"], row["state"]): row["people"]
        for row in store.rows(
            page.conn,
            "day_here",
            organisation=own(page),
            at=page.now,
            **{k: values[k] for k in ("since", "until")},
        )
    }
    over = [row for row in rows if row["at"] <= page.now]
    for place, row in enumerate(over):
        row["available"], row["paused"] = here.get((place, "available"), 0), here.get((place, "paused"), 0)
        row["level"] = row["in_time"] / row["answered"] if row["answered"] else None
    return over


@require_GET
@desk_view
def show(page: Page) -> HttpResponseBase:
    """The day in charts, with the table."""
    board.need(page)
    day, line = asked(page)
    rows = quarters(page, day, line)
    begin = next((n for n, row in enumerate(rows) if row["came"] or row["before"] or row["available"]), 0)
    part = rows[begin:]
    ticks = [f"{timezone.localtime(row['at']):%H:%M}" for row in part]

    def line_of(name: str, *keys: str, faint: bool = False) -> Line:
        return Line(name, tuple(float(row[keys[0]]) for row in part), faint=faint)

    context = {
        "day": day,
        "line": line,
        "lines": store.rows(page.conn, "lines", lines=floor.lines(page.conn, page.who), at=page.now),
        "rows": [row for row in part if row["came"] or row["answered"] or row["available"] or row["gave_up"]],
        "totals": {name: sum(row[name] for row in rows) for name in ("came", "answered", "in_time", "gave_up")},
        "came": lines(
            _("Contacts arrivés et répondus, par quart d’heure"), ticks,
            [line_of(_("arrivés"), "came"), line_of(_("répondus"), "answered"), line_of(_("arrivés il y a une semaine"), "before", faint=True)],
            table="day-table",
        ),
        "level": lines(
            _("Part répondue dans le délai, par quart d’heure"), ticks,
            [Line(_("dans le délai"), tuple(None if row["level"] is None else 100 * row["level"] for row in part))],
            unit=" %", most=100.0, table="day-table",
        ),
        "people": lines(
            _("Personnes, par quart d’heure"), ticks,
            [line_of(_("disponibles"), "available"), line_of(_("en pause"), "paused")], table="day-table",
        ),
    }  # fmt: skip
    return page.render("floor/day.html", context)


@require_GET
@desk_view
def file(page: Page) -> HttpResponseBase:
    """The same for a spreadsheet."""
    board.need(page)
    day, line = asked(page)
    french = (translation.get_language() or "fr").startswith("fr")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if french else ",", lineterminator="\r\n")
    names = ("came", "before", "answered", "in_time", "gave_up", "available", "paused")
    writer.writerow((_("Quart d’heure"), *(_heads()[name] for name in names)))
    for row in quarters(page, day, line):
        writer.writerow((f"{timezone.localtime(row['at']):%Y-%m-%d %H:%M}", *(row[name] for name in names)))
    headers = {
        "Content-Disposition": f'attachment; filename="journee-{day}.csv"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _heads() -> dict[str, str]:
    return {
        "came": _("Arrivés"), "before": _("Il y a une semaine"), "answered": _("Répondus"), "in_time": _("Dans le délai"),
        "gave_up": _("Abandons"), "available": _("Disponibles"), "paused": _("En pause"),
    }  # fmt: skip
