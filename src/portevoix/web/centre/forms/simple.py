"""Short forms: skills, organisations, teams, sites, saved answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portevoix.domain import answers
from portevoix.web.centre.forms.base import RowForm
from portevoix.web.centre.forms.fields import LANGUAGES
from portevoix.web.records.models import Line, Organisation, SavedAnswer, Site, Skill, Team


class SkillForm(RowForm[Skill]):
    """A name; its code is derived and never shown."""

    class Meta:
        model = Skill
        fields = ("name",)

    def clean_name(self) -> str:
        """A code nobody else has."""
        name: str = self.cleaned_data["name"].strip()
        if Skill.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Cette compétence existe déjà."))
        return name

    def save(self, commit: bool = True) -> Skill:
        """Derive the code once."""
        if not self.instance.slug:
            base = slugify(self.cleaned_data["name"])[:50] or "competence"
            slug, number = base, 2
            while Skill.objects.filter(slug=slug).exists():
                slug, number = f"{base}-{number}", number + 1
            self.instance.slug = slug
        return super().save(commit)


class OrganisationForm(RowForm[Organisation]):
    """In-house or an outsourcer."""

    class Meta:
        model = Organisation
        fields = ("name", "kind")
        widgets: ClassVar[dict[str, Any]] = {"kind": forms.RadioSelect}
        help_texts: ClassVar[dict[str, Any]] = {
            "kind": _(
                "Les comptes d’un prestataire n’ont jamais accès aux réglages, quel que soit leur rôle."
            ),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "name": {"unique": _("Une organisation porte déjà ce nom.")}
        }


class TeamForm(RowForm[Team]):
    """A team of one organisation."""

    class Meta:
        model = Team
        fields = ("organisation", "name")


class SiteForm(RowForm[Site]):
    """A place."""

    class Meta:
        model = Site
        fields = ("name",)
        error_messages: ClassVar[dict[str, Any]] = {"name": {"unique": _("Un site porte déjà ce nom.")}}


class AnswerForm(RowForm[SavedAnswer]):
    """A saved answer. A supervisor offers it to lines they oversee only."""

    language = forms.ChoiceField(label=_("langue"), choices=LANGUAGES)

    class Meta:
        model = SavedAnswer
        fields = ("title", "line", "language", "body", "active")
        widgets: ClassVar[dict[str, Any]] = {"body": forms.Textarea(attrs={"rows": 12})}
        labels: ClassVar[dict[str, Any]] = {"active": _("Proposée aux conseillers")}

    def __init__(self, *args: Any, lines: frozenset[int] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Line.objects.order_by("name")
        line = self.fields["line"]
        assert isinstance(line, forms.ModelChoiceField)
        line.queryset = known if lines is None else known.filter(pk__in=lines)
        line.required = lines is not None
        line.empty_label = str(_("Toutes les lignes")) if lines is None else str(_("Choisissez une ligne"))

    def clean_body(self) -> str:
        """Only variables that exist: a mistyped one would stop every answer that uses it."""
        body: str = self.cleaned_data["body"]
        _text, unknown = answers.fill(body, dict.fromkeys(answers.VARIABLES, "x"))
        if unknown:
            names = ", ".join("{{ " + name + " }}" for name in unknown)
            raise forms.ValidationError(
                gettext("Variable inconnue : %(names)s. Voyez la liste des variables.") % {"names": names}
            )
        return body
