"""Forms of a line: how it works, and how it acknowledges receipt."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from portevoix.web.centre.forms.base import RowForm
from portevoix.web.centre.forms.fields import LANGUAGES, REGIONS, DurationField, positive, zones
from portevoix.web.records.models import Line


class LineForm(RowForm[Line]):
    """Name, targets, offers and signature. The code never changes once given: figures and exports name it."""

    slug = forms.SlugField(
        label=_("code"),
        max_length=60,
        required=False,
        help_text=_(
            "Nom court pour les chiffres et les exports, par exemple « cpf ». Laissez vide : il suit le nom."
        ),
    )
    language = forms.ChoiceField(label=_("langue des textes envoyés"), choices=LANGUAGES)
    time_zone = forms.ChoiceField(label=_("fuseau horaire"), choices=zones)
    holiday_region = forms.ChoiceField(label=_("jours fériés"), choices=REGIONS)
    target_minutes = DurationField(
        label=_("délai visé"),
        validators=[positive],
        help_text=_("Temps d’ouverture de la ligne entre l’arrivée d’un courriel et la réponse."),
    )
    preferred_minutes = forms.IntegerField(
        label=_("préférence au dernier conseiller (minutes)"),
        min_value=0,
        max_value=7 * 24 * 60,
        help_text=_(
            "Combien de temps une personne déjà connue attend le conseiller qui l’a suivie. 0 : jamais."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
    )

    class Meta:
        model = Line
        fields = (
            "name", "slug", "language", "time_zone", "holiday_region", "target_minutes",
            "offer_seconds", "wrap_up_seconds", "sender_name", "signature",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "offer_seconds": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
            "wrap_up_seconds": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
            "signature": forms.Textarea(attrs={"rows": 5}),
        }
        labels: ClassVar[dict[str, Any]] = {
            "offer_seconds": _("durée d’une proposition (secondes)"),
            "wrap_up_seconds": _("post-traitement (secondes)"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "offer_seconds": _("Temps laissé à un conseiller pour accepter, entre 5 et 600 secondes."),
            "wrap_up_seconds": _("Temps prévu pour noter le motif et clore."),
            "sender_name": _("Ce que l’usager lit avant l’adresse. Laissez vide : le nom de la ligne."),
            "signature": _("Ajoutée au bas de chaque réponse."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "offer_seconds": {"invalid": _("Écrivez un nombre entier de secondes.")},
            "wrap_up_seconds": {"invalid": _("Écrivez un nombre entier de secondes.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preferred_minutes"].initial = round(self.instance.preferred_seconds / 60)
        if self.instance.pk:
            self.fields["slug"].disabled = True
            self.fields["slug"].help_text = _(
                "Le code ne change plus : les chiffres et les exports s’y réfèrent."
            )

    def clean(self) -> dict[str, Any]:
        """Derive the code from the name, and say plainly when it is taken."""
        values = super().clean() or self.cleaned_data
        if not self.instance.pk and "slug" not in self.errors and values.get("name"):
            values["slug"] = values.get("slug") or slugify(values["name"])[:60]
            if not values["slug"]:
                self.add_error("slug", _("Donnez un code : le nom ne contient aucune lettre de a à z."))
            elif Line.objects.filter(slug=values["slug"]).exists():
                self.add_error("slug", _("Une autre ligne porte déjà ce code. Choisissez-en un autre."))
        return values

    def save(self, commit: bool = True) -> Line:
        """Minutes on the page, seconds in the table."""
        self.instance.preferred_seconds = self.cleaned_data["preferred_minutes"] * 60
        return super().save(commit)


class AcknowledgementForm(RowForm[Line]):
    """What the acknowledgement of receipt says (CRPA L.112-11, R.112-11-1)."""

    class Meta:
        model = Line
        fields = (
            "ack_active", "ack_text", "service_name", "service_address", "service_phone",
            "silence", "silence_months", "appeal_text",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "silence": forms.RadioSelect,
            "silence_months": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
            "ack_text": forms.Textarea(attrs={"rows": 4}),
            "service_address": forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
            "appeal_text": forms.Textarea(attrs={"rows": 4}),
        }
        labels: ClassVar[dict[str, Any]] = {
            "ack_active": _("Accuser réception de chaque premier courriel"),
            "silence": _("que vaut le silence de l’administration ?"),
            "silence_months": _("au bout de combien de mois ?"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "ack_active": _("Une fois par conversation, jamais en réponse à un message automatique."),
            "ack_text": _(
                "Remplace « Bonjour ». Par exemple le délai de réponse. La date, la référence et les mentions s’écrivent seules."
            ),
            "service_name": _("Laissez vide : le nom de la ligne."),
            "silence": _("« Sans objet » pour une ligne qui renseigne. Une ligne qui décide doit choisir."),
            "appeal_text": _("Obligatoire quand le silence vaut rejet : devant qui, et dans quel délai."),
        }

    def clean_silence_months(self) -> int:
        """One to twenty-four months."""
        months: int = self.cleaned_data["silence_months"]
        if not 1 <= months <= 24:
            raise forms.ValidationError(_("Donnez un délai entre 1 et 24 mois."))
        return months
