"""Taking a change back: the earlier values return, if nobody changed them again in the meantime."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portevoix.web.accounts.models import User
from portevoix.web.centre.forms.people import set_lines, set_skills
from portevoix.web.centre.keeping import keeping, snapshot
from portevoix.web.centre.models import ConfigChange
from portevoix.web.centre.views import seasons
from portevoix.web.centre.views.hours import as_words, usual
from portevoix.web.centre.views.people import state_of
from portevoix.web.centre.views.skills import set_line_skills
from portevoix.web.records.models import Line, LineHours, LineSeason, LineSkill, SavedView

#: Closing and opening accounts releases work, which no undo gives back; the link is gone once sent.
_NEVER = {"is_active", "link"}


def model_of(change: ConfigChange) -> type[models.Model] | None:
    """The table of a change; live tables and saved views are not ours to write."""
    known = {
        m._meta.db_table: m
        for label in ("records", "accounts")
        for m in apps.get_app_config(label).get_models()
    }
    found = known.get(change.what)
    return None if found in (None, SavedView) else found


def current(row: models.Model) -> dict[str, Any]:
    """The row now, with all that the history keeps of its kind."""
    if isinstance(row, User):
        return state_of(row)
    if isinstance(row, Line):
        skills = {str(s.skill_id): s.min_level for s in LineSkill.objects.filter(line=row)}
        return snapshot(row, hours=as_words(usual(row)), skills=skills)
    if isinstance(row, LineSeason):
        return seasons.state(row)
    return snapshot(row)


def refusal(change: ConfigChange) -> str:
    """Why it cannot be undone; empty when it can."""
    model = model_of(change)
    if model is None or change.verb == ConfigChange.Verb.CREATED or _NEVER & set(change.before):
        return _("Ce changement ne s’annule pas d’ici.")
    if ConfigChange.objects.filter(undoes=change).exists():
        return _("Ce changement est déjà annulé.")
    row = model._default_manager.filter(pk=change.ref).first()
    if change.verb == ConfigChange.Verb.DELETED:
        return _("Quelque chose a repris cette place.") if row else ""
    if row is None:
        return _("Cela n’existe plus.")
    now = current(row)
    if any(now.get(key) != value for key, value in change.after.items()):
        return _("Les valeurs ont encore changé depuis : modifiez-les à la main.")
    return ""


def undo(request: HttpRequest, change: ConfigChange) -> str:
    """Give back the earlier values. Returns why not, or nothing when done."""
    if why := refusal(change):
        return why
    model = model_of(change)
    assert model is not None
    try:
        with transaction.atomic(), keeping(request, _("Le changement est annulé.")) as kept:
            kept.undoes = change
            if change.verb == ConfigChange.Verb.DELETED:
                columns = {f.attname for f in model._meta.concrete_fields}
                row = model(**{key: value for key, value in change.before.items() if key in columns})
                row.save(force_insert=True)
                _give_back(row, {key: value for key, value in change.before.items() if key not in columns})
                kept.note(row, {}, current(row))
            else:
                row = model._default_manager.select_for_update().get(pk=change.ref)
                before = current(row)
                _give_back(row, change.before)
                kept.note(row, before, current(row))
    except IntegrityError:
        return _("Ce n’est plus possible : quelque chose d’autre en dépend, ou porte déjà ce nom.")
    return ""


def _give_back(row: models.Model, values: dict[str, Any]) -> None:
    columns = {f.attname: f for f in row._meta.concrete_fields}
    plain = [key for key in values if key in columns]
    for key in plain:
        setattr(row, key, columns[key].to_python(values[key]))
    if plain:
        row.save(update_fields=[columns[key].name for key in plain])
    if isinstance(row, User):
        if "lines" in values:
            set_lines(row, list(Line.objects.filter(pk__in=values["lines"]).values_list("pk", flat=True)))
        if "skills" in values:
            set_skills(row, {int(pk): level for pk, level in values["skills"].items()})
    if isinstance(row, Line) and "skills" in values:
        set_line_skills(row, {int(pk): level for pk, level in values["skills"].items()})
    if isinstance(row, Line | LineSeason) and "hours" in values:
        line, season = (row, None) if isinstance(row, Line) else (row.line, row)
        set_hours(line, season, values["hours"])


def set_hours(line: Line, season: LineSeason | None, texts: list[str]) -> None:
    """Exactly this week, in the words of ``as_words``."""
    line.hours.filter(season=season).delete()
    LineHours.objects.bulk_create(_span(line, season, text) for text in texts)


def _span(line: Line, season: LineSeason | None, text: str) -> LineHours:
    weekday, span = text.split(" ")
    opens, closes = (time.fromisoformat(end) for end in span.split("-"))
    return LineHours(line=line, season=season, weekday=int(weekday), opens=opens, closes=closes)
