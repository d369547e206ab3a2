"""Hours, seasons and days that differ, as a file gives them: each list becomes what the file says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time

from django.utils.translation import gettext as _

from portevoix.web.centre.importing.columns import Columns
from portevoix.web.centre.importing.reading import Node
from portevoix.web.centre.keeping import Kept, snapshot
from portevoix.web.centre.views.seasons import state
from portevoix.web.records.models import Line, LineException, LineHours, LineSeason


class Weeks:
    """Reads and writes them."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def usual(self, node: Node, line: Line) -> None:
        """The usual week."""
        rows = self._hours(node, line, None)
        line.hours.filter(season=None).delete()
        LineHours.objects.bulk_create(rows)

    def seasons(self, node: Node, line: Line, kept: Kept) -> None:
        """The seasons of a line, found by name and first day."""
        known = {(row.name, row.first_day): row for row in line.seasons.all()}
        wanted: list[tuple[LineSeason, Node | None]] = []
        for item in self._columns.items(node):
            if (found := self._season(item, line, known, [row for row, _hours in wanted])) is not None:
                wanted.append(found)
        for row in known.values():  # those left are not in the file
            kept.note(row, state(row), {}, ref=row.pk, line_id=line.pk)
            row.delete()
        for row, hours in wanted:
            before = state(LineSeason.objects.get(pk=row.pk)) if row.pk else {}
            row.save()
            if hours is not None:
                rows = self._hours(hours, line, row)
                row.hours.all().delete()
                LineHours.objects.bulk_create(rows)
            kept.note(row, before, state(row), line_id=line.pk)

    def _season(
        self,
        item: Node,
        line: Line,
        known: dict[tuple[str, date], LineSeason],
        others: Iterable[LineSeason],
    ) -> tuple[LineSeason, Node | None] | None:
        needed = ("name", "first_day", "last_day")
        members = self._columns.fields(item, (*needed, "hours"), needed)
        if members is None:
            return None
        name = self._columns.text(members["name"], 120)
        first, last = self._columns.day(members["first_day"]), self._columns.day(members["last_day"])
        if not name or first is None or last is None:
            return None
        if last < first:
            self._columns.wrong(members["last_day"], _("Le dernier jour doit suivre le premier."))
            return None
        if clash := next((one for one in others if one.first_day <= last and first <= one.last_day), None):
            said = _("Ces jours sont déjà dans la période « %(name)s ».") % {"name": clash.name}
            self._columns.wrong(members["first_day"], said)
            return None
        row = known.pop((name, first), None) or LineSeason(line=line, name=name, first_day=first)
        row.last_day = last
        return row, members.get("hours")

    def exceptions(self, node: Node, line: Line | None, kept: Kept) -> None:
        """The days that differ, of one line or of all."""
        wanted: list[LineException] = []
        spans: dict[object, list[tuple[time, time]]] = {}
        for item in self._columns.items(node):
            members = self._columns.fields(item, ("day", "opens", "closes", "reason"), ("day",))
            if members is None or (day := self._columns.day(members["day"])) is None:
                continue
            opens, closes = (
                self._columns.clock(members[name])
                if name in members and members[name].value is not None
                else None
                for name in ("opens", "closes")
            )
            if (opens is None) != (closes is None):
                self._columns.wrong(item, _("Donnez les deux heures, ou aucune."))
            elif (
                opens is None or closes is None or self._fits(item, opens, closes, spans.setdefault(day, []))
            ):
                reason = self._columns.text(members["reason"], 200, blank=True) if "reason" in members else ""
                wanted.append(
                    LineException(line=line, day=day, opens=opens, closes=closes, reason=reason or "")
                )
        new = {(row.day, row.opens, row.closes, row.reason): row for row in wanted}
        for row in LineException.objects.filter(line=line):
            if new.pop((row.day, row.opens, row.closes, row.reason), None) is None:
                kept.note(row, snapshot(row), {}, ref=row.pk, line_id=row.line_id)
                row.delete()
        for row in new.values():
            row.save()
            kept.note(row, {}, snapshot(row), line_id=row.line_id)

    def _hours(self, node: Node, line: Line, season: LineSeason | None) -> list[LineHours]:
        rows: list[LineHours] = []
        days: dict[int, list[tuple[time, time]]] = {}
        needed = ("weekday", "opens", "closes")
        for item in self._columns.items(node):
            members = self._columns.fields(item, needed, needed)
            if members is None:
                continue
            weekday = self._columns.number(members["weekday"], 0, 6)
            opens, closes = self._columns.clock(members["opens"]), self._columns.clock(members["closes"])
            if weekday is None or opens is None or closes is None:
                continue
            if self._fits(item, opens, closes, days.setdefault(weekday, [])):
                rows.append(LineHours(line=line, season=season, weekday=weekday, opens=opens, closes=closes))
        return rows

    def _fits(self, item: Node, opens: time, closes: time, earlier: list[tuple[time, time]]) -> bool:
        if closes <= opens:
            self._columns.wrong(item, _("La fermeture doit suivre l’ouverture."))
            return False
        if any(opens < other_end and other < closes for other, other_end in earlier):
            self._columns.wrong(item, _("Cette plage en chevauche une autre du même jour."))
            return False
        earlier.append((opens, closes))
        return True
