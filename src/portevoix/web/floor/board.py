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
from portevoix.web.floor.sorting import sorting

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.web.desk.page import Page


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
    def key(self) -> str:
        """Its name on the page."""
        return f"q-{self.line['id']}-{self.channel}"

    @property
    def order(self) -> str:
        """Where it stands among the others."""
        return f"{self.line['order']} {self.channel}"

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
        line["order"] = sorting(line["name"], line["id"])
    return sorted(found.values(), key=lambda one: one.order), sorted(
        lines, key=lambda line: str(line["order"])
    )


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
        case "away":
            return str(
                _("Confié à une plateforme depuis plus d’un jour, et pas encore rendu : %d.") % row["value"]
            )
        case "away":
            return str(
                _("Confié à une plateforme depuis plus d’un jour, et pas encore rendu : %d.") % row["value"]
            )
        case _:
            pass
    return _("Personne n’a les compétences exigées : aucun contact de cette ligne ne peut être proposé.")


def everything(page: Page) -> dict[str, Any]:
    """What waits, and what asks for somebody."""
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
    }
