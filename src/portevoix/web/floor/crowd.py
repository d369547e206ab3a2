"""The people on the board: read once for all who ask at the same moment, each drawn once for all who see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

from portevoix.actions import floor
from portevoix.store import floor as store
from portevoix.web.floor.readings import Reading, Readings
from portevoix.web.floor.sorting import sorting
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from portevoix.web.desk.page import Page

#: People shown at once; the others are a click away. Their numbers are always of all.
SIZE = 2_000
STATES = ("available", "wrap-up", "paused", "away", "offline")

_readings = Readings()
#: How a row was drawn, and for what: (name of the piece, language, time zone).
_drawn: dict[tuple[str, str, str], tuple[dict[str, Any], SafeString]] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom one wants to see."""

    words: str = ""
    state: str = ""
    line: int | None = None
    place: str = ""
    whole: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        """What stands in the address."""
        state, place = query.get("etat", ""), query.get("lieu", "")
        return cls(
            query.get("qui", "").strip(),
            state if state in STATES else "",
            number(query.get("ligne", "")),
            place if place in ("site", "home") else "",
            query.get("tout") == "1",
        )

    def wants(self, row: Mapping[str, Any]) -> bool:
        """Whether the row is one of them: without a state everybody but those who are not here and have nothing in hand."""
        words = self.words.lower()
        return (
            (
                not words
                or words in f"{row['full_name']} {row['team'] or ''} {row['organisation'] or ''}".lower()
            )
            and (
                row["state"] == self.state
                if self.state
                else bool(row["state"] != "offline" or row["held"] or words)
            )
            and (self.line is None or self.line in row["lines"])
            and self.place in ("", row["works_from"])
        )


def whose(page: Page) -> int | None:
    """The organisation whose people one sees; None: everybody."""
    return None if floor.sees_all(page.who) else page.who.rule.organisation_id


def read(page: Page) -> Reading:
    """Those one may see, as they stand."""
    own = whose(page)

    def rows() -> dict[str, dict[str, Any]]:
        found = store.rows(page.conn, "people", organisation=own, at=page.now)
        made = {f"p-{row['id']}": {**row, "order": sorting(row["full_name"], row["id"])} for row in found}
        return dict(sorted(made.items(), key=lambda item: str(item[1]["order"])))

    return _readings.get(own, rows)


def counts(reading: Reading) -> list[tuple[str, int]]:
    """How many are in each state, whoever is shown."""
    found = dict.fromkeys(STATES, 0)
    for row in reading.values.values():
        found[row["state"]] = found.get(row["state"], 0) + 1
    return [(name, found[name]) for name in STATES]


def draw(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, SafeString]:
    """The rows as they stand on the page."""
    template = get_template("floor/pieces/person.html")
    tongue, zone = translation.get_language() or "", timezone.get_current_timezone_name()
    made = {}
    for name, row in rows.items():
        kept = _drawn.get((name, tongue, zone))
        if kept is None or kept[0] != row:
            if len(_drawn) > 20_000:
                _drawn.clear()
            kept = _drawn[name, tongue, zone] = (dict(row), mark_safe(template.render({"one": row})))  # noqa: S308 - a template escapes
        made[name] = kept[1]
    return made


def shown(page: Page, reading: Reading) -> dict[str, Any]:
    """What the page begins with."""
    asked = Asked.of(page.request.GET)
    wanted = {name: row for name, row in reading.values.items() if asked.wants(row)}
    first = wanted if asked.whole else dict(list(wanted.items())[:SIZE])
    return {
        "people": mark_safe("".join(draw(first).values())),  # noqa: S308 - drawn by templates
        "more": len(wanted) - len(first),
        "counts": counts(reading),
        "scope": str(whose(page) or ""),
        "asked": {
            "qui": page.request.GET.get("qui", ""),
            "etat": asked.state,
            "ligne": asked.line,
            "lieu": asked.place,
            "tout": "1" if asked.whole else "",
        },
    }


def news(page: Page, reading: Reading, since: float | None) -> dict[str, SafeString | None]:
    """The rows that are different; None for those that are not, or no longer, among the wanted."""
    asked = Asked.of(page.request.GET)
    changed = {name: reading.values.get(name) for name in reading.news(since)}
    wanted = {name: row for name, row in changed.items() if row is not None and asked.wants(row)}
    return dict.fromkeys(changed) | draw(wanted)
