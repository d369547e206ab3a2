"""One person on the floor: what they do, hold and know, the lines they answer; and what one changes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import floor, floor_acts, floor_history
from portevoix.actions.errors import Invalid
from portevoix.store import floor as store
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import board
from portevoix.web.floor.act_words import done, moment
from portevoix.web.floor.moving import MINUTES, reason, until
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase

#: For how long a skill is lent, in minutes.
LENT = (30, 60, 120, 240)


@require_GET
@desk_view
def person(page: Page, account_id: int) -> HttpResponseBase:
    """One person: what they do, the lines they answer and what they know, to be changed."""
    board.need(page)
    found = floor.person(page.conn, page.who, account_id, page.now)
    lines = store.rows(page.conn, "lines", lines=floor.lines(page.conn, page.who), at=page.now)
    seen = {line["id"] for line in lines}
    hand = store.rows(page.conn, "in_hand", account_id=account_id)
    past = floor_history.acts(page.conn, page.who, page.now - timedelta(days=2), account_id=account_id)
    moved = {
        row["line_id"]: {**row, "until_text": moment(row["until"], page.now)}
        for row in past
        if row["kind"] == "line" and row["ended_at"] is None and row["until"]
    }
    skills = [
        {**row, "left": round((row["until"] - page.now).total_seconds() / 60) if row["until"] else 0}
        for row in store.rows(page.conn, "skills_of", account_id=account_id)
    ]
    context = {
        "one": found,
        "lines": [{**line, "moved": moved.get(line["id"])} for line in lines],
        "skills": skills,
        "lent": LENT,
        "minutes": MINUTES,
        "levels": range(6),
        # Of a line that one does not see there is a number, not more.
        "hand": [row for row in hand if row["line_id"] in seen],
        "elsewhere": sum(row["line_id"] not in seen for row in hand),
        "acts": [{**row, "text": done(row)} for row in past[:10]],
    }
    return page.render("floor/person.html", context)


@require_POST
@desk_view
def move(page: Page, account_id: int) -> HttpResponseBase:
    """Somebody is put on a line or taken off it, for a while or for good."""
    line_id = number(page.request.POST.get("ligne", "")) or 0
    on = page.request.POST.get("sens") == "mettre"
    end = until(page, page.request.POST.get("duree", ""))
    floor.move(page.conn, page.who, account_id, line_id, page.now, on=on, until=end, reason=reason(page))
    poke()
    page.said(
        _("C’est fait : cette personne répond maintenant aussi à cette ligne.")
        if on
        else _("C’est fait : cette personne ne répond plus à cette ligne. Ce qu’elle a en main lui reste.")
    )
    return redirect("floor:person", account_id)


@require_POST
@desk_view
def lend(page: Page, account_id: int) -> HttpResponseBase:
    """A skill for a while, or its end."""
    asked = page.request.POST
    skill_id = number(asked.get("competence", "")) or 0
    if asked.get("fin") == "1":
        floor_acts.end_skill(page.conn, page.who, account_id, skill_id, page.now)
        text = _("C’est rendu : les compétences des réglages comptent de nouveau.")
    else:
        minutes, level = number(asked.get("minutes", "")), number(asked.get("niveau", ""))
        if minutes not in LENT or level is None:
            raise Invalid("skill-time")
        end = page.now + timedelta(minutes=minutes)
        floor_acts.lend_skill(page.conn, page.who, account_id, skill_id, level, end, page.now, reason(page))
        text = _("C’est fait, tout de suite et jusqu’à l’heure dite. La fin vient d’elle-même.")
    poke()
    page.said(text)
    return redirect("floor:person", account_id)
