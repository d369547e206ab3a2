"""A file as a whole: tried out and rolled back to show what it would change, applied in one transaction, taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import DatabaseError, connection, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from portevoix.actions import contacts
from portevoix.web.accounts.models import User
from portevoix.web.centre.exporting import configuration
from portevoix.web.centre.importing.applying import Importer
from portevoix.web.centre.importing.reading import Problem, Unreadable, read
from portevoix.web.centre.importing.showing import Shown, shown
from portevoix.web.centre.keeping import Kept, recording
from portevoix.web.centre.lent import lent
from portevoix.web.centre.models import ConfigChange, ConfigImport
from portevoix.web.centre.undoing import current, model_of
from portevoix.web.database import now

KEPT = 20
_UNUSED = timedelta(days=1)


class Refused(Exception):
    """Nothing was changed; ``problems`` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{one.line}: {one.text}" for one in problems[:5]))
        self.problems = problems


@dataclass
class Trial:
    """What would change, or what is wrong with the file. ``mark`` tells whether it is still the same later."""

    changes: list[Shown] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """A hash of what is shown."""
        words = [[one.what, one.label, one.verb, one.details] for one in self.changes]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:32]


def try_out(content: bytes, editor: User | None) -> Trial:
    """What applying the file would change. Changes nothing."""
    return _try(lambda kept: _import(content, kept, editor))


def try_undo(row: ConfigImport, editor: User | None) -> Trial:
    """What taking it back would change. Changes nothing."""
    return _try(lambda kept: _take_back(row, kept, editor))


def hand_in(name: str, content: bytes, editor: User | None) -> ConfigImport:
    """Keep a file that reads well until it is applied; forget old ones."""
    old = ConfigImport.objects.filter(applied_at=None, at__lt=timezone.now() - _UNUSED)
    old.delete()
    keep = list(ConfigImport.objects.values_list("pk", flat=True)[: KEPT - 1])
    ConfigImport.objects.exclude(pk__in=keep).delete()
    return ConfigImport.objects.create(name=name[:200], content=content.decode("utf-8-sig"), actor=editor)


def apply(row_id: int, editor: User | None) -> ConfigImport | None:
    """All of it or nothing. None: somebody applied it already. Raises ``Refused``."""
    return _once(row_id, _apply, editor, applied_at=None)


def undo(row_id: int, editor: User | None) -> ConfigImport | None:
    """Give back what was before. None: it was not applied, or is taken back already. Raises ``Refused``."""
    return _once(row_id, _undo, editor, applied_at__isnull=False, undone_at=None)


def _once(
    row_id: int,
    work: Callable[[ConfigImport, Kept, User | None], None],
    editor: User | None,
    **state: object,
) -> ConfigImport | None:
    try:
        with recording(editor) as kept:
            row = ConfigImport.objects.select_for_update().filter(pk=row_id, **state).first()
            if row is not None:
                work(row, kept, editor)
            return row
    except (DatabaseError, ProtectedError) as error:
        raise Refused([_refused(error)]) from None


def _apply(row: ConfigImport, kept: Kept, editor: User | None) -> None:
    row.before = configuration(people=True)
    _import(row.content.encode(), kept, editor)
    row.created = [
        [change.what, change.ref] for change in kept.changes if change.verb == ConfigChange.Verb.CREATED
    ]
    row.applied_at = timezone.now()
    row.save()


def _undo(row: ConfigImport, kept: Kept, editor: User | None) -> None:
    _take_back(row, kept, editor)
    row.undone_at = timezone.now()
    row.save()


def _try(work: Callable[[Kept], None]) -> Trial:
    try:
        with transaction.atomic():
            kept = Kept()
            work(kept)
            changes = [shown(change) for change in kept.changes]
            transaction.set_rollback(True)
    except Refused as refused:
        return Trial(problems=refused.problems)
    except (DatabaseError, ProtectedError) as error:
        return Trial(problems=[_refused(error)])
    return Trial(changes)


def _refused(error: Exception) -> Problem:
    words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return Problem(0, _("La base de données refuse ce fichier : %(words)s") % {"words": words})


def _import(content: bytes, kept: Kept, editor: User | None) -> None:
    try:
        node = read(content)
    except Unreadable as error:
        raise Refused([error.problem]) from None
    importer = Importer(kept, editor)
    importer.run(node)
    if problems := importer.columns.problems:
        raise Refused(sorted(problems, key=lambda one: one.line))


def _take_back(row: ConfigImport, kept: Kept, editor: User | None) -> None:
    """The values of before; then what the file made goes, or is closed where work has come to it meanwhile."""
    _import(json.dumps(row.before).encode(), kept, editor)
    for what, ref in reversed(row.created):
        model = model_of(ConfigChange(what=what))
        made = model._default_manager.filter(pk=ref).first() if model else None
        if made is not None:
            _remove(made, kept)


def _remove(made: models.Model, kept: Kept) -> None:
    before = current(made)
    ref = made.pk
    try:
        with transaction.atomic():
            made.delete()
            with connection.cursor() as cursor:  # what still points to it must say so now, not at the commit
                cursor.execute("set constraints all immediate")
                cursor.execute("set constraints all deferred")
    except (DatabaseError, ProtectedError):
        made.pk = ref
        _close(made, before, kept)
        return
    made.pk = ref
    kept.note(made, before, {}, ref=ref)


def _close(made: models.Model, before: dict[str, object], kept: Kept) -> None:
    name = "is_active" if isinstance(made, User) else "active"
    if not getattr(made, name, False):
        return
    setattr(made, name, False)
    made.save(update_fields=[name])
    if isinstance(made, User):
        with lent() as conn:
            contacts.release_all(conn, made.pk, "account-closed", now(conn))
    kept.note(made, before, current(made))
