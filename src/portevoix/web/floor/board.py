"""The floor as it stands: what waits where, who does what, what asks for somebody. Read anew when something happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from portevoix.actions import floor
from portevoix.actions.errors import NotAllowed
from portevoix.domain.waiting.estimate import announced, queue_length
from portevoix.store import floor as store
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import QueryDict

    from portevoix.web.desk.page import Page

#: People shown at once; the others are a click away. Their numbers are always of all.
SIZE = 120
STATES = ("available", "wrap-up", "paused", "away", "offline")


@dataclass(slots=True)
class Queue:
    """One line on one channel."""

    line: dict[str, Any]
    channel: str
    waiting: int = 0
    offered: int = 0
    held: int = 0
    late: int = 0
    oldest: datetime | None = None
    estimate: tuple[float, float] | None = None  # seconds, from and to
    now: tuple[int, int] = (0, 0)  # in time, answered: the last half hour
    today: tuple[int, int] = (0, 0)

    @property
    def level_now(self) -> str:
        return level(self.now)

    @property
    def level_today(self) -> str:
        return level(self.today)


def level(counted: tuple[int, int]) -> str:
    """The share answered in time, in words; a dash where nothing was answered."""
    good, whole = counted
    return _("%d %%") % round(100 * good / whole) if whole else "–"


def need(page: Page) -> None:
    """Raises ``NotAllowed`` for those who have no floor."""
    if not floor.reads(page.who):
        raise NotAllowed("floor")


def queues(page: Page) -> tuple[list[Queue], list[dict[str, Any]]]:
    """The queues with anything to say, by line; and the lines."""
    conn, at = page.conn, page.now
    ids = floor.lines(conn, page.who)
    lines = store.rows(conn, "lines", lines=ids, at=at)
    by_id = {line["id"]: line for line in lines}
    found: dict[tuple[int, str], Queue] = {}

    def queue(row: dict[str, Any]) -> Queue:
        key = (row["line_id"], row["channel"])
        return found.setdefault(key, Queue(by_id[row["line_id"]], row["channel"]))

    for row in store.rows(conn, "queues", lines=ids, at=at):
        one = queue(row)
        one.waiting, one.offered, one.late, one.oldest = (
            row["waiting"],
            row["offered"],
            row["late"],
            row["oldest"],
        )
    for row in store.rows(conn, "held", lines=ids):
        queue(row).held = row["held"]
    for row in store.rows(conn, "done", lines=ids, since=at - timedelta(minutes=30)):
        queue(row).now = (row["in_time"], row["answered"])
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    here = {row["line_id"]: row["here"] for row in store.rows(conn, "able", lines=ids)}
    for row in store.rows(conn, "done", lines=ids, since=midnight):
        one = queue(row)
        one.today = (row["in_time"], row["answered"])
        if row["seconds"] and here.get(row["line_id"]):
            one.estimate = announced(queue_length(one.waiting, here[row["line_id"]], row["seconds"]))
    for line in lines:
        line["able"] = here.get(line["id"], 0)
        line["may_pause"] = floor.may_pause(page.who, line["id"])
    order = sorted(found.values(), key=lambda one: (one.line["name"], one.line["id"], one.channel))
    return order, lines


def people(page: Page, asked: QueryDict) -> dict[str, Any]:
    """Those one may see, filtered; with how many there are in each state."""
    own = None if floor.sees_all(page.who) else page.who.rule.organisation_id
    rows = store.rows(page.conn, "people", organisation=own, at=page.now)
    counts = dict.fromkeys(STATES, 0)
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    words = asked.get("qui", "").strip().lower()
    state, line = asked.get("etat", ""), number(asked.get("ligne", ""))
    place = asked.get("lieu", "") if asked.get("lieu") in ("site", "home") else ""
    shown = [
        row
        for row in rows
        if (
            not words
            or words in f"{row['full_name']} {row['team'] or ''} {row['organisation'] or ''}".lower()
        )
        and (row["state"] == state if state in STATES else row["state"] != "offline" or row["held"] or words)
        and (line is None or line in row["lines"])
        and place in ("", row["works_from"])
    ]
    rank = {name: order for order, name in enumerate(STATES)}
    shown.sort(key=lambda row: (rank.get(row["state"], 9), row["full_name"].lower(), row["id"]))
    whole = asked.get("tout") == "1"
    return {
        "people": shown if whole else shown[:SIZE],
        "matching": len(shown),
        "more": 0 if whole else max(0, len(shown) - SIZE),
        "counts": [(name, counts.get(name, 0)) for name in STATES],
        "asked": {
            "qui": asked.get("qui", ""),
            "etat": state,
            "ligne": line,
            "lieu": place,
            "tout": "1" if whole else "",
        },
    }


def alarms(page: Page) -> list[dict[str, Any]]:
    """What stands, the oldest first, in words."""
    rows = store.rows(page.conn, "open_alarms", lines=floor.lines(page.conn, page.who))
    return [{**row, "text": alarm_text(row)} for row in rows]


def alarm_text(row: dict[str, Any]) -> str:
    """One alarm in words."""
    match row["kind"]:
        case "waiting":
            return str(_("Plus de %d contacts en attente.") % row["bound"])
        case "oldest":
            return str(_("Une attente de plus de %d minutes.") % (row["bound"] / 60))
        case "late":
            return _("Des contacts en retard.")
        case "nobody":
            return _("Des contacts en attente et personne de disponible.")
        case _:
            pass
    return _("Personne n’a les compétences exigées : aucun contact de cette ligne ne peut être proposé.")


def everything(page: Page) -> dict[str, Any]:
    """What the board shows."""
    need(page)
    found, lines = queues(page)
    return {
        "queues": found,
        "lines": lines,
        "alarms": alarms(page),
        "totals": {
            "waiting": sum(one.waiting for one in found),
            "late": sum(one.late for one in found),
            "held": sum(one.held for one in found),
            "today": level((sum(one.today[0] for one in found), sum(one.today[1] for one in found))),
        },
        **people(page, page.request.GET),
    }
