"""A contract: whose part, of what, when, how much, at what price."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portevoix.domain.allocation import words
from portevoix.domain.allocation.contract import DataClass
from portevoix.domain.channels import Channel
from portevoix.web.centre.forms.base import RowForm
from portevoix.web.records.models import Contract, Line, Organisation

CHANNELS = (
    (Channel.PHONE, _("Téléphone")),
    (Channel.MAIL, _("Courriel")),
    (Channel.CHAT, _("Tchat")),
    (Channel.CALLBACK, _("Rappel")),
    (Channel.MESSENGER, _("Messages privés")),
    (Channel.RELAY, _("Relais en langue des signes")),
)
KNOWS = (
    (DataClass.HEALTH, _("De santé")),
    (DataClass.MINOR_AT_RISK, _("Mineur en danger")),
    (DataClass.COMPLAINT_2, _("Réclamation de second niveau")),
)
_SAID: dict[str, Any] = {
    "hours": _("Ligne %(line)d : écrivez un jour et des heures, comme « lun-ven 09:00-17:30 »."),
    "day": _("Ligne %(line)d : les jours s’écrivent lun, mar, mer, jeu, ven, sam, dim."),
    "order": _("Ligne %(line)d : la fin doit venir après le début, comme « lun-ven 09:00-17:30 »."),
    "ramp": _("Ligne %(line)d : écrivez une date et un pourcentage, comme « 2026-12-01 50 »."),
    "twice": _("Ligne %(line)d : cette date est déjà donnée."),
}
_NUMBERS = (
    "share",
    "day_least",
    "day_most",
    "week_least",
    "week_most",
    "lends_after",
    "helps_after",
    "quality_percent",
)
_PRICES = ("price_contact", "price_minute")


class ContractForm(RowForm[Contract]):
    """The whole contract on one page."""

    lines = forms.MultipleChoiceField(
        label=_("lignes"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Aucune cochée : toutes."),
    )
    channels = forms.MultipleChoiceField(
        label=_("canaux"),
        required=False,
        choices=CHANNELS,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Aucun coché : tous."),
    )
    knows = forms.MultipleChoiceField(
        label=_("données confiées"),
        required=False,
        choices=KNOWS,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("En plus des données ordinaires. L’interne reçoit toujours tout."),
    )

    class Meta:
        model = Contract
        fields = (
            "organisation", "share", "lines", "channels", "first_day", "last_day", "hours", "day_least", "day_most",
            "week_least", "week_most", "ramp", "lends_after", "helps_after", "knows", "price_contact", "price_minute",
            "quality_percent", "reference_visible",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            **{
                name: forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"})
                for name in _NUMBERS
            },
            **{
                name: forms.TextInput(attrs={"inputmode": "decimal", "class": "centre-short"})
                for name in _PRICES
            },
            "first_day": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "centre-short"}),
            "last_day": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "centre-short"}),
            "hours": forms.Textarea(attrs={"rows": 3}),
            "ramp": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "share": _(
                "De 0 à 100, face aux parts des autres contrats : 70 et 30 font sept contacts sur dix et trois sur dix."
            ),
            "hours": _("Une ligne par plage, comme « lun-ven 09:00-17:30 ». Vide : toujours."),
            "day_least": _("Servi en premier, tant que le minimum n’est pas atteint."),
            "ramp": _(
                "Une ligne par étape, comme « 2026-12-01 50 » : à partir de ce jour, la moitié. Vide : tout, tout de suite."
            ),
            "lends_after": _(
                "Secondes d’attente après lesquelles d’autres peuvent prendre ses contacts. Vide : jamais."
            ),
            "helps_after": _(
                "Secondes d’attente après lesquelles ses conseillers prennent ceux des autres. Vide : jamais."
            ),
            "quality_percent": _("Objectif du contrat, montré à la page de cohérence."),
            "reference_visible": _("Ses responsables comparent leurs chiffres à ceux de l’interne."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(line.slug, line.name) for line in Line.objects.order_by("name")]
        gone = [(code, code) for code in self.instance.lines if code not in dict(known)]
        self.fields["lines"].choices = [*known, *gone]  # type: ignore[attr-defined]
        for name in _NUMBERS:
            self.fields[name].error_messages["invalid"] = _("Écrivez un nombre entier.")
        for name in _PRICES:
            self.fields[name].localize = True
            self.fields[name].error_messages["invalid"] = _("Écrivez un prix, comme 3,20.")

    def clean_hours(self) -> str:
        """Words that can be read."""
        return self._words("hours", words.hours)

    def clean_ramp(self) -> str:
        """Words that can be read."""
        return self._words("ramp", words.ramp)

    def _words(self, name: str, read: Any) -> str:
        told: str = self.cleaned_data[name]
        try:
            read(told)
        except words.WrongWords as error:
            raise forms.ValidationError(_SAID[error.code] % {"line": error.line}) from None
        return told

    def clean(self) -> dict[str, Any]:
        """Limits in order, and one contract of an organisation at a time."""
        values = super().clean() or self.cleaned_data
        for least, most in (("day_least", "day_most"), ("week_least", "week_most")):
            if None not in (values.get(least), values.get(most)) and values[least] > values[most]:
                self.add_error(most, _("Le maximum est plus petit que le minimum."))
        first, last = values.get("first_day"), values.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("Le dernier jour vient avant le premier."))
        elif values.get("organisation") and self._others(values["organisation"], first, last).exists():
            self.add_error(
                "first_day",
                _("Un autre contrat de cette organisation vaut déjà à ces dates : terminez-le d’abord."),
            )
        return values

    def _others(self, organisation: Organisation, first: Any, last: Any) -> Any:
        others = Contract.objects.filter(organisation=organisation).exclude(pk=self.instance.pk)
        if first:
            others = others.filter(Q(last_day=None) | Q(last_day__gte=first))
        if last:
            others = others.filter(Q(first_day=None) | Q(first_day__lte=last))
        return others
