"""Skills, and which of them a line requires."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portevoix.web.centre.forms.base import PlainForm
from portevoix.web.centre.forms.fields import LEVELS
from portevoix.web.centre.forms.simple import SkillForm
from portevoix.web.centre.keeping import keeping
from portevoix.web.centre.plain import edit, remove
from portevoix.web.records.models import Line, LineSkill, Skill


def listing(request: HttpRequest) -> HttpResponse:
    """All skills with who has them; POST adds one."""
    skills = Skill.objects.annotate(
        people=Count("adviserskill", distinct=True), lines=Count("lineskill", distinct=True)
    ).order_by("name")
    return edit(
        request,
        SkillForm(request.POST or None),
        back=reverse("centre:skills"),
        template="centre/skills.html",
        context={"here": "skills", "skills": skills},
        said=_("La compétence est ajoutée."),
    )


def rename(request: HttpRequest, skill_id: int) -> HttpResponse:
    """Another name."""
    skill = get_object_or_404(Skill, pk=skill_id)
    back = reverse("centre:skills")
    context = {
        "here": "skills",
        "title": _("Renommer une compétence"),
        "crumb": _("Compétences"),
        "crumb_url": back,
    }
    return edit(request, SkillForm(request.POST or None, instance=skill), back=back, context=context)


@require_POST
def delete(request: HttpRequest, skill_id: int) -> HttpResponse:
    """Only one that nobody has and no line requires."""
    skill = get_object_or_404(Skill, pk=skill_id)
    if skill.adviserskill_set.exists() or skill.lineskill_set.exists():
        messages.error(
            request, _("Cette compétence sert encore : retirez-la d’abord aux personnes et aux lignes.")
        )
        return redirect("centre:skills")
    return remove(request, skill, back=reverse("centre:skills"))


class LevelsForm(PlainForm):
    """One choice per skill: not, or from which level."""

    def __init__(self, data: QueryDict | None, *, none: Any, levels: dict[int, int]) -> None:
        super().__init__(data, initial={f"skill_{pk}": str(level) for pk, level in levels.items()})
        choices = [("", none), *LEVELS]
        for skill in Skill.objects.order_by("name"):
            self.fields[f"skill_{skill.pk}"] = forms.ChoiceField(
                label=skill.name, choices=choices, required=False
            )

    def levels(self) -> dict[int, int]:
        """Skill to level."""
        values = self.cleaned_data.items()
        return {int(name.removeprefix("skill_")): int(value) for name, value in values if value}


def of_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """What an adviser must know to be offered this line's work."""
    line = get_object_or_404(Line, pk=line_id)
    known = dict(LineSkill.objects.filter(line=line).values_list("skill_id", "min_level"))
    form = LevelsForm(
        request.POST if request.method == "POST" else None, none=gettext_lazy("Pas exigée"), levels=known
    )
    if request.method == "POST" and form.is_valid():
        with keeping(request, _("Les compétences exigées sont enregistrées.")) as kept:
            new = form.levels()
            kept.note(
                line,
                {"id": line.pk, "skills": _text(known)},
                {"id": line.pk, "skills": _text(new)},
                line_id=line.pk,
            )
            set_line_skills(line, new)
        return redirect("centre:line-skills", line_id)
    context = {"here": "lines", "tab": "line-skills", "line": line, "form": form}
    return render(request, "centre/line_skills.html", context)


def set_line_skills(line: Line, levels: dict[int, int]) -> None:
    """Exactly these."""
    LineSkill.objects.filter(line=line).delete()
    LineSkill.objects.bulk_create(
        LineSkill(line=line, skill_id=pk, min_level=level) for pk, level in levels.items()
    )


def _text(levels: dict[int, int]) -> dict[str, int]:
    return {str(pk): level for pk, level in sorted(levels.items())}
