"""Moving several people at once, and looking back at what was done from the floor, to undo it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import floor, floor_acts, floor_history
from portevoix.actions.errors import Invalid
from portevoix.store import floor as store
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import board
from portevoix.web.floor.act_words import done, moment
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpResponse, HttpResponseBase

#: How long a move lasts, in minutes; besides: until midnight, and for good.
MINUTES = (30, 60, 120, 240)
LOOKED_BACK = timedelta(days=7)
MOST = 500


def reason(page: Page) -> str:
    """Why, as somebody wrote it."""
    return page.request.POST.get("raison", "").replace("\x00", "").strip()


def until(page: Page, word: str) -> datetime | None:
    """The end of a move or share by the word of the form: minutes, ``jour`` or nothing. Raises ``Invalid``."""
    if word == "":
        return None
    if word == "jour":
        return floor_acts.end_of_day(page.now)
    minutes = number(word)
    if minutes not in MINUTES:
        raise Invalid("move-time")
    return page.now + timedelta(minutes=minutes)


@require_GET
@desk_view
def choose(page: Page) -> HttpResponseBase:
    """Whom, to which line, for how long."""
    return _form(page, {"sens": "mettre", "duree": "60", "raison": ""})


def _form(page: Page, asked: dict[str, Any], error: str = "") -> HttpResponse:
    board.need(page)
    own = None if floor.sees_all(page.who) else page.who.rule.organisation_id
    rows = store.rows(page.conn, "people", organisation=own, at=page.now)
    lines = store.rows(page.conn, "lines", lines=floor.lines(page.conn, page.who), at=page.now)
    names = {line["id"]: line["name"] for line in lines}
    words = page.request.GET.get("qui", "").strip().lower()
    people = [
        {**row, "on": [names[line] for line in row["lines"] if line in names]}
        for row in rows
        if not words or words in f"{row['full_name']} {row['team'] or ''} {row['organisation'] or ''}".lower()
    ]
    context = {
        "people": people[:MOST],
        "more": max(0, len(people) - MOST),
        "lines": lines,
        "asked": asked,
        "chosen": asked.get("chosen", ()),
        "words": page.request.GET.get("qui", ""),
        "error": error,
        "minutes": MINUTES,
    }
    return page.render("floor/moving.html", context, status=422 if error else 200)


@require_POST
@desk_view
def move(page: Page) -> HttpResponseBase:
    """Put those people on a line, or take them off it."""
    board.need(page)
    post = page.request.POST
    chosen = [one for one in (number(text) for text in post.getlist("personne")) if one][:MOST]
    line_id = number(post.get("ligne", "")) or 0
    asked: dict[str, Any] = {
        **{name: post.get(name, "") for name in ("sens", "duree", "raison")},
        "ligne": line_id,
        "chosen": chosen,
    }
    if (
        not chosen
        or line_id not in floor.lines(page.conn, page.who)
        or asked["sens"] not in ("mettre", "retirer")
    ):
        return _form(page, asked, _("Cochez au moins une personne et choisissez une ligne."))
    batch, moved, already = floor.move_many(
        page.conn, page.who, chosen, line_id, page.now,
        on=asked["sens"] == "mettre", until=until(page, asked["duree"]), reason=reason(page),
    )  # fmt: skip
    poke()
    if already:
        text = ngettext(
            "Pour %d personne il en était déjà ainsi.", "Pour %d personnes il en était déjà ainsi.", already
        )
        page.said(text % already, "warning")
    if batch is None:
        return redirect("floor:moving")
    text = ngettext(
        "C’est fait pour %d personne, tout de suite. Ce qu’elle a en main lui reste.",
        "C’est fait pour %d personnes, tout de suite. Ce qu’elles ont en main leur reste.",
        moved,
    )
    page.said(text % moved)
    return redirect("floor:batch", batch)


@require_GET
@desk_view
def acts(page: Page, batch: int | None = None) -> HttpResponseBase:
    """What was done these last seven days; or what was done at once."""
    rows = floor_history.acts(page.conn, page.who, page.now - LOOKED_BACK, batch=batch)
    shown = [
        {
            **row,
            "text": done(row),
            "until_text": moment(row["until"], page.now) if row["until"] else "",
            "ended_text": moment(row["ended_at"], page.now) if row["ended_at"] else "",
        }
        for row in rows
    ]
    context = {"rows": shown, "batch": batch, "undoable": sum(row["may_undo"] for row in shown)}
    return page.render("floor/acts.html", context)


@require_POST
@desk_view
def undo(page: Page, act_id: int) -> HttpResponseBase:
    """One act, back as it was."""
    floor_history.undo(page.conn, page.who, act_id, page.now)
    poke()
    page.said(_("C’est annulé : tout est de nouveau comme avant."))
    back = page.request.POST.get("retour", "")
    if back.startswith("personne-") and (account_id := number(back.removeprefix("personne-"))):
        return redirect("floor:person", account_id)
    return redirect("floor:board" if back == "plateau" else "floor:acts")


@require_POST
@desk_view
def undo_batch(page: Page, batch: int) -> HttpResponseBase:
    """What was done at once, back at once."""
    back, late = floor_history.undo_batch(page.conn, page.who, batch, page.now)
    poke()
    if back:
        page.said(ngettext("C’est annulé pour %d personne.", "C’est annulé pour %d personnes.", back) % back)
    if late:
        page.said(_("Pour %d c’était déjà terminé.") % late, "warning")
    return redirect("floor:acts")
