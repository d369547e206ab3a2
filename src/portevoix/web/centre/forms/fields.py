"""Choices and fields that several forms need."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FRENCH_ZONES = (
    ("Europe/Paris", _("Paris (France métropolitaine)")),
    ("America/Guadeloupe", _("Guadeloupe")),
    ("America/Martinique", _("Martinique")),
    ("America/Cayenne", _("Guyane")),
    ("America/Miquelon", _("Saint-Pierre-et-Miquelon")),
    ("Indian/Reunion", _("La Réunion")),
    ("Indian/Mayotte", _("Mayotte")),
    ("Pacific/Noumea", _("Nouvelle-Calédonie")),
    ("Pacific/Tahiti", _("Tahiti")),
    ("Pacific/Wallis", _("Wallis-et-Futuna")),
)
REGIONS = (
    ("metropole", _("France métropolitaine")),
    ("alsace-moselle", _("Alsace et Moselle")),
    ("guadeloupe", _("Guadeloupe")),
    ("guyane", _("Guyane")),
    ("martinique", _("Martinique")),
    ("mayotte", _("Mayotte")),
    ("reunion", _("La Réunion")),
)
LANGUAGES = (("fr", _("Français")), ("en", _("Anglais")))
LEVELS = (
    (1, _("1, débutant")),
    (2, _("2, en progrès")),
    (3, _("3, autonome")),
    (4, _("4, confirmé")),
    (5, _("5, expert")),
)


def zones() -> list[tuple[Any, Any]]:
    """French time zones first, then all others by name."""
    known = {zone for zone, _name in FRENCH_ZONES}
    others = sorted(zone for zone in available_timezones() if "/" in zone and zone not in known)
    return [(_("France"), list(FRENCH_ZONES)), (_("Ailleurs"), [(z, z.replace("_", " ")) for z in others])]


class DurationWidget(forms.MultiWidget):
    """Two number boxes, hours and minutes, each with its own label (see centre/widgets/duration.html)."""

    template_name = "centre/widgets/duration.html"
    needs_group = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        box = {"inputmode": "numeric", "class": "form-control", "maxlength": 5, "size": 4}
        super().__init__({"hours": forms.TextInput(box), "minutes": forms.TextInput(box)}, attrs)

    def decompress(self, value: Any) -> list[Any]:
        """Minutes as stored, split for the boxes."""
        return [None, None] if value is None else list(divmod(int(value), 60))


class DurationField(forms.MultiValueField):
    """A time in whole minutes, typed as hours and minutes."""

    widget = DurationWidget

    def __init__(self, **kwargs: Any) -> None:
        whole = {"invalid": _("Écrivez un nombre entier.")}
        parts = (
            forms.IntegerField(min_value=0, max_value=9999, required=False, error_messages=whole),
            forms.IntegerField(min_value=0, max_value=59, required=False, error_messages=whole),
        )
        super().__init__(fields=parts, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[Any]) -> int | None:
        """Minutes, or nothing when both boxes are empty."""
        if not data_list or all(part is None for part in data_list):
            return None
        return (data_list[0] or 0) * 60 + (data_list[1] or 0)


def positive(value: int) -> None:
    """At least one minute."""
    if value < 1:
        raise ValidationError(_("Donnez au moins une minute."))
