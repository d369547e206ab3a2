"""Writing a configuration file into the tables. The caller holds the transaction: it keeps it, or takes it back.

What the file does not name stays as it is; lists of a line (week, seasons, days that differ, skills) become what the
file says. Lines are found by code, doors and people by address, everything else by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.utils.translation import gettext as _

from portevoix.web.accounts.models import User
from portevoix.web.centre.exporting import DOOR_FIELDS, LINE_FIELDS, VERSION
from portevoix.web.centre.forms.doors import fetching_problems
from portevoix.web.centre.importing.columns import Columns
from portevoix.web.centre.importing.people import People
from portevoix.web.centre.importing.reading import Node
from portevoix.web.centre.importing.week import Weeks
from portevoix.web.centre.keeping import Kept, snapshot
from portevoix.web.centre.undoing import current
from portevoix.web.centre.views.skills import set_line_skills
from portevoix.web.records.models import Door, Line, Organisation, SavedAnswer, Site, Skill, Subject, Team

_LISTS = ("doors", "hours", "seasons", "exceptions", "skills", "subjects")
_WHOLE = (
    "portevoix", "organisations", "teams", "sites", "skills", "lines", "exceptions_of_all_lines", "saved_answers", "people",
)  # fmt: skip
_DEEPEST_SUBJECT = 8


class Importer:
    """One file; ``problems`` says what was wrong, and then nothing of it may be kept."""

    def __init__(self, kept: Kept, editor: User | None) -> None:
        self.kept = kept
        self.columns = Columns()
        self.weeks = Weeks(self.columns)
        self.people = People(self.columns, kept, editor)

    def run(self, whole: Node) -> None:
        """Everything, in an order in which what is named exists already."""
        columns = self.columns
        found = columns.fields(whole, _WHOLE, ("portevoix",))
        if found is None:
            return
        if found["portevoix"].value != VERSION:
            said = _("Ce fichier n’est pas une configuration de Portevoix, version %(n)d.")
            columns.wrong(found["portevoix"], said % {"n": VERSION})
            return
        for node in columns.items(found.get("organisations")):
            self.named(Organisation, node, ("name", "kind"), "name")
        for node in columns.items(found.get("teams")):
            self._team(node)
        for node in columns.items(found.get("sites")):
            if name := columns.text(node, 120):
                self._keep(Site, Site.objects.filter(name=name).first() or Site(name=name))
        for node in columns.items(found.get("skills")):
            self.named(Skill, node, ("slug", "name"), "slug")
        for node in columns.items(found.get("lines")):
            self._line(node)
        if (days := found.get("exceptions_of_all_lines")) is not None:
            self.weeks.exceptions(days, None, self.kept)
        for node in columns.items(found.get("saved_answers")):
            self._answer(node)
        for node in columns.items(found.get("people")):
            self.people.person(node)

    # --- rows -------------------------------------------------------------------------------------------

    def read(self, row: models.Model, members: dict[str, Node], names: Sequence[str]) -> bool:
        """Set the columns the file gives; whether all of them were right."""
        before = len(self.columns.problems)
        for name in names:
            if name in members:
                field = row._meta.get_field(name)
                assert isinstance(field, models.Field)
                value = self.columns.column(members[name], field)
                if value is not ...:
                    setattr(row, name, value)
        return len(self.columns.problems) == before

    def named(
        self, model: type[models.Model], node: Node, names: tuple[str, ...], key: str
    ) -> models.Model | None:
        """A row with plain columns, found by one of them."""
        members = self.columns.fields(node, names, (key,))
        if members is None or (name := self.columns.text(members[key], 120)) is None:
            return None
        row = model._default_manager.filter(**{key: name}).first() or model()
        if not self.read(row, members, names):
            return None
        if not row.pk and (missing := [name for name in names if not getattr(row, name)]):
            self.columns.wrong(node, _("Il manque « %(name)s ».") % {"name": missing[0]})
            return None
        return self._keep(model, row)

    def _keep(self, model: type[models.Model], row: models.Model) -> models.Model:
        stored = model._default_manager.filter(pk=row.pk).first() if row.pk else None
        before = snapshot(stored)
        if snapshot(row) != before or stored is None:
            row.save()
            self.kept.note(row, before, snapshot(row))
        return row

    def _team(self, node: Node) -> None:
        columns = self.columns
        members = columns.fields(node, ("organisation", "name"), ("organisation", "name"))
        if members is None or not (name := columns.text(members["name"], 120)):
            return
        house = Organisation.objects.filter(name=columns.text(members["organisation"], 120)).first()
        if house is None:
            columns.wrong(members["organisation"], _("Cette organisation n’existe pas."))
            return
        self._keep(
            Team,
            Team.objects.filter(organisation=house, name=name).first() or Team(organisation=house, name=name),
        )

    def _answer(self, node: Node) -> None:
        columns, plain = self.columns, ("title", "body", "language", "active")
        members = columns.fields(node, (*plain, "line"), ("title", "body"))
        if members is None:
            return
        line = None
        if "line" in members and members["line"].value is not None:
            line = Line.objects.filter(slug=columns.text(members["line"], 60)).first()
            if line is None:
                columns.wrong(members["line"], _("Aucune ligne ne porte ce code."))
                return
        known = SavedAnswer.objects.filter(line=line, title=columns.text(members["title"], 120))
        row = known.first() or SavedAnswer(line=line)
        if self.read(row, members, plain):
            self._keep(SavedAnswer, row)

    # --- lines ------------------------------------------------------------------------------------------

    def _line(self, node: Node) -> None:
        members = self.columns.fields(node, (*LINE_FIELDS, *_LISTS), ("slug",))
        if members is None or (slug := self.columns.text(members["slug"], 60)) is None:
            return
        line = Line.objects.filter(slug=slug).first() or Line()
        before = current(line) if line.pk else {}
        right = self.read(line, members, LINE_FIELDS)
        if right and not line.name:
            self.columns.wrong(node, _("Il manque « %(name)s ».") % {"name": "name"})
        if not right or not line.name:
            return
        line.save()
        if (hours := members.get("hours")) is not None:
            self.weeks.usual(hours, line)
        if "skills" in members:
            self._line_skills(members["skills"], line)
        self.kept.note(line, before, current(line), line_id=line.pk)
        if (seasons := members.get("seasons")) is not None:
            self.weeks.seasons(seasons, line, self.kept)
        if (days := members.get("exceptions")) is not None:
            self.weeks.exceptions(days, line, self.kept)
        for door in self.columns.items(members.get("doors")):
            self._door(door, line)
        self._subjects(members.get("subjects"), line, None, 0)

    def _line_skills(self, node: Node, line: Line) -> None:
        levels = {}
        for slug, level in self.columns.pairs(node).items():
            skill = Skill.objects.filter(slug=slug).first()
            if skill is None:
                self.columns.wrong(
                    level, _("Aucune compétence ne porte le code « %(name)s ».") % {"name": slug[:60]}
                )
            elif (found := self.columns.number(level, 1, 5)) is not None:
                levels[skill.pk] = found
        set_line_skills(line, levels)

    def _door(self, node: Node, line: Line) -> None:
        members = self.columns.fields(node, DOOR_FIELDS, ("address",))
        if members is None:
            return
        address = str(members["address"].value).strip().lower()
        row = Door.objects.filter(kind=Door.Kind.MAIL, address__iexact=address).first() or Door()
        row.line = line
        if not self.read(row, members, DOOR_FIELDS):
            return
        row.address = address
        lacking = list(fetching_problems({name: getattr(row, name) for name in DOOR_FIELDS}))
        for name, said in lacking:
            self.columns.wrong(members.get(name, node), said)
        if not lacking:
            self._keep(Door, row)

    def _subjects(self, node: Node | None, line: Line, parent: Subject | None, depth: int) -> None:
        for position, item in enumerate(self.columns.items(node)):
            members = self.columns.fields(item, ("name", "active", "below"), ("name",))
            if members is None:
                continue
            if depth >= _DEEPEST_SUBJECT:
                self.columns.wrong(item, _("Trop de niveaux imbriqués."))
                continue
            name = self.columns.text(members["name"], 120)
            if name is None:
                continue
            known = Subject.objects.filter(line=line, parent=parent, name=name)
            row = known.first() or Subject(line=line, parent=parent)
            row.position = position
            if self.read(row, members, ("name", "active")):
                self._keep(Subject, row)
                self._subjects(members.get("below"), line, row, depth + 1)
