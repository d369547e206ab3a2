"""What one does from the floor: a line's queue, who gets what of it, skills for a while, words to people, shares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import contacts, floor, floor_acts
from portevoix.actions.errors import Invalid, Missing, TooLate
from portevoix.domain.access import Action, Thing
from portevoix.store import desk
from portevoix.store import floor as store
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import board
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponse, HttpResponseBase

#: For how long a skill is lent, in minutes; and a word is kept for those who are not here.
LENT = (30, 60, 120, 240)
KEPT = (1, 4, 12, 72)
SHOWN = 100


def own(page: Page) -> int | None:
    """The organisation whose people one sees; none: all."""
    return None if floor.sees_all(page.who) else page.who.rule.organisation_id


@require_GET
@desk_view
def queue(page: Page, line_id: int) -> HttpResponseBase:
    """What waits on a line, most pressing first, to be given to somebody."""
    board.need(page)
    if line_id not in floor.lines(page.conn, page.who):
        raise Missing("line")
    (line,) = store.rows(page.conn, "lines", lines=[line_id], at=page.now)
    # A client's name and subject are for those who may read the line's conversations.
    readable = page.who.may(Action.CONVERSATION_READ, Thing(frozenset({line_id})))
    keys: dict[str, Any] = {"after_due": None, "after_id": None}
    rows = desk.rows(page.conn, "waiting", lines=[line_id], limit=SHOWN + 1, **keys) if readable else []
    people = store.rows(page.conn, "line_people", line_id=line_id, organisation=own(page))
    context = {
        "line": line,
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "people": people,
        "readable": readable,
    }
    return page.render("floor/queue.html", context)


@require_POST
@desk_view
def push(page: Page, line_id: int) -> HttpResponseBase:
    """Give what was ticked to somebody: each that still waits."""
    account_id = number(page.request.POST.get("personne", ""))
    wanted = [number(one) for one in page.request.POST.getlist("contact")]
    ids = [one for one in wanted if one]
    if account_id is None or not ids:
        page.said(_("Cochez au moins un contact et choisissez une personne."), "danger")
        return redirect("floor:queue", line_id)
    given, late = 0, 0
    for contact_id in ids[:SHOWN]:
        if contacts.get(page.conn, contact_id)["line_id"] != line_id:
            raise Missing("contact")
        try:
            floor_acts.push(page.conn, page.who, contact_id, account_id, page.now)
            given += 1
        except TooLate:
            late += 1
    poke()
    if given:
        page.said(
            _(
                "C’est confié : proposé à cette personne dès qu’elle a de la place, et à elle seule jusqu’à l’échéance."
            )
        )
    if late:
        page.said(_("%d ne se trouvaient plus en attente et restent où ils sont.") % late, "warning")
    return redirect("floor:queue", line_id)


@require_POST
@desk_view
def pull(page: Page, contact_id: int) -> HttpResponseBase:
    """Take a contact back from whoever has it."""
    floor_acts.pull(page.conn, page.who, contact_id, page.now)
    return _back(
        page, _("C’est repris : le contact attend de nouveau, à sa place, pour quelqu’un d’autre d’abord.")
    )


@require_POST
@desk_view
def lend(page: Page, account_id: int) -> HttpResponseBase:
    """A skill for a while, or its end."""
    asked = page.request.POST
    skill_id = number(asked.get("competence", "")) or 0
    if asked.get("fin") == "1":
        floor_acts.end_skill(page.conn, page.who, account_id, skill_id, page.now)
        return _back(page, _("C’est rendu : les compétences des réglages comptent de nouveau."), account_id)
    minutes, level = number(asked.get("minutes", "")), number(asked.get("niveau", ""))
    if minutes not in LENT or level is None:
        raise Invalid("skill-time")
    until = page.now + timedelta(minutes=minutes)
    floor_acts.lend_skill(page.conn, page.who, account_id, skill_id, level, until, page.now)
    return _back(
        page, _("C’est fait, tout de suite et jusqu’à l’heure dite. La fin vient d’elle-même."), account_id
    )


@require_POST
@desk_view
def share(page: Page, contract_id: int) -> HttpResponseBase:
    """Another share of what comes from now on."""
    wanted = number(page.request.POST.get("part", ""))
    if wanted is None:
        raise Invalid("share")
    former = floor_acts.set_share(page.conn, page.who, contract_id, wanted, page.now)
    return _back(
        page,
        _(
            "La part passe de %(former)d %% à %(share)d %% pour ce qui arrive maintenant. Pour revenir en arrière, remettez %(former)d."
        )
        % {"former": former, "share": wanted},
    )


# --- words ----------------------------------------------------------------------------------------------


def choices(page: Page) -> list[tuple[str, str]]:
    """Whom one may write to, by code and name."""
    lines = store.rows(page.conn, "lines", lines=floor.lines(page.conn, page.who), at=page.now)
    groups = store.rows(page.conn, "groups", organisation=own(page))
    return [
        ("ici", _("Toutes les personnes connectées")),
        ("tous", _("Tout le monde")),
        *((f"ligne-{line['id']}", _("Ligne : %s") % line["name"]) for line in lines),
        *((row["code"], row["name"]) for row in groups),
    ]


@require_GET
@desk_view
def words(page: Page) -> HttpResponseBase:
    """What was written to people, and who has read it; and the form for another."""
    return _words(page, {"pour": "ici", "heures": "12", "texte": ""})


def _words(page: Page, asked: dict[str, str], error: str = "") -> HttpResponse:
    board.need(page)
    rows = []
    for row in floor_acts.said(page.conn, page.who, page.now - timedelta(days=30)):
        people = [
            {**one, "read_at": datetime.fromisoformat(one["read_at"]) if one["read_at"] else None}
            for one in row["people"] or ()
        ]
        done = sum(one["read_at"] is not None for one in people)
        stands = row["withdrawn_at"] is None and row["until"] > page.now
        rows.append({**row, "people": people, "done": done, "stands": stands})
    context = {"rows": rows, "choices": choices(page), "asked": asked, "error": error, "kept": KEPT}
    return page.render("floor/words.html", context, status=422 if error else 200)


@require_POST
@desk_view
def say(page: Page) -> HttpResponseBase:
    """Write to people."""
    board.need(page)
    asked = {
        name: page.request.POST.get(name, "").replace("\x00", "") for name in ("pour", "heures", "texte")
    }
    names = dict(choices(page))
    hours = number(asked["heures"])
    errors = {
        "word": _("Écrivez un message, de 1 000 caractères au plus."),
        "nobody": _("Personne ne correspond : le message n’irait à personne."),
    }
    if asked["pour"] not in names or hours not in KEPT:
        return _words(page, asked, _("Choisissez à qui écrire et pour combien de temps."))
    until = page.now + timedelta(hours=hours)
    try:
        floor_acts.say(
            page.conn, page.who, asked["texte"], asked["pour"], names[asked["pour"]], until, page.now
        )
    except Invalid as wrong:
        return _words(page, asked, errors[wrong.code])
    poke()
    page.said(_("Le message est parti. Vous voyez ici qui l’a lu."))
    return redirect("floor:words")


@require_POST
@desk_view
def withdraw(page: Page, message_id: int) -> HttpResponseBase:
    """Show it to nobody else."""
    floor_acts.withdraw(page.conn, page.who, message_id, page.now)
    poke()
    page.said(_("Le message est retiré : il n’est plus montré à personne."))
    return redirect("floor:words")


def _back(page: Page, text: str, account_id: int | None = None) -> HttpResponse:
    poke()
    page.said(text)
    back = page.request.POST.get("retour", "")
    if account_id is None and back.startswith("personne-"):
        account_id = number(back.removeprefix("personne-"))
    return redirect("floor:person", account_id) if account_id else redirect("floor:board")
