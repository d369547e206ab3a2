"""Coherence as a file for a spreadsheet: one row for each side of each row of the page."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from portevoix.domain.figures.compare import Measure
from portevoix.web.floor import coherence_words as words

if TYPE_CHECKING:
    from portevoix.reports.coherence import Cell, Coherence, Row
    from portevoix.web.floor.coherence_period import Period

#: What a spreadsheet would take for a formula when a name begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def response(found: Coherence, period: Period) -> HttpResponse:
    """The download. French spreadsheets want semicolons and decimal commas; the mark at the start says UTF-8."""
    french = (translation.get_language() or "fr").startswith("fr")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow(_head())
    for row in found.rows:
        for cell in row.cells:
            if cell.counts.handled or row.line_id is None:
                writer.writerow([_field(value, french=french) for value in _row(row, cell, found)])
    name = f"coherence-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


def _head() -> list[str]:
    head = [
        _("Ligne"), _("Motif"), _("Organisation"), _("Traités"), _("Part (%)"), _("Part au contrat"), _("Clos"),
        _("Répondus"), _("Répondus dans le délai"), _("Transmis"), _("Revenus sous 7 jours"),
        _("Temps en main moyen (s)"), _("Temps en main typique (s)"), _("Coût (€)"),
    ]  # fmt: skip
    for measure, name in words.MEASURES.items():
        unit = _("%") if measure is Measure.TIME else _("points")
        head += [
            _("%(measure)s : écart (%(unit)s)") % {"measure": name, "unit": unit},
            _("%s : bas") % name, _("%s : haut") % name, _("%s : p corrigée") % name, _("%s : conclusion") % name,
        ]  # fmt: skip
    return head


def _row(row: Row, cell: Cell, found: Coherence) -> list[str | int | float | None]:
    from portevoix.web.floor.coherence import side_name

    counts, agreed = cell.counts, found.shares[cell.side.key]
    whole = row.line_id is None
    values: list[str | int | float | None] = [
        _("Toutes les lignes") if whole else row.name if row.subject_id is None else _line(found, row),
        "" if row.subject_id is None else row.name or _("Sans motif"),
        side_name(cell.side), counts.handled, cell.side.share(found.handled) * 100 if whole else None,
        " ; ".join(f"{one.share:.0%}" for one, _had in agreed) if whole else None, counts.closed, counts.answered,
        counts.in_target, counts.transferred, counts.reopened, counts.mean_seconds if counts.timed else None,
        counts.times.typical if counts.timed else None, cell.cost,
    ]  # fmt: skip
    for measure in Measure:
        judged = cell.judged.get(measure)
        if judged is None or judged.found is None:
            values += [None] * 5
            continue
        one = judged.found
        verdict = str(words.VERDICTS[judged.verdict][0])
        values += [one.size * 100, one.low * 100, one.high * 100, judged.p, verdict]
    return values


def _line(found: Coherence, row: Row) -> str:
    return next((name for number, name in found.lines if number == row.line_id), "")


def _field(value: str | float | None, *, french: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        text = f"{value:.4g}" if abs(value) < 1 else f"{value:.2f}"
        return text.replace(".", ",") if french else text
    if isinstance(value, int):
        return str(value)
    return safe(value)


def safe(text: str) -> str:
    """Without what a spreadsheet would take for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text
