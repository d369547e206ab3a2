"""Search over everything one may see, and searches kept under a name."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import access
from portevoix.actions.errors import Missing
from portevoix.domain.contacts.machine import State
from portevoix.store import desk
from portevoix.store import search as store
from portevoix.store.spans import Place
from portevoix.web.desk import lists
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.desk.pane import subjects
from portevoix.web.desk.refusals import SENTENCES
from portevoix.web.numbers import number
from portevoix.web.records.models import SavedView

if TYPE_CHECKING:
    from django.http import HttpResponseBase, QueryDict

FIELDS = ("q", "ligne", "etat", "du", "au", "conseiller", "motif")
_REFERENCE = re.compile(r"(?:PV-|n°\s*|#)0*(\d{1,12})|0*(\d{1,9})", re.IGNORECASE)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # A day without a next one, or without a UTC midnight, is nobody's question.
    return day if 1970 <= day.year < 2200 else None


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None


def read_filters(page: Page, form: QueryDict) -> store.Filters:
    """The filters of an address, within what the actor may see."""
    line = number(form.get("ligne", ""))
    lines = sorted(page.who.lines if line is None else page.who.lines & {line})
    state = form.get("etat", "")
    until = _day(form.get("au", ""))
    return store.Filters(
        lines,
        states=_states(state),
        from_at=_midnight(_day(form.get("du", ""))),
        to_at=_midnight(until + timedelta(days=1)) if until else None,
        adviser=number(form.get("conseiller", "")),
        motif=number(form.get("motif", "")),
    )


def _states(name: str) -> list[str] | None:
    if name == "ouvert":
        return [
            state.value for state in State if state not in (State.CLOSED, State.ABANDONED, State.CALLED_BACK)
        ]
    return [name] if name in set(State) else None


def _by_reference(page: Page, text: str) -> dict[str, Any] | None:
    match = _REFERENCE.fullmatch(text.strip())
    if not match:
        return None
    try:
        return access.conversation(page.conn, page.who, int(match[1] or match[2]))
    except Missing:
        return None


@require_GET
@desk_view
def search(page: Page) -> HttpResponseBase:
    """Results of the words and filters in the address; a page further by the key in it."""
    form = page.request.GET
    text = form.get("q", "").strip()
    filters = read_filters(page, form)
    asked = {name: form.get(name, "") for name in FIELDS if form.get(name)}
    key = form.get("apres", "")
    context: dict[str, Any] = {"q": text, "asked": asked, "kept": urlencode(asked), "first": not key}
    if text:
        context |= _with_words(page, text, filters, key)
    elif asked:
        listed = store.filtered(page.conn, filters, lists.unpack(key, (datetime, int)))
        context |= {"rows": listed.rows, "found": listed, "searched": True}
        context["next"] = lists.pack(*listed.next) if listed.next else ""
    if page.fragment and key:
        return page.render("desk/results.html", context)
    return page.render("desk/search.html", {**context, **_form(page, filters)})


def _with_words(page: Page, text: str, filters: store.Filters, key: str) -> dict[str, Any]:
    key_ = lists.unpack(key, (int, int, int, int))
    at = Place(*(max(-1, one) for one in key_)) if key_ else None
    found = store.messages(page.conn, text, filters, at)
    context: dict[str, Any] = {"rows": found.rows, "found": found, "searched": True}
    context["next"] = lists.pack(*found.next) if found.next else ""
    if at is None:
        context["persons"] = store.persons(page.conn, text, sorted(page.who.lines))
        context["reference"] = _by_reference(page, text)
    if found.corrected:
        corrected = text
        for word, better in found.corrected.items():
            corrected = corrected.replace(word, better)
        context["corrected"] = corrected
    return context


def _form(page: Page, filters: store.Filters) -> dict[str, Any]:
    lines = desk.rows(page.conn, "lines", lines=sorted(page.who.lines))
    advisers = desk.rows(page.conn, "advisers_of_lines", lines=sorted(page.who.lines))
    line = filters.lines[0] if page.request.GET.get("ligne") and filters.lines else None
    return {
        "lines": [(one["id"], one["name"]) for one in lines],
        "advisers": sorted({(one["id"], one["name"]) for one in advisers}, key=lambda one: one[1]),
        "subjects": [(one["id"], one["label"]) for one in subjects(page, line)] if line else [],
        "views": list(SavedView.objects.filter(Q(account_id=page.who.id) | _shared(page))[:50]),
    }


def _shared(page: Page) -> Q:
    """Shared within the organisation: what is searched for may name somebody."""
    return Q(shared=True, account__organisation=page.who.rule.organisation_id or None)


@require_POST
@desk_view
def save_view(page: Page) -> HttpResponseBase:
    """Keep this search under a name."""
    form = page.request.POST
    name = form.get("nom", "").replace("\0", "").strip()[:80]
    query = {field: form.get(field, "").replace("\0", "")[:200] for field in FIELDS if form.get(field)}
    back = f"{reverse('desk:search')}?{urlencode(query)}"
    if not name:
        page.said(_("Donnez un nom à la vue."), "danger")
        return redirect(back)
    try:
        with transaction.atomic():
            SavedView.objects.create(
                account_id=page.who.id,
                name=name,
                query=query,
                shared=page.who.supervises and "partagee" in form,
            )
    except IntegrityError:
        page.said(str(SENTENCES["name-taken"]), "danger")
        return redirect(back)
    page.said(_("La vue « %s » est enregistrée.") % name)
    return redirect(back)


@require_POST
@desk_view
def delete_view(page: Page, view_id: int) -> HttpResponseBase:
    """Forget a view of one's own."""
    gone, _rows = SavedView.objects.filter(pk=view_id, account_id=page.who.id).delete()
    if not gone:
        raise Missing("saved-view")
    page.said(_("La vue est supprimée."))
    return redirect("desk:search")
