"""The weekly grid of a line or of one of its seasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portevoix.web.centre.forms.base import PlainForm
from portevoix.web.records.models import Line, LineHours, LineSeason

DAYS = (_("Lundi"), _("Mardi"), _("Mercredi"), _("Jeudi"), _("Vendredi"), _("Samedi"), _("Dimanche"))
MAX_SPANS = 6


def clock(label: Any) -> forms.TimeField:
    """A box for a time of day, which may stay empty."""
    return forms.TimeField(
        label=label,
        required=False,
        input_formats=["%H:%M", "%H:%M:%S", "%Hh%M", "%Hh"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 60, "class": "form-control"}),
        error_messages={"invalid": _("Écrivez une heure, comme 09:00.")},
    )


class WeekForm(PlainForm):
    """Up to ``spans`` openings for each weekday; empty boxes mean closed."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, spans: int = 2, rows: Iterable[LineHours] = ()
    ) -> None:
        by_day: dict[int, list[LineHours]] = {}
        for row in rows:
            by_day.setdefault(row.weekday, []).append(row)
        self.spans = min(MAX_SPANS, max([spans, *(len(found) for found in by_day.values())]))
        initial = {}
        for weekday, found in by_day.items():
            for number, row in enumerate(found):
                initial[f"d{weekday}_{number}_opens"] = row.opens
                initial[f"d{weekday}_{number}_closes"] = row.closes
        super().__init__(data, initial=initial)
        for weekday, name in enumerate(DAYS):
            for number in range(self.spans):
                where = {"day": name, "number": number + 1}
                self.fields[f"d{weekday}_{number}_opens"] = clock(
                    gettext("%(day)s, plage %(number)d, ouvre à") % where
                )
                self.fields[f"d{weekday}_{number}_closes"] = clock(
                    gettext("%(day)s, plage %(number)d, ferme à") % where
                )

    def clean(self) -> dict[str, Any]:
        """Both ends or none, in order, not overlapping."""
        values = self.cleaned_data
        for weekday in range(7):
            earlier: list[tuple[time, time]] = []
            for number in range(self.spans):
                start, end = f"d{weekday}_{number}_opens", f"d{weekday}_{number}_closes"
                if start in self.errors or end in self.errors:
                    continue
                opens, closes = values.get(start), values.get(end)
                if closes == time():  # until midnight: 23:59 is how the table says it
                    closes = values[end] = time(23, 59)
                if (opens is None) != (closes is None):
                    self.add_error(start if opens is None else end, _("Donnez les deux heures, ou aucune."))
                elif opens is not None and closes is not None:
                    if closes <= opens:
                        self.add_error(end, _("La fermeture doit suivre l’ouverture."))
                    elif any(opens < other_end and other < closes for other, other_end in earlier):
                        self.add_error(start, _("Cette plage en chevauche une autre du même jour."))
                    earlier.append((opens, closes))
        return values

    def kept(self, line: Line, season: LineSeason | None = None) -> list[LineHours]:
        """The rows to store."""
        return [
            LineHours(line=line, season=season, weekday=weekday, opens=self.cleaned_data[f"d{weekday}_{number}_opens"],
                      closes=self.cleaned_data[f"d{weekday}_{number}_closes"])
            for weekday in range(7)
            for number in range(self.spans)
            if self.cleaned_data.get(f"d{weekday}_{number}_opens") is not None
        ]  # fmt: skip

    def week(self) -> Iterator[dict[str, Any]]:
        """Rows for the template."""
        for weekday, name in enumerate(DAYS):
            spans = [
                (self[f"d{weekday}_{number}_opens"], self[f"d{weekday}_{number}_closes"])
                for number in range(self.spans)
            ]
            yield {
                "name": name,
                "spans": spans,
                "errors": [(b, e) for pair in spans for b in pair for e in b.errors],
            }


def copied(data: Mapping[str, Any], spans: int, days: Iterable[int]) -> dict[str, Any]:
    """What was typed, with Monday's times on the other ``days`` too."""
    typed = dict(data.items())
    for weekday in days:
        for number in range(spans):
            for end in ("opens", "closes"):
                typed[f"d{weekday}_{number}_{end}"] = data.get(f"d0_{number}_{end}", "")
    return typed
