"""Saved answers that are new or changed since I last read them: a quiet list, read and marked without the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import reading
from portevoix.actions.errors import NotAllowed
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from django.http import HttpResponseBase


def note(page: Page) -> dict[str, Any]:
    """How many there are, for the left pane. An administrator answers nobody: there is nothing to read."""
    return {"unread_answers": 0 if page.who.administers else reading.count(page.conn, page.who)}


def _reader(page: Page) -> None:
    if page.who.administers:
        raise NotAllowed("no-answers")


@require_GET
@desk_view
def listing(page: Page) -> HttpResponseBase:
    """The list, the last change first."""
    _reader(page)
    rows = reading.unread(page.conn, page.who)
    for row in rows:
        row["key"] = str(row["id"])
    return page.render("desk/reading.html", {"rows": rows, "more": len(rows) == reading.MOST})


@require_POST
@desk_view
def mark(page: Page) -> HttpResponseBase:
    """What was shown is read: each as ``answer:version``, so that a text changed meanwhile stays unread."""
    _reader(page)
    seen = []
    for one in page.request.POST.getlist("lue")[: reading.MOST]:
        answer, _colon, version = one.partition(":")
        pair = number(answer), number(version)
        if pair[0] is not None and pair[1] is not None and pair[1] < 2**31:
            seen.append((pair[0], pair[1]))
    count = reading.mark(page.conn, page.who, seen, page.now)
    if count:
        page.said(
            ngettext("%d réponse marquée comme lue.", "%d réponses marquées comme lues.", count) % count
        )
    else:
        page.said(_("Ces réponses étaient déjà lues, ou ont encore changé : voici ce qui reste."), "info")
    return redirect("desk:reading")
