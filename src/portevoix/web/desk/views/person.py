"""The person: history over all lines, name and note, merging and un-merging."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import access, persons
from portevoix.actions.errors import Invalid, Missing, Refused
from portevoix.domain.access import Action
from portevoix.store import desk
from portevoix.web.desk import lists, pane
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.desk.refusals import sentence
from portevoix.web.desk.text import spaced
from portevoix.web.desk.views.work import work_context
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase


_NUMBER = re.compile(r"[+\d\s.()/-]+")


def _current(page: Page) -> int | None:
    text = page.request.POST.get("conversation", "") or page.request.GET.get("conversation", "")
    return number(text)


@require_GET
@desk_view
def show(page: Page, person_id: int) -> HttpResponseBase:
    """The person's page; as a fragment, the right pane or a further page of the history."""
    after = lists.unpack(page.request.GET.get("apres", ""), (datetime, int))
    context: dict[str, Any] = pane.person(page, person_id, after, _current(page))
    if page.fragment:
        return page.render("desk/history.html" if after else "desk/person.html", context)
    return page.render("desk/desk.html", {**work_context(page), **context, "person_page": True})


def _again(
    page: Page, person_id: int, said: str, tone: str = "success", *, focus: str = "person-title", **typed: str
) -> HttpResponseBase:
    """The sheet as it stands now. ``typed``: what a refused form is given back, ``focus``: where one goes on."""
    poke()
    if not page.fragment:
        page.said(said, tone)
        current = _current(page)
        return redirect("desk:conversation", current) if current else redirect("desk:person", person_id)
    context: dict[str, Any] = {**pane.person(page, person_id, current=_current(page)), **typed}
    triggers: dict[str, Any] = {"pv:go": {"to": focus}}
    if tone == "danger":
        context |= {"person_said": said, "person_tone": tone}
    else:
        triggers["pv:toast"] = {"text": said, "tone": tone}
    response = page.render("desk/person.html", context)
    response["HX-Retarget"] = "#person"
    response["HX-Reswap"] = "outerHTML"
    response["HX-Trigger-After-Settle"] = json.dumps(triggers)
    return response


@require_POST
@desk_view
def rename(page: Page, person_id: int) -> HttpResponseBase:
    """Name and note."""
    found = access.person(page.conn, page.who, person_id, Action.PERSON_EDIT)
    form = page.request.POST
    try:
        persons.rename(
            page.conn,
            person_id=found["id"],
            account_id=page.who.id,
            name=spaced(form.get("name", ""))[:200],
            note=spaced(form.get("note", ""))[:5000],
            at=page.now,
            conversation=_noted_in(page),
        )
    except Missing:
        raise
    except Refused as refused:
        return _again(page, found["id"], sentence(refused), "danger")
    return _again(page, found["id"], _("Fiche enregistrée."))


def _noted_in(page: Page) -> tuple[int, int] | None:
    """The conversation beside which the sheet was changed, where its history tells of it."""
    current = _current(page)
    if current is None:
        return None
    try:
        row = access.conversation(page.conn, page.who, current)
    except Missing:
        return None
    return row["id"], row["line_id"]


@require_POST
@desk_view
def add_address(page: Page, person_id: int) -> HttpResponseBase:
    """A further address or telephone number; which of the two is told by its shape."""
    found = access.person(page.conn, page.who, person_id, Action.PERSON_EDIT)
    value = spaced(page.request.POST.get("adresse", ""))
    try:
        persons.add_address(
            page.conn,
            person_id=found["id"],
            kind="phone" if _NUMBER.fullmatch(value) else "mail",
            value=value,
            account_id=page.who.id,
            at=page.now,
            conversation=_noted_in(page),
        )
    except Missing:
        raise
    except Refused as refused:
        return _again(
            page, found["id"], sentence(refused), "danger", focus="new-address", address_typed=value[:254]
        )
    return _again(page, found["id"], _("Adresse ajoutée."))


@require_GET
@desk_view
def candidates(page: Page, person_id: int) -> HttpResponseBase:
    """Persons that might be the same: found by name or address, those one may see."""
    found = access.person(page.conn, page.who, person_id)
    wanted = spaced(page.request.GET.get("qui", "")).lower()
    rows: list[dict[str, Any]] = []
    if len(wanted) >= 3:
        pattern = wanted.replace("\\", "").replace("%", "").replace("_", "\\_")
        for row in desk.rows(
            page.conn, "persons_like", pattern=f"%{pattern}%", start=f"{pattern}%", limit=30
        ):
            if row["id"] in found["ids"]:
                continue
            try:
                access.person(page.conn, page.who, row["id"])
            except Missing:
                continue
            rows.append(row)
            if len(rows) == 10:
                break
    return page.render(
        "desk/candidates.html",
        {"person": found, "candidates": rows, "wanted": wanted, "current": _current(page)},
    )


@require_POST
@desk_view
def merge(page: Page, person_id: int) -> HttpResponseBase:
    """Another person is this one."""
    found = access.person(page.conn, page.who, person_id, Action.PERSON_MERGE)
    other = number(page.request.POST.get("autre", ""))
    try:
        if other is None:
            raise Invalid("person-unknown")
        also = access.person(page.conn, page.who, other, Action.PERSON_MERGE)
        if also["id"] == found["id"]:
            raise Invalid("same-person")
        persons.merge(
            page.conn, into_id=found["id"], other_id=also["id"], account_id=page.who.id, at=page.now
        )
    except Missing:
        return _again(page, found["id"], sentence(Invalid("person-unknown")), "danger")
    except Refused as refused:
        return _again(page, found["id"], sentence(refused), "danger")
    return _again(
        page, found["id"], _("Les deux fiches sont réunies. Vous pouvez les séparer à tout moment.")
    )


@require_POST
@desk_view
def unmerge(page: Page, person_id: int) -> HttpResponseBase:
    """Give a merged person its addresses and conversations back."""
    found = access.person(page.conn, page.who, person_id, Action.PERSON_MERGE)
    other = number(page.request.POST.get("autre", ""))
    if other is None or other not in {row["id"] for row in found["merged"]}:
        return _again(page, found["id"], sentence(Invalid("person-unknown")), "danger")
    try:
        persons.unmerge(page.conn, person_id=found["id"], other_id=other, account_id=page.who.id, at=page.now)
    except Refused as refused:
        return _again(page, found["id"], sentence(refused), "danger")
    return _again(page, found["id"], _("Les deux fiches sont séparées."))
