"""``portevoix manage configuration``: the configuration out to a file, in again, and back to before an import."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from portevoix.web.centre.exporting import configuration
from portevoix.web.centre.importing import whole
from portevoix.web.centre.models import ConfigImport


class Command(BaseCommand):
    """Export, import, undo. Without ``--yes`` an import only shows what it would change."""

    help = "export [--people] > FILE; import FILE [--yes]; undo ID [--yes]"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        out = verbs.add_parser("export", help="write the configuration to standard output")
        out.add_argument("--people", action="store_true", help="with the accounts: names and addresses")
        into = verbs.add_parser("import", help="show what FILE would change; with --yes apply it")
        into.add_argument("file", help="FILE, or - for standard input")
        back = verbs.add_parser("undo", help="go back to before an import")
        back.add_argument("id", type=int)
        for one in (into, back):
            one.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run one verb; in French unless the environment says otherwise."""
        translation.activate(translation.get_language() or "fr")
        verb = options["verb"]
        if verb == "export":
            text = json.dumps(configuration(people=options["people"]), ensure_ascii=False, indent=2)
            self.stdout.write(text)
        elif verb == "import":
            self._import(options["file"], yes=options["yes"])
        else:
            self._undo(options["id"], yes=options["yes"])

    def _import(self, name: str, *, yes: bool) -> None:
        try:
            content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from None
        if self._show(whole.try_out(content, None), name) and yes:
            try:
                row = whole.apply(whole.hand_in(Path(name).name, content, None).pk, None)
            except whole.Refused as refused:
                raise CommandError(str(refused)) from None
            assert row is not None
            self.stdout.write(
                _("Appliqué. Pour revenir en arrière : configuration undo %(id)d --yes") % {"id": row.pk}
            )

    def _undo(self, row_id: int, *, yes: bool) -> None:
        row = ConfigImport.objects.filter(pk=row_id, applied_at__isnull=False, undone_at=None).first()
        if row is None:
            raise CommandError(_("Il n’y a rien à annuler sous ce numéro."))
        if self._show(whole.try_undo(row, None), row.name) and yes:
            try:
                whole.undo(row_id, None)
            except whole.Refused as refused:
                raise CommandError(str(refused)) from None
            self.stdout.write(_("La configuration d’avant est rétablie."))

    def _show(self, trial: whole.Trial, name: str) -> bool:
        """Print the changes; whether there are any. Raises ``CommandError`` with the lines that are wrong."""
        if trial.problems:
            raise CommandError("\n".join(f"{name}:{one.line}: {one.text}" for one in trial.problems))
        for change in trial.changes:
            self.stdout.write(f"{change.what} « {change.label} » : {change.verb}")
            for field, old, new in change.details:
                self.stdout.write(f"    {field} : {old} → {new}")
        if not trial.changes:
            self.stdout.write(_("Rien ne changerait : la configuration est déjà celle-là."))
        return bool(trial.changes)
