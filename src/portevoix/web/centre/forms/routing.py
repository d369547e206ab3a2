"""How a line's work finds its people: what waiting costs, who is kept free for calls, how requirements widen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portevoix.domain.lines import relaxing
from portevoix.web.centre.forms.base import RowForm
from portevoix.web.centre.forms.fields import DurationField, positive
from portevoix.web.records.models import Line

SKILLS = (
    (relaxing.SAME, _("Les mêmes compétences")),
    ("minus-1", _("Un niveau de moins")),
    ("minus-2", _("Deux niveaux de moins")),
    (relaxing.NONE, _("Aucune compétence exigée")),
)
_SENTENCES: dict[str, Any] = {
    "not-a-list": _("une liste d’objets { … } est attendue."),
    "unknown-field": _("seuls after, skills et lines sont connus."),
    "not-seconds": _("« after » est un nombre entier de secondes, entre 1 et 2 592 000."),
    "not-skills": _("« skills » vaut same, minus-1, minus-2 ou none."),
    "not-lines": _("« lines » est une liste de codes de lignes."),
    "same-time": _("un autre élargissement commence déjà au même moment."),
    "nothing-changes": _("il ne change rien : baissez les compétences ou ajoutez une ligne."),
    "too-many": _("six au plus."),
}


def sentence(code: str) -> str | Promise:
    """What is wrong with a relaxation, in words."""
    found: str | Promise = _SENTENCES[code]
    return found


class RoutingForm(RowForm[Line]):
    """One row of boxes for each relaxation there is, and one more."""

    urgency_minutes = DurationField(
        label=_("l’attente devient trois fois plus chère en"),
        validators=[positive],
        help_text=_("Plus c’est court, plus un contact en retard passe vite devant ceux des autres lignes."),
    )

    class Meta:
        model = Line
        fields = (
            "urgency_weight",
            "urgency_minutes",
            "reserve_people",
            "data_class",
            "alarm_waiting",
            "alarm_minutes",
            "alarm_late",
        )
        widgets: ClassVar[dict[str, Any]] = {
            "urgency_weight": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
            "reserve_people": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
            **{
                name: forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"})
                for name in ("alarm_waiting", "alarm_minutes", "alarm_late")
            },
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "urgency_weight": _(
                "De 1 à 100. Une ligne à 2 compte double face à une ligne à 1, à retard égal."
            ),
            "reserve_people": _(
                "Tant qu’il ne reste que ce nombre de personnes libres, elles ne reçoivent pas de courriel. Ne compte que pour les personnes qui finissent leur courriel avant de prendre un appel."
            ),
            "data_class": _(
                "Ce qu’un contact de cette ligne dit d’une personne : seuls ceux à qui un contrat le confie le reçoivent, et toujours l’interne."
            ),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "urgency_weight": {"invalid": _("Écrivez un nombre entier.")},
            "reserve_people": {"invalid": _("Écrivez un nombre entier.")},
            "alarm_waiting": {"invalid": _("Écrivez un nombre entier.")},
            "alarm_minutes": {"invalid": _("Écrivez un nombre entier.")},
            "alarm_late": {"invalid": _("Écrivez un nombre entier.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = [*self.instance.relaxations, {}][: relaxing.MOST_STEPS]
        others = Line.objects.exclude(pk=self.instance.pk).filter(active=True).order_by("name")
        choices = [(line.slug, line.name) for line in others]
        self.places = range(len(steps))
        for place, step in enumerate(steps):
            gone = [(one, one) for one in step.get("lines", ()) if one not in dict(choices)]
            self.fields[f"after_{place}"] = forms.IntegerField(
                label=_("Après (secondes d’attente)"),
                min_value=1,
                max_value=relaxing.LONGEST,
                required=False,
                initial=step.get("after"),
                error_messages={"invalid": _("Écrivez un nombre entier de secondes.")},
                widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
            )
            self.fields[f"skills_{place}"] = forms.ChoiceField(
                label=_("Ce qui suffit alors"),
                choices=SKILLS,
                initial=step.get("skills", relaxing.SAME),
                required=False,
            )
            self.fields[f"lines_{place}"] = forms.MultipleChoiceField(
                label=_("Les personnes de ces lignes aident aussi"),
                choices=[*choices, *gone],
                initial=step.get("lines", []),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def steps(self) -> Iterator[tuple[int, list[forms.BoundField]]]:
        """The boxes of each relaxation, counted from 1."""
        for place in self.places:
            yield place + 1, [self[f"{name}_{place}"] for name in ("after", "skills", "lines")]

    def clean(self) -> dict[str, Any]:
        """Rows without a time are left out; the others must make sense together."""
        values = super().clean() or self.cleaned_data
        if any(name.startswith(("after_", "skills_", "lines_")) for name in self.errors):
            return values
        told, rows = [], []
        for place in self.places:
            if values.get(f"after_{place}"):
                rows.append(place)
                told.append(
                    {
                        "after": values[f"after_{place}"],
                        "skills": values.get(f"skills_{place}") or relaxing.SAME,
                        "lines": values.get(f"lines_{place}") or [],
                    }
                )
            elif values.get(f"lines_{place}") or values.get(f"skills_{place}") not in (
                "",
                relaxing.SAME,
                None,
            ):
                self.add_error(f"after_{place}", _("Après combien de secondes d’attente ?"))
        try:
            self.instance.relaxations = [step.as_value() for step in relaxing.read(told)]
        except relaxing.WrongRelaxation as error:
            text = str(sentence(error.code))
            self.add_error(f"{error.field or 'after'}_{rows[error.place]}", text[:1].upper() + text[1:])
        return values
