"""The desk itself and its left pane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import floor_acts
from portevoix.web.desk import lists, reading
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase


def work_context(page: Page, name: str = "") -> dict[str, Any]:
    """What the left pane shows: offers always, then the chosen list."""
    name = name or lists.chosen(page)
    if not known(page, name):
        name = "mis-de-cote" if page.who.administers else "travail"
    context: dict[str, Any] = {"list_name": name, "tabs": lists.tabs(page, name), **lists.my_work(page)}
    context |= reading.note(page)
    if name != "travail":
        context["listing"] = lists.LISTS[name](page)
    if name == "attente":
        context["by_line"] = lists.by_line(page)
    return context


def known(page: Page, name: str) -> bool:
    """Whether this person has such a list. An administrator reads no conversations: only what was set aside."""
    if name == "mis-de-cote":
        return page.who.retries
    return not page.who.administers and name in {"travail", *lists.LISTS}


def remember(page: Page, name: str) -> None:
    """The list stays chosen until another is."""
    if page.request.session.get("liste") != name:
        page.request.session["liste"] = name


@require_GET
@desk_view
def home(page: Page) -> HttpResponseBase:
    """The three panes, no conversation opened yet. An administrator has no conversations: their work is the settings."""
    if page.who.administers:
        return redirect("centre:overview")
    return page.render("desk/desk.html", work_context(page))


@require_GET
@desk_view
def listing(page: Page, name: str) -> HttpResponseBase:
    """A list: the whole desk with it, its first page as a fragment, or further rows."""
    if not known(page, name):
        raise Http404
    after = page.request.GET.get("apres", "")
    if page.fragment and after and name != "travail":
        return page.render("desk/rows.html", {"listing": lists.LISTS[name](page, after), "list_name": name})
    remember(page, name)
    if page.fragment:
        return page.render("desk/work.html", work_context(page, name))
    context = work_context(page, name)
    if after and name != "travail":
        context["listing"] = lists.LISTS[name](page, after)
    return page.render("desk/desk.html", context)


@require_GET
@desk_view
def work(page: Page) -> HttpResponseBase:
    """My work again, after something moved: offers and what I hold, the other lists untouched."""
    return page.render("desk/mine.html", {**lists.my_work(page), "list_name": lists.chosen(page)})


@require_GET
@desk_view
def newer(page: Page, name: str) -> HttpResponseBase:
    """How many rows came since, and which of those shown wait no longer; nothing moves until one asks for it."""
    count = lists.newer(page, name, page.request.GET.get("depuis", ""))
    by_line = lists.by_line(page) if name == "attente" else None
    gone = lists.gone(page, page.request.GET.get("vus", "")) if name == "attente" else []
    if not count and by_line is None and not gone:
        return HttpResponse("")
    return page.render(
        "desk/newer.html", {"count": count, "list_name": name, "by_line": by_line, "gone": gone}
    )


@require_POST
@desk_view
def word_read(page: Page, message_id: int) -> HttpResponseBase:
    """A supervisor's word is read."""
    floor_acts.read(page.conn, page.who.id, message_id, page.now)
    poke()
    if not page.fragment:
        return redirect("desk:home")
    return page.render("desk/mine.html", {**lists.my_work(page), "list_name": lists.chosen(page)})
