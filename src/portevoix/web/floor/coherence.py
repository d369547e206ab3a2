"""Coherence: in-house and each outsourcer side by side, the contacts behind each figure, the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portevoix.actions import access
from portevoix.domain.figures.compare import Judged, Measure
from portevoix.reports import coherence as report
from portevoix.reports.contracts import Agreement
from portevoix.store import coherence as store
from portevoix.web.desk.lists import pack, unpack
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import coherence_file, coherence_period
from portevoix.web.floor import coherence_words as words
from portevoix.web.numbers import number
from portevoix.web.ui.templatetags.ui import badge

if TYPE_CHECKING:
    from django.http import HttpResponseBase

SIZE = 50


@require_GET
@desk_view
def show(page: Page) -> HttpResponseBase:
    """The page."""
    period, found, line_id = _read(page)
    return page.render(
        "floor/coherence.html",
        {
            "period": period,
            "presets": [
                {"label": label, "href": "?" + urlencode(one.query), "current": one == period}
                for label, one in coherence_period.presets(page.now)
            ],
            "found": found,
            "line_id": line_id,
            "overview": _overview(page.who, found, period),
            "charts": _charts(found),
            "lines": _lines(found, period),
            "measures": words.MEASURES.values(),
            "thresholds": [(name, words.threshold(one)) for one, name in words.MEASURES.items()],
            "comparable": _comparable(found),
            "reference": any(side.house for side in found.sides),
            "file": reverse("floor:coherence-file") + "?" + urlencode(_asked(period, line_id)),
            "everything": report.sees_all(page.who),
        },
    )


@require_GET
@desk_view
def file(page: Page) -> HttpResponseBase:
    """The same as a table for a spreadsheet."""
    period, found, _line = _read(page)
    return coherence_file.response(found, period)


def _read(page: Page) -> tuple[coherence_period.Period, report.Coherence, int | None]:
    period = coherence_period.read(page.request.GET, page.now)
    line_id = number(page.request.GET.get("ligne", ""))
    return period, report.coherence(page.conn, page.who, period.from_at, period.to_at, line_id), line_id


def _asked(period: coherence_period.Period, line_id: int | None, **more: str | int | None) -> dict[str, str]:
    wanted = {**period.query, "ligne": line_id, **more}
    return {name: str(value) for name, value in wanted.items() if value is not None}


def side_name(side: report.Side) -> str:
    """How a side is called."""
    if side.house:
        return _("Interne") if side.listed else _("Référence interne")
    return side.name or _("Sans organisation")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that leads to the contacts behind it; without ``href`` it leads nowhere."""

    text: str
    href: str = ""
    flag: words.Shown | None = None

    def __html__(self) -> SafeString:
        """As it stands in a table: thousands of them make a page, too many for a template each."""
        shown = format_html('<a href="{}">{}</a>', self.href, self.text) if self.href else escape(self.text)
        if self.flag is None:
            return shown
        return format_html(
            '{} <span class="co-flag">{}<span class="visually-hidden">{}, {}</span></span>',
            shown, badge(self.flag.size, self.flag.tone, self.flag.icon), self.flag.verdict, self.flag.interval,
        )  # fmt: skip

    def __str__(self) -> str:
        return self.__html__()


def _figures(row: report.Row, cell: report.Cell, period: coherence_period.Period) -> list[Figure]:
    """Handled, then the measures."""
    leads = cell.side.listed and cell.counts.handled
    asked = _asked(period, row.line_id, qui=cell.side.key, motif=row.subject_id)
    address = f"{reverse('floor:coherence-contacts')}?{urlencode(asked)}&quoi=" if leads else ""

    def behind(kind: str) -> str:
        return address and address + kind

    shown = [Figure(words.count(cell.counts.handled), behind("tout"))]
    for measure in Measure:
        judged = cell.judged.get(measure)
        flag = _shown(cell, judged, None) if judged and judged.real else None
        shown.append(Figure(words.value(measure, cell.counts), behind(words.BEHIND[measure]), flag))
    return shown


def _shown(cell: report.Cell, judged: Judged, bar: words.Bar | None) -> words.Shown:
    name = str(words.MEASURES[judged.measure])
    return words.Shown(side_name(cell.side), judged.measure, name, judged, bar)


def _overview(
    who: access.Actor, found: report.Coherence, period: coherence_period.Period
) -> list[dict[str, Any]]:
    rows = []
    lines, every = dict(found.lines), report.sees_all(who)
    for cell in found.whole.cells:
        side = cell.side
        rows.append(
            {
                "name": side_name(side),
                "figures": _figures(found.whole, cell, period),
                "mean": words.duration(cell.counts.mean_seconds) if cell.counts.timed else "–",
                "share": words.percent(side.share(found.handled)) if every else "–",
                "agreed": [_agreed(one, had, lines) for one, had in found.shares[side.key]]
                or ["–" if side.house else _("pas de contrat")],
                "cost": words.money(cell.cost) if cell.cost is not None else "–",
            }
        )
    return rows


def _agreed(one: Agreement, had: float | None, lines: dict[int, str]) -> str:
    """A contract's share, and what it came to on the lines that it covers."""
    text = words.percent(one.share, 0)
    if had is not None:
        text = _("%(had)s pour %(agreed)s") % {"had": words.percent(had), "agreed": text}
    if one.lines is None:
        return text
    return f"{text} ({', '.join(sorted(lines[line] for line in one.lines if line in lines)) or '–'})"


def _charts(found: report.Coherence) -> list[dict[str, Any]]:
    """One for each measure: every organisation's difference with its interval."""
    charts = []
    cells = {cell.side.key: cell for cell in found.whole.cells if cell.judged}
    for measure, name in words.MEASURES.items():
        judged = {key: cell.judged[measure] for key, cell in cells.items()}
        drawn = words.bars(judged, measure)
        rows = [_shown(cells[key], one, drawn.get(key)) for key, one in judged.items()]
        if rows:
            charts.append({"name": name, "rows": rows, "threshold": words.threshold(measure)})
    return charts


def _lines(found: report.Coherence, period: coherence_period.Period) -> list[dict[str, Any]]:
    """Each line with its own row and those of its subjects; only sides that did something there."""
    lines: list[dict[str, Any]] = []
    for row in found.rows[1:]:
        sides = [
            {"name": side_name(cell.side), "figures": _figures(row, cell, period)}
            for cell in row.cells
            if cell.counts.handled
        ]
        real = sum(one.real for cell in row.cells for one in cell.judged.values())
        if row.subject_id is None:
            lines.append(
                {"name": row.name, "groups": [{"name": _("Toute la ligne"), "sides": sides}], "real": real}
            )
        else:
            lines[-1]["groups"].append({"name": row.name or _("Sans motif"), "sides": sides})
            lines[-1]["real"] += real
    return lines


def _comparable(found: report.Coherence) -> list[tuple[str, str]]:
    """How much of each organisation's work could be compared at all."""
    return [
        (side_name(cell.side), words.percent(cell.comparable / cell.counts.handled, 0))
        for cell in found.whole.cells
        if cell.judged and cell.counts.handled
    ]


@require_GET
@desk_view
def contacts(page: Page) -> HttpResponseBase:
    """What stands behind a figure, newest first. A conversation opens only where its own door lets this person in."""
    asked = page.request.GET
    key, kind = asked.get("qui", ""), asked.get("quoi", "tout")
    if (key != report.HOUSE and number(key) is None) or kind not in words.WHICH:
        raise Http404
    period = coherence_period.read(asked, page.now)
    organisations = report.sides_of(page.conn, page.who, key)
    line_id, subject_id = number(asked.get("ligne", "")), number(asked.get("motif", ""))
    lines = None if report.sees_all(page.who) else page.who.lines
    if lines is not None and line_id is not None and line_id not in lines:
        raise Http404
    before = unpack(asked.get("apres", ""), (datetime, int, int)) or (None, None, None)
    rows = store.rows(
        page.conn, "behind", from_at=period.from_at, to_at=period.to_at, organisations=list(organisations),
        lines=sorted(lines) if lines is not None else None, line_id=line_id, subject_id=subject_id,
        which=words.WHICH[kind], before_at=before[0], before_contact=before[1], before_part=before[2], limit=SIZE + 1,
    )  # fmt: skip
    more = rows[SIZE:]
    rows = rows[:SIZE]
    for row in rows:
        row["opens"] = access.visible(page.who, row["now_line_id"], row["holder_id"], row["state"])
        row["time"] = words.duration(row["seconds"]) if row["seconds"] is not None else ""
    query = {name: value for name, value in asked.items() if name != "apres"}
    if more:
        last = rows[-1]
        query["apres"] = pack(last["ended_at"], last["contact_id"], last["part"])
    names = {row["id"]: row["name"] for row in store.rows(page.conn, "organisations")}
    return page.render(
        "floor/coherence_contacts.html",
        {
            "title": words.KINDS[kind],
            "whose": _("Interne") if key == report.HOUSE else names.get(int(key), _("Sans organisation")),
            "period": period,
            "rows": rows,
            "next": "?" + urlencode(query) if more else "",
            "first": "apres" not in asked,
            "back": reverse("floor:coherence") + "?" + urlencode(period.query),
            "where": _where(rows, line_id, subject_id),
        },
    )  # fmt: skip


def _where(rows: list[dict[str, Any]], line_id: int | None, subject_id: int | None) -> str:
    if line_id is None or not rows:
        return ""
    subject = rows[0]["subject"] or _("Sans motif")
    return f"{rows[0]['line']} · {subject}" if subject_id is not None else str(rows[0]["line"])
