"""Saving: the row, the history and the event in one transaction, then a sentence for the person who saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from portevoix.actions import configuration
from portevoix.web.accounts.models import User
from portevoix.web.centre.lent import lent
from portevoix.web.centre.models import ConfigChange
from portevoix.web.centre.rights import me
from portevoix.web.telling import poke

_SECRET = {"password", "last_login"}
Values = dict[str, Any]


def snapshot(row: models.Model | None, **extra: Any) -> Values:
    """The row's columns as JSON values, without secrets; ``extra`` adds what stands in tables beside it."""
    if row is None or row.pk is None:
        return {}
    plain = {
        f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname not in _SECRET
    }
    return {key: _json(value) for key, value in {**plain, **extra}.items()}


def _json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_json(item) for item in value]
    return DjangoJSONEncoder().default(value)


@dataclass
class Kept:
    """What a page changed; filled in by it."""

    changes: list[ConfigChange] = field(default_factory=list)
    undoes: ConfigChange | None = None

    def note(
        self,
        row: models.Model,
        before: Values,
        after: Values,
        *,
        ref: int | None = None,
        line_id: int | None = None,
    ) -> None:
        """One row changed; nothing is noted when nothing differs."""
        verb = ConfigChange.Verb.CHANGED
        if not before:
            verb = ConfigChange.Verb.CREATED
        elif not after:
            verb = ConfigChange.Verb.DELETED
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        if not keys:
            return
        change = ConfigChange(
            what=row._meta.db_table,
            ref=ref if ref is not None else row.pk,
            label=str(row)[:300],
            verb=verb,
            before={key: before[key] for key in keys if key in before},
            after={key: after[key] for key in keys if key in after},
        )
        change.line_id = line_id  # type: ignore[attr-defined] # carried to the event, not kept
        self.changes.append(change)


@contextmanager
def recording(actor: User | None) -> Iterator[Kept]:
    """A transaction: what the block writes, who wrote it (None: the command line), and the event that makes routers
    read again."""
    kept, at = Kept(), timezone.now()
    actor_id = actor.pk if actor else None
    with transaction.atomic():
        yield kept
        for change in kept.changes:
            change.actor, change.at, change.undoes = actor, at, kept.undoes
            change.save()
            with lent() as conn:
                line_id = getattr(change, "line_id", None)
                configuration.changed(conn, change.what, change.ref, actor_id, at, line_id=line_id)
        if kept.changes:
            transaction.on_commit(poke)  # whoever keeps a copy of the configuration reads it again now


@contextmanager
def keeping(request: HttpRequest, said: str = "") -> Iterator[Kept]:
    """``recording`` for a page; ``said`` is told to the person afterwards, with a link to undo where one change can be
    undone."""
    with recording(me(request)) as kept:
        yield kept
    if said:
        _say(request, kept, said)


def _say(request: HttpRequest, kept: Kept, said: str) -> None:
    if not kept.changes:
        messages.info(request, _("Rien n’a changé."))
        return
    undoable = len(kept.changes) == 1 and kept.changes[0].verb != ConfigChange.Verb.CREATED
    if undoable and me(request).administers:
        address = reverse("centre:change", args=[kept.changes[0].pk])
        messages.success(request, format_html('{} <a href="{}">{}</a>', said, address, _("Voir ou annuler")))
    else:
        messages.success(request, said)
