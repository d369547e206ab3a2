"""Accounts as a file gives them, under the rules of the people pages. Never a password: the link is sent from there."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from portevoix.actions import contacts
from portevoix.web.accounts.models import User
from portevoix.web.centre.exporting import PERSON_FIELDS
from portevoix.web.centre.forms.people import set_lines, set_skills
from portevoix.web.centre.importing.columns import Columns
from portevoix.web.centre.importing.reading import Node
from portevoix.web.centre.keeping import Kept
from portevoix.web.centre.lent import lent
from portevoix.web.centre.rights import is_external
from portevoix.web.centre.views.people import state_of
from portevoix.web.database import now
from portevoix.web.records.models import Line, Organisation, Site, Skill, Team

_LINKED = ("organisation", "team", "site", "lines", "skills")


class People:
    """Reads and writes them. ``editor`` is who imports: nobody locks themselves out."""

    def __init__(self, columns: Columns, kept: Kept, editor: User | None) -> None:
        self._columns, self._kept, self._editor = columns, kept, editor

    def person(self, node: Node) -> None:
        """One account."""
        columns = self._columns
        members = columns.fields(node, (*PERSON_FIELDS, *_LINKED), ("email",))
        if members is None:
            return
        email = User.objects.normalize_email(str(members["email"].value))
        person = User.objects.filter(email__iexact=email).first() or User()
        before = state_of(person) if person.pk else {}
        was_open = bool(person.pk and person.is_active)
        problems = len(columns.problems)
        self._read(person, members)
        if not person.full_name:
            columns.wrong(node, _("Il manque « %(name)s ».") % {"name": "full_name"})
        lines, skills = self._lines(members.get("lines")), self._skills(members.get("skills"))
        self._rules(node, members, person, before)
        if len(columns.problems) > problems:
            return
        person.email = email
        if not person.pk:
            person.set_unusable_password()
        person.save()
        if lines is not None:
            set_lines(person, lines)
        if skills is not None:
            set_skills(person, skills)
        if was_open and not person.is_active:
            with lent() as conn:
                contacts.release_all(conn, person.pk, "account-closed", now(conn))
        self._kept.note(person, before, state_of(person))

    def _read(self, person: User, members: dict[str, Node]) -> None:
        for name in PERSON_FIELDS:
            if name in members:
                field = User._meta.get_field(name)
                assert isinstance(field, models.Field)
                value = self._columns.column(members[name], field)
                if value is not ...:
                    setattr(person, name, value)
        if "organisation" in members:
            person.organisation = self._named(Organisation, members["organisation"])
        if "site" in members:
            person.site = self._named(Site, members["site"])
        if "team" in members:
            person.team = self._named(Team, members["team"], organisation=person.organisation)

    def _named(self, model: type[Any], node: Node, **where: Any) -> Any:
        if node.value is None:
            return None
        found = (
            model.objects.filter(name=node.value, **where).first() if isinstance(node.value, str) else None
        )
        if found is None:
            self._columns.wrong(node, _("« %(name)s » n’existe pas ici.") % {"name": str(node.value)[:60]})
        return found

    def _lines(self, node: Node | None) -> list[int] | None:
        if node is None:
            return None
        found = []
        for item in self._columns.items(node):
            line = Line.objects.filter(slug=item.value).first() if isinstance(item.value, str) else None
            if line is None:
                self._columns.wrong(item, _("Aucune ligne ne porte ce code."))
            else:
                found.append(line.pk)
        return sorted(set(found))

    def _skills(self, node: Node | None) -> dict[int, int] | None:
        if node is None:
            return None
        found = {}
        for slug, level in self._columns.pairs(node).items():
            skill = Skill.objects.filter(slug=slug).first()
            if skill is None:
                said = _("Aucune compétence ne porte le code « %(name)s ».") % {"name": slug[:60]}
                self._columns.wrong(level, said)
            elif (value := self._columns.number(level, 1, 5)) is not None:
                found[skill.pk] = value
        return found

    def _rules(self, node: Node, members: dict[str, Node], person: User, before: dict[str, Any]) -> None:
        where = members.get("role", node)
        now = {"role": person.role, "organisation_id": person.organisation_id}
        changed = any(before.get(key) != value for key, value in now.items())
        if changed and is_external(person) and person.role == User.Role.ADMINISTRATOR:
            self._columns.wrong(where, _("Un compte de prestataire ne peut pas être administrateur."))
        if person.team is not None and person.team.organisation_id != person.organisation_id:
            self._columns.wrong(
                members.get("team", node), _("Cette équipe n’appartient pas à l’organisation choisie.")
            )
        myself = self._editor is not None and person.pk == self._editor.pk
        if myself and (person.role != User.Role.ADMINISTRATOR or not person.is_active):
            self._columns.wrong(
                where,
                _("Vous ne pouvez pas vous retirer vous-même l’administration : demandez à un collègue."),
            )
