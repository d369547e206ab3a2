"""A person's account as an administrator sets it. Passwords are never typed here: a link is sent."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from portevoix.web.accounts.models import User
from portevoix.web.centre.forms.base import RowForm
from portevoix.web.centre.forms.fields import LEVELS
from portevoix.web.records.models import AdviserLine, AdviserSkill, Line, Organisation, Skill, Team


class TeamChoice(forms.ModelChoiceField[Team]):
    """Teams with their organisation: two may have the same name."""

    def label_from_instance(self, obj: Team) -> str:
        """Organisation, then team."""
        return f"{obj.organisation} · {obj.name}"


class PersonForm(RowForm[User]):
    """Who it is, where they belong, the lines they answer, what they know, how much they take at once."""

    lines = forms.ModelMultipleChoiceField(
        label=_("lignes auxquelles cette personne répond"),
        queryset=Line.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    team = TeamChoice(
        label=_("équipe"),
        queryset=Team.objects.select_related("organisation").order_by("organisation__name", "name"),
        required=False,
    )

    class Meta:
        model = User
        fields = (
            "full_name",
            "email",
            "public_name",
            "role",
            "organisation",
            "team",
            "site",
            "language",
            "mail_capacity",
            "mails_block_calls",
        )
        widgets: ClassVar[dict[str, Any]] = {
            "role": forms.RadioSelect,
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "full_name": forms.TextInput(attrs={"autocomplete": "off"}),
            "mail_capacity": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "email": _("Sert à se connecter. L’invitation y est envoyée."),
            "mail_capacity": _("Combien de courriels cette personne traite de front, entre 0 et 50."),
            "mails_block_calls": _("Sinon un appel interrompt le courriel, qui attend et revient ensuite."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "email": {"unique": _("Un compte existe déjà avec cette adresse.")},
            "mail_capacity": {"invalid": _("Écrivez un nombre entier.")},
        }

    def __init__(self, *args: Any, editor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.editor = editor
        self.known: dict[int, int] = {}
        if self.instance.pk:
            self.fields["lines"].initial = list(self.instance.line_links.values_list("line_id", flat=True))
            self.known = dict(self.instance.skill_links.values_list("skill_id", "level"))
        for skill in Skill.objects.order_by("name"):
            self.fields[f"skill_{skill.pk}"] = forms.ChoiceField(
                label=skill.name,
                choices=[("", _("Non")), *LEVELS],
                required=False,
                initial=self.known.get(skill.pk, ""),
            )

    def skills(self) -> list[forms.BoundField]:
        """The boxes of the skills, for the template."""
        return [self[name] for name in self.fields if name.startswith("skill_")]

    def clean_email(self) -> str:
        """Lower case; unique whatever the case."""
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Un compte existe déjà avec cette adresse."))
        return email

    def clean(self) -> dict[str, Any]:
        """The team belongs to the organisation; nobody locks themselves or everybody out."""
        values = super().clean() or self.cleaned_data
        team, organisation = values.get("team"), values.get("organisation")
        if team and team.organisation_id != (organisation.pk if organisation else None):
            self.add_error("team", _("Cette équipe n’appartient pas à l’organisation choisie."))
        external = organisation is not None and organisation.kind == Organisation.Kind.OUTSOURCER
        role = values.get("role")
        if external and role == User.Role.ADMINISTRATOR:
            self.add_error("role", _("Un compte de prestataire ne peut pas être administrateur."))
        if self.instance.pk == self.editor.pk and role and (role != User.Role.ADMINISTRATOR or external):
            self.add_error(
                "role",
                _("Vous ne pouvez pas vous retirer vous-même l’administration : demandez à un collègue."),
            )
        return values

    def chosen_lines(self) -> list[int]:
        """Line ids, in order."""
        return sorted(line.pk for line in self.cleaned_data["lines"])

    def chosen_skills(self) -> dict[int, int]:
        """Skill to level."""
        skills = {
            name: value for name, value in self.cleaned_data.items() if name.startswith("skill_") and value
        }
        return {int(name.removeprefix("skill_")): int(value) for name, value in sorted(skills.items())}


def set_lines(person: User, lines: list[int]) -> None:
    """Exactly these lines."""
    AdviserLine.objects.filter(account=person).exclude(line__in=lines).delete()
    rows = [AdviserLine(account=person, line_id=pk) for pk in lines]
    AdviserLine.objects.bulk_create(rows, ignore_conflicts=True)


def set_skills(person: User, levels: dict[int, int]) -> None:
    """Exactly these skills."""
    AdviserSkill.objects.filter(account=person).delete()
    AdviserSkill.objects.bulk_create(
        AdviserSkill(account=person, skill_id=pk, level=level) for pk, level in levels.items()
    )
