"""The tree of subjects (motifs) of a line: add, rename, order, retire; delete only what was never used."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portevoix.store import configuration
from portevoix.web.centre.forms.base import RowForm
from portevoix.web.centre.keeping import keeping, snapshot
from portevoix.web.centre.plain import edit, remove, switch
from portevoix.web.database import database
from portevoix.web.numbers import number
from portevoix.web.records.models import Line, Subject


class SubjectForm(RowForm[Subject]):
    """A name; no two of the same name under one parent."""

    class Meta:
        model = Subject
        fields = ("name",)

    def clean_name(self) -> str:
        """Unique among its siblings."""
        name: str = self.cleaned_data["name"].strip()
        me = self.instance
        twins = Subject.objects.filter(line_id=me.line_id, parent_id=me.parent_id, name__iexact=name)
        if twins.exclude(pk=me.pk).exists():
            raise forms.ValidationError(gettext_lazy("Un motif porte déjà ce nom au même endroit."))
        return name


@dataclass
class Node:
    """A subject with what stands below it."""

    row: Subject
    used: bool
    first: bool = False
    last: bool = False
    below: list[Node] = field(default_factory=list)

    @property
    def deletable(self) -> bool:
        """Never used, and nothing below was."""
        return not self.used and all(node.deletable for node in self.below)


def tree(line: Line, used: set[int]) -> list[Node]:
    """The whole tree from one query."""
    nodes = {
        row.pk: Node(row, row.pk in used)
        for row in Subject.objects.filter(line=line).order_by("position", "name")
    }
    top: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.row.parent_id or 0)
        (parent.below if parent else top).append(node)
    for siblings in [top, *(node.below for node in nodes.values())]:
        if siblings:
            siblings[0].first = siblings[-1].last = True
    return top


def _used(line_id: int) -> set[int]:
    with database() as conn:
        return {row["id"] for row in configuration.rows(conn, "subjects_used", line_id=line_id)}


def _back(line_id: int, subject_id: int | None = None) -> str:
    anchor = f"#motif-{subject_id}" if subject_id else ""
    return reverse("centre:line-subjects", args=[line_id]) + anchor


def listing(request: HttpRequest, line_id: int) -> HttpResponse:
    """The tree; POST adds a subject under ``parent``."""
    line = get_object_or_404(Line, pk=line_id)
    above = request.POST.get("parent", "")
    parent = Subject.objects.filter(line=line, pk=number(above) or 0).first()
    highest = Subject.objects.filter(line=line, parent=parent).aggregate(top=Max("position"))["top"]
    new = Subject(line=line, parent=parent, position=0 if highest is None else highest + 1)
    context = {
        "here": "lines", "tab": "line-subjects", "line": line,
        "tree": tree(line, _used(line_id)), "parents": Subject.objects.filter(line=line).order_by("name"), "above": above,
    }  # fmt: skip
    form = SubjectForm(request.POST or None, instance=new)
    said = _("Le motif est ajouté.")
    return edit(
        request,
        form,
        back=_back(line_id),
        template="centre/line_subjects.html",
        context=context,
        said=said,
        line_id=line_id,
    )


def rename(request: HttpRequest, line_id: int, subject_id: int) -> HttpResponse:
    """Another name; what was chosen before shows it too."""
    subject = get_object_or_404(Subject, pk=subject_id, line_id=line_id)
    context = {
        "here": "lines",
        "title": _("Renommer un motif"),
        "crumb": subject.line.name,
        "crumb_url": _back(line_id),
    }
    form = SubjectForm(request.POST or None, instance=subject)
    return edit(request, form, back=_back(line_id, subject_id), context=context, line_id=line_id)


@require_POST
def move(request: HttpRequest, line_id: int, subject_id: int, step: int) -> HttpResponse:
    """One place up or down among its siblings."""
    subject = get_object_or_404(Subject, pk=subject_id, line_id=line_id)
    siblings = list(
        Subject.objects.filter(line_id=line_id, parent_id=subject.parent_id).order_by("position", "name")
    )
    place = next(n for n, row in enumerate(siblings) if row.pk == subject_id)
    other = place + step
    if 0 <= other < len(siblings):
        siblings[place], siblings[other] = siblings[other], siblings[place]
        with keeping(request) as kept:
            for number, row in enumerate(siblings):
                if row.position != number:
                    before = snapshot(row)
                    row.position = number
                    row.save(update_fields=["position"])
                    if row.pk == subject_id:
                        kept.note(row, before, snapshot(row), line_id=line_id)
    return redirect(_back(line_id, subject_id))


@require_POST
def activate(request: HttpRequest, line_id: int, subject_id: int, active: bool) -> HttpResponse:
    """Offer a subject to advisers, or no longer; what was chosen stays."""
    subject = get_object_or_404(Subject, pk=subject_id, line_id=line_id)
    said = (
        _("Le motif « %(name)s » est proposé.") if active else _("Le motif « %(name)s » n’est plus proposé.")
    )
    said = said % {"name": subject.name}
    return switch(request, subject, "active", active, back=_back(line_id, subject_id), said=said)


@require_POST
def delete(request: HttpRequest, line_id: int, subject_id: int) -> HttpResponse:
    """Only a leaf that was never used; anything else is retired instead."""
    subject = get_object_or_404(Subject, pk=subject_id, line_id=line_id)
    if subject_id in _used(line_id) or subject.children.exists():
        said = _("Ce motif sert déjà : il n’est plus proposé, mais il reste dans l’histoire.")
        return switch(request, subject, "active", False, back=_back(line_id, subject_id), said=said)
    return remove(request, subject, back=_back(line_id))
