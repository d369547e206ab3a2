"""Days of a line that differ, and its seasons."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portevoix.web.centre.forms.base import PlainForm, RowForm
from portevoix.web.centre.forms.hours import clock
from portevoix.web.records.models import Line, LineException, LineSeason

MAX_DAYS = 62
#: The boxes of a day's intervals, in order.
SPANS = (("opens", "closes"), ("opens_2", "closes_2"), ("opens_3", "closes_3"))


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "centre-date"})


class SeasonForm(RowForm[LineSeason]):
    """The name and the days of a season; its week is a form of its own."""

    class Meta:
        model = LineSeason
        fields = ("name", "first_day", "last_day")
        widgets: ClassVar[dict[str, Any]] = {"first_day": _day(), "last_day": _day()}
        help_texts: ClassVar[dict[str, Any]] = {"name": _("Par exemple « Vacances de Noël » ou « Été ».")}

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.line = line
        for name in ("first_day", "last_day"):
            self.fields[name].error_messages["invalid"] = _("Écrivez une date, comme 24/12/2026.")

    def clean(self) -> dict[str, Any]:
        """In order, and on no day of another season of the line."""
        values = super().clean() or self.cleaned_data
        first, last = values.get("first_day"), values.get("last_day")
        if not first or not last:
            return values
        if last < first:
            self.add_error("last_day", _("Le dernier jour doit suivre le premier."))
            return values
        others = LineSeason.objects.filter(line=self.instance.line, first_day__lte=last, last_day__gte=first)
        if other := others.exclude(pk=self.instance.pk).first():
            said = gettext("Ces jours sont déjà dans la période « %(name)s ».")
            self.add_error("first_day", said % {"name": other.name})
        return values


class ExceptionForm(PlainForm):
    """One day or several in a row: closed, or open from-to, for this line or for all."""

    first = forms.DateField(
        label=_("Jour"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "centre-date"}),
        error_messages={
            "required": _("Choisissez un jour."),
            "invalid": _("Écrivez une date, comme 24/12/2026."),
        },
    )
    last = forms.DateField(
        label=_("Jusqu’au"),
        required=False,
        help_text=_("Pour plusieurs jours de suite."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "centre-date"}),
    )
    kind = forms.ChoiceField(
        label=_("Ce jour-là"),
        choices=(("closed", _("Fermé")), ("open", _("Ouvert de… à…"))),
        initial="closed",
        widget=forms.RadioSelect,
    )
    opens = clock(_("Ouvre à"))
    closes = clock(_("Ferme à"))
    opens_2 = clock(_("Ouvre de nouveau à"))
    closes_2 = clock(_("Ferme de nouveau à"))
    opens_3 = clock(_("Ouvre une troisième fois à"))
    closes_3 = clock(_("Ferme une troisième fois à"))
    reason = forms.CharField(label=_("Raison"), max_length=200, required=False)
    scope = forms.ChoiceField(
        label=_("Pour"),
        choices=(("line", _("Cette ligne")), ("all", _("Toutes les lignes"))),
        initial="line",
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        """Order of days and hours."""
        values = self.cleaned_data
        first, last = values.get("first"), values.get("last")
        if first and last:
            if last < first:
                self.add_error("last", _("Le dernier jour doit suivre le premier."))
            elif (last - first).days >= MAX_DAYS:
                self.add_error("last", _("Deux mois au plus à la fois."))
        if values.get("kind") == "open":
            self._clean_spans(values)
        return values

    def _clean_spans(self, values: dict[str, Any]) -> None:
        earlier: list[tuple[time, time]] = []
        for number, (start, end) in enumerate(SPANS):
            if start in self.errors or end in self.errors:
                continue
            opens, closes = values.get(start), values.get(end)
            if closes == time():  # until midnight: 23:59 is how the table says it
                closes = values[end] = time(23, 59)
            if number == 0 or opens or closes:
                for name, at in ((start, opens), (end, closes)):
                    if not at:
                        self.add_error(name, _("Donnez une heure."))
            if not opens or not closes:
                continue
            if closes <= opens:
                self.add_error(end, _("La fermeture doit suivre l’ouverture."))
            elif any(opens < other_end and other < closes for other, other_end in earlier):
                self.add_error(start, _("Cette plage en chevauche une autre du même jour."))
            earlier.append((opens, closes))

    def days(self) -> list[date]:
        """The days it is about."""
        first: date = self.cleaned_data["first"]
        last: date = self.cleaned_data["last"] or first
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def scope_of(self, line: Line) -> Line | None:
        """The line, or None: all of them."""
        return None if self.cleaned_data["scope"] == "all" else line

    def rows(self, line: Line) -> list[LineException]:
        """A row for each day that is closed, and for each interval of a day that is open."""
        v = self.cleaned_data
        spans: list[tuple[time | None, time | None]] = [(None, None)]
        if v["kind"] == "open":
            spans = [(v[start], v[end]) for start, end in SPANS if v.get(start)]
        return [
            LineException(line=self.scope_of(line), day=day, opens=opens, closes=closes, reason=v["reason"])
            for day in self.days()
            for opens, closes in spans
        ]
