"""The board as a page, and what became different on it since the browser last asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from django.template.loader import get_template
from django.utils.translation import ngettext

from portevoix.actions import floor_acts
from portevoix.web.floor import board, crowd
from portevoix.web.floor.readings import Reading, Readings

if TYPE_CHECKING:
    from django.http import HttpResponse

    from portevoix.web.desk.page import Page

#: How long a pause may be asked for, in minutes.
PAUSES = (15, 30, 60, 120)

_readings = Readings()


def _read(page: Page) -> tuple[Reading, Reading, dict[str, Any]]:
    """What waits, by piece of the page; the people; and the same as a template wants it."""
    people = crowd.read(page)
    found: dict[str, Any] = {}

    def pieces() -> dict[str, Any]:
        found.update(board.everything(page), shares=floor_acts.shares(page.conn, page.who, page.now))
        return {
            "b-alarms": found["alarms"],
            "b-totals": found["totals"],
            **{one.key: one for one in found["queues"]},
            **{f"l-{line['id']}": line for line in found["lines"]},
            "b-shares": found["shares"],
        }

    return _readings.get(page.who.id, pieces), people, found


def whole(page: Page) -> dict[str, Any]:
    """The context of the whole board."""
    board.need(page)
    waits, people, _ = _read(page)
    values = waits.values
    return {
        "alarms": values["b-alarms"],
        "totals": values["b-totals"],
        "shares": values["b-shares"],
        "queues": [one for name, one in values.items() if name.startswith("q-")],
        "lines": [one for name, one in values.items() if name.startswith("l-")],
        "pauses": PAUSES,
        "at": min(waits.began, people.began),
        "minutes_ago": ngettext("il y a %d min", "il y a %d min", 2),
        **crowd.shown(page, people),
    }


def news(page: Page) -> HttpResponse:
    """The pieces that are different since the moment in ``Floor-Since``, all of them without one."""
    board.need(page)
    waits, people, _ = _read(page)
    since = _moment(page.request.headers.get("Floor-Since", ""))
    pieces: dict[str, str | None] = {}
    for name in waits.news(since):
        template, variable = _TEMPLATES[name[:2]] if name[:2] in _TEMPLATES else _TEMPLATES[name]
        one = waits.values.get(name)
        context = {variable: one, "pauses": PAUSES, "who": page.who}
        gone = name not in waits.values
        pieces[name] = None if gone else get_template(template).render(context, page.request)
    rows = crowd.news(page, people, since)
    if rows:
        context = {"counts": crowd.counts(people)}
        pieces["b-counts"] = get_template("floor/pieces/counts.html").render(context)
    answer = JsonResponse(
        {
            "at": min(waits.began, people.began),
            "scope": str(crowd.whose(page) or ""),
            "pieces": {**pieces, **rows},
        }
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


_TEMPLATES = {
    "q-": ("floor/pieces/queue.html", "one"),
    "l-": ("floor/pieces/line.html", "line"),
    "b-alarms": ("floor/pieces/alarms.html", "alarms"),
    "b-totals": ("floor/pieces/totals.html", "totals"),
    "b-shares": ("floor/pieces/shares.html", "shares"),
}


def _moment(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
