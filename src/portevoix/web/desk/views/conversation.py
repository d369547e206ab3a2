"""A conversation: the page, the pane, what is new in it, the printable one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import access, conversations
from portevoix.store import desk
from portevoix.web.desk import pane, thread
from portevoix.web.desk import why as reasons
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.desk.views.work import work_context
from portevoix.web.telling import writing

if TYPE_CHECKING:
    from django.http import HttpResponseBase


@require_GET
@desk_view
def show(page: Page, conversation_id: int) -> HttpResponseBase:
    """The conversation in its pane, the person beside it; a merged one leads to what it became."""
    row = access.conversation(page.conn, page.who, conversation_id)
    if row["merged_into"] is not None:
        return HttpResponseRedirect(reverse("desk:conversation", args=[row["merged_into"]]))
    context = pane.everything(page, row)
    if page.fragment:
        response = page.render("desk/opened.html", context)
        response["HX-Push-Url"] = reverse("desk:conversation", args=[conversation_id])
        return response
    return page.render("desk/desk.html", {**work_context(page), **context})


def _number(text: str | None) -> int:
    try:
        return max(0, int(text or 0))
    except ValueError:
        return 0


def news(page: Page, row: dict[str, Any], message: int, event: int) -> dict[str, Any]:
    """What came after the last message and event that a browser shows."""
    return {
        **pane.head(page, row),
        "thread": thread.read(page, row["id"], after=message, after_event=event),
        "states": desk.rows(page.conn, "message_states", id=row["id"]),
    }


@require_GET
@desk_view
def whats_new(page: Page, conversation_id: int) -> HttpResponseBase:
    """New messages and events to append, the head as it stands: what is read and written stays in its place."""
    row = access.conversation(page.conn, page.who, conversation_id)
    if row["merged_into"] is not None:
        return page.render("desk/absorbed.html", {"into": row["merged_into"]})
    asked = page.request.GET
    context = news(page, row, _number(asked.get("message")), _number(asked.get("event")))
    if asked.get("entier") == "1":  # a merge or a split: messages came in between, or went
        context["whole"] = thread.read(page, row["id"])
    if asked.get("pas") not in (None, "", context["step"]):  # a colleague changed what there is to do
        context |= {**pane.composer(page, row), **pane.moves(page, row), "paint_composer": True}
        context["person"] = access.person(page.conn, page.who, row["now_person_id"])
    context["announce_new"] = any(e.message and e.message["kind"] == "in" for e in context["thread"].entries)
    return page.render("desk/news.html", context)


@require_GET
@desk_view
def earlier(page: Page, conversation_id: int) -> HttpResponseBase:
    """The page of messages before the first one shown."""
    row = access.conversation(page.conn, page.who, conversation_id)
    before = _number(page.request.GET.get("avant")) or None
    context = {**pane.head(page, row), "thread": thread.read(page, row["id"], before=before)}
    if page.fragment:
        return page.render("desk/entries.html", context)
    return page.render("desk/desk.html", {**work_context(page), **pane.everything(page, row), **context})


@require_GET
@desk_view
def printable(page: Page, conversation_id: int) -> HttpResponseBase:
    """The conversation on paper."""
    row = access.conversation(page.conn, page.who, conversation_id)
    first = thread.read(page, row["id"])
    entries = list(first.entries)
    before = first.earlier
    for _page in range(20):
        if before is None:
            break
        more = thread.read(page, row["id"], before=before)
        entries[:0] = more.entries
        before = more.earlier
    person = pane.person(page, row["now_person_id"])
    return page.render(
        "desk/printable.html",
        {**pane.head(page, row), **person, "entries": entries, "cut": before is not None},
    )


@require_POST
@desk_view
def writes(page: Page, conversation_id: int) -> HttpResponseBase:
    """I am writing here; answers who else is."""
    row = access.conversation(page.conn, page.who, conversation_id)
    if page.request.POST.get("moi") == "1":
        conversations.writing(page.conn, conversation_id, page.who.id, page.now)
        writing(row["line_id"], conversation_id)
    return writers(page, conversation_id)


@require_GET
@desk_view
def who_writes(page: Page, conversation_id: int) -> HttpResponseBase:
    """Who else is writing in the conversation now."""
    access.conversation(page.conn, page.who, conversation_id)
    return writers(page, conversation_id)


def writers(page: Page, conversation_id: int) -> HttpResponse:
    """The line above the reply box."""
    found = conversations.writers(page.conn, conversation_id, page.now, but=page.who.id)
    names = [row["name"] for row in found]
    if not names:
        return HttpResponse("")
    if len(names) == 1:
        text = _("%s écrit aussi dans cette conversation.") % names[0]
    else:
        text = _("%s écrivent aussi dans cette conversation.") % ", ".join(names)
    return page.render("desk/writers.html", {"text": text})


@require_GET
@desk_view
def why(page: Page, conversation_id: int) -> HttpResponseBase:
    """Why it came to whom it came."""
    row = access.conversation(page.conn, page.who, conversation_id)
    if row["merged_into"] is not None:
        return HttpResponseRedirect(reverse("desk:why", args=[row["merged_into"]]))
    last = desk.row(page.conn, "last_contact", id=conversation_id)
    context = {
        "conversation": row,
        "offers": reasons.offers(page, conversation_id),
        "allotted": reasons.allotted(page, last["id"] if last else None),
    }
    return page.render("desk/why.html", context)
