"""A change as a person reads it: names instead of row numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from portevoix.web.centre.models import ConfigChange
from portevoix.web.centre.undoing import model_of
from portevoix.web.centre.views.history import NAMES, names_of, words_of
from portevoix.web.records.models import Line, Skill

_HIDDEN = {"id", "created_at"}


@dataclass(frozen=True)
class Shown:
    """What (a noun), which (its name), made, changed or deleted; and for a change the fields with before and after."""

    what: str
    label: str
    verb: str
    details: list[tuple[str, str, str]] = field(default_factory=list)


def shown(change: ConfigChange) -> Shown:
    """Inside the transaction that made the change: the rows it names must be there."""
    noun = str(NAMES.get(change.what, change.what))
    verb = str(ConfigChange.Verb(change.verb).label)
    if change.verb != ConfigChange.Verb.CHANGED:
        return Shown(noun, _where(change), verb)
    keys = list(dict.fromkeys([*change.before, *change.after]))
    details = [
        (name, _words(change, key, change.before.get(key)), _words(change, key, change.after.get(key)))
        for key, name in zip(keys, names_of(change), strict=True)
        if key not in _HIDDEN
    ]
    return Shown(noun, change.label, verb, details)


def _where(change: ConfigChange) -> str:
    """The name, and for what has none of its own the line as well."""
    values = change.after or change.before
    if "line_id" not in values:
        return change.label
    line = Line.objects.filter(pk=values["line_id"]).first()
    return f"{change.label} ({line.name if line else _('toutes les lignes')})"


def _words(change: ConfigChange, key: str, value: Any) -> str:
    model = model_of(change)
    columns = {one.attname: one for one in model._meta.concrete_fields} if model else {}
    if isinstance(column := columns.get(key), models.ForeignKey) and value is not None:
        found = column.related_model._default_manager.filter(pk=value).first()
        return str(found) if found else words_of(None)
    if key == "skills" and isinstance(value, dict):
        known = dict(Skill.objects.values_list("pk", "name"))
        return words_of({known.get(int(pk), pk): level for pk, level in value.items()})
    if key == "lines" and isinstance(value, list):
        known_lines = dict(Line.objects.values_list("pk", "name"))
        return words_of([known_lines.get(pk, pk) for pk in value])
    return words_of(value)
