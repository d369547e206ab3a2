"""The lists of the left pane: my work, the queue of my lines, everything, machines' mails, mails set aside."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext as _

from portevoix.actions import floor_acts, presence
from portevoix.store import desk
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from portevoix.web.desk.page import Page

SIZE = 40


def pack(*key: Any) -> str:
    """The key of a row, as it stands in an address."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def unpack(text: str, kinds: tuple[type, ...]) -> tuple[Any, ...] | None:
    """The key of an address; None for none or for one that somebody made up."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        values = tuple(
            datetime.fromisoformat(value) if kind is datetime else kind(value)
            for kind, value in zip(kinds, found, strict=True)
        )
    except (ValueError, TypeError):
        return None
    if any(isinstance(value, datetime) and value.tzinfo is None for value in values):
        return None
    return values


@dataclass(slots=True)
class Listing:
    """One page of a list: its rows, the key of the next page, and what to compare with for "3 new ones"."""

    name: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    next: str = ""
    mark: str = ""
    first: bool = True


def chosen(page: Page) -> str:
    """The list that was chosen last; at first a supervisor sees what waits, everybody else their own work."""
    if page.who.administers:
        return "mis-de-cote"
    return str(page.request.session.get("liste") or ("attente" if page.who.supervises else "travail"))


def by_line(page: Page) -> list[dict[str, Any]] | None:
    """On which lines how much waits, for who answers for the lines; None for others."""
    if not page.who.supervises:
        return None
    return desk.rows(page.conn, "waiting_by_line", lines=sorted(page.who.lines), at=page.now)


def gone(page: Page, shown: str) -> list[dict[str, Any]]:
    """Of the conversations that a queue shows, those that wait no longer, with who has them."""
    ids = [one for text in shown.split(",")[:100] if (one := number(text)) is not None]
    if not ids:
        return []
    return desk.rows(page.conn, "no_longer_waiting", ids=ids, lines=sorted(page.who.lines))


def _cut(listing: Listing, rows: list[dict[str, Any]], *key: str) -> Listing:
    listing.rows = rows[:SIZE]
    if len(rows) > SIZE:
        last = listing.rows[-1]
        listing.next = pack(*(last[name] for name in key))
    return listing


def my_work(page: Page) -> dict[str, Any]:
    """What is offered to me and what I hold, in the order in which to do it."""
    held = desk.rows(page.conn, "held", account_id=page.who.id)
    here = presence.get(page.conn, page.who.id)
    return {
        "presence": here["state"],
        "presence_reason": here["reason"],
        "presence_since": here["since"],
        "presence_ends": here.get("ends_at"),
        "words": floor_acts.words(page.conn, page.who.id, page.now),
        "offers": desk.rows(page.conn, "offers", account_id=page.who.id, at=page.now),
        "active": [row for row in held if row["state"] == "active"],
        "wrapping": [row for row in held if row["state"] == "wrap-up"],
        "parked": [row for row in held if row["state"] == "parked"],
    }


def waiting(page: Page, after: str = "") -> Listing:
    """The queue of the lines I see, most pressing first."""
    key = unpack(after, (datetime, int)) or (None, None)
    lines = sorted(page.who.lines)
    rows = desk.rows(page.conn, "waiting", lines=lines, after_due=key[0], after_id=key[1], limit=SIZE + 1)
    listing = Listing("attente", first=key[0] is None)
    if listing.first:
        count = desk.row(page.conn, "waiting_count", lines=lines)
        listing.mark = pack((count or {}).get("newest") or 0)
    return _cut(listing, rows, "due_at", "contact_id")


def recent(page: Page, after: str = "") -> Listing:
    """All conversations of the lines I see, the last moved first."""
    key = unpack(after, (datetime, int)) or (None, None)
    rows = desk.rows(
        page.conn, "recent", lines=sorted(page.who.lines), before_at=key[0], before_id=key[1], limit=SIZE + 1
    )
    listing = Listing("toutes", first=key[0] is None)
    if listing.first:
        listing.mark = pack(rows[0]["last_at"] if rows else page.now)
    return _cut(listing, rows, "last_at", "conversation_id")


def automatic(page: Page, after: str = "") -> Listing:
    """Machines' mails: kept and readable, never work."""
    key = unpack(after, (int,)) or (None,)
    rows = desk.rows(page.conn, "automatic", lines=sorted(page.who.lines), before_id=key[0], limit=SIZE + 1)
    return _cut(Listing("automatiques", first=key[0] is None), rows, "message_id")


def set_aside(page: Page, after: str = "") -> Listing:
    """Mails that could not be taken in."""
    key = unpack(after, (int,)) or (None,)
    lines = sorted(page.who.lines)
    if page.who.administers:
        lines = [line["id"] for line in desk.rows(page.conn, "all_lines")]
    rows = desk.rows(page.conn, "set_aside", lines=lines, before_id=key[0], limit=SIZE + 1)
    return _cut(Listing("mis-de-cote", first=key[0] is None), rows, "id")


LISTS = {"attente": waiting, "toutes": recent, "automatiques": automatic, "mis-de-cote": set_aside}


def tabs(page: Page, current: str) -> list[dict[str, Any]]:
    """The tabs above the lists, with how many wait."""
    count = desk.number(page.conn, "waiting_count", lines=sorted(page.who.lines))
    others = current in ("toutes", "automatiques", "mis-de-cote")
    shown: list[tuple[str, str, str | int | None, bool]] = []
    if not page.who.administers:
        shown = [
            ("travail", _("Mon travail"), None, False),
            ("attente", _("Dans la file"), f"{count}+" if count >= 1000 else count, False),
            ("toutes", _("Toutes"), None, False),
        ]
        if others:
            shown.append(("automatiques", _("Automatiques"), None, True))
    if page.who.retries and (others or page.who.administers):
        shown.append(("mis-de-cote", _("Mis de côté"), None, True))
    return [
        {"name": name, "label": label, "count": number, "minor": minor, "current": name == current}
        for name, label, number, minor in shown
    ]


def newer(page: Page, name: str, mark: str) -> int:
    """How many came since the list was painted."""
    lines = sorted(page.who.lines)
    if name == "attente" and (key := unpack(mark, (int,))):
        return desk.number(page.conn, "waiting_since", lines=lines, newest=key[0])
    if name == "toutes" and (moment := unpack(mark, (datetime,))):
        return desk.number(page.conn, "recent_since", lines=lines, newest=moment[0])
    return 0
