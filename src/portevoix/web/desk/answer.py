"""What a view answers after it did something: what changed, in place, and a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.urls import reverse

from portevoix.actions import access
from portevoix.web.desk import lists, pane
from portevoix.web.desk.views.conversation import news
from portevoix.web.desk.views.work import work_context
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponse, HttpResponseBase

    from portevoix.web.desk.page import Page


def _number(page: Page, name: str) -> int:
    text = page.request.POST.get(name, "") or page.request.GET.get(name, "")
    return number(text) or 0


def after(
    page: Page,
    conversation_id: int,
    said: str = "",
    *,
    tone: str = "success",
    composer: bool = True,
    undo: str = "",
    seconds: int = 0,
    focus: str = "",
    show: str = "",
    status: int = 200,
    extra: dict[str, Any] | None = None,
) -> HttpResponseBase:
    """The conversation as it stands after an action: its head, what is new in the thread, my work.

    ``composer``: the reply box is painted anew (not when somebody may be writing in it).
    ``focus``: the id of what to go to, for an action that removes the button it came from.
    ``show``: the id of what to bring into view; the focus stays where it is.
    """
    poke()
    row = access.conversation(
        page.conn, page.who, conversation_id
    )  # it may have gone where one does not see it
    if not page.fragment:
        if said:
            page.said(said, tone)
        return redirect("desk:conversation", conversation_id)
    shown = _number(page, "message_vu"), _number(page, "event_vu")
    context: dict[str, Any] = {
        **news(page, row, *shown),
        **lists.my_work(page),
        "said": said,
        "tone": tone,
        "acted": True,
    }
    context["list_name"] = lists.chosen(page)
    context["tabs"] = lists.tabs(page, context["list_name"])
    if composer:
        context |= {**pane.composer(page, row), **pane.moves(page, row), "paint_composer": True}
    response = page.render("desk/after.html", {**context, **(extra or {})}, status=status)
    triggers: dict[str, Any] = {}
    if said and tone != "danger":
        triggers["pv:toast"] = {"text": said, "tone": tone, "undo": undo, "seconds": seconds}
    if focus:
        triggers["pv:go"] = {"to": focus}
    if show:
        triggers["pv:show"] = {"id": show}
    if triggers:
        response["HX-Trigger-After-Settle"] = json.dumps(triggers)
    return response


def with_toast(response: HttpResponse, said: str, tone: str = "success") -> HttpResponse:
    """The answer, with a sentence; the other processes are told that something happened."""
    poke()
    response["HX-Trigger-After-Settle"] = json.dumps({"pv:toast": {"text": said, "tone": tone}})
    return response


def opened(page: Page, conversation_id: int, said: str = "") -> HttpResponseBase:
    """Go to a conversation as a whole: its pane, the person, my work."""
    poke()
    if not page.fragment:
        if said:
            page.said(said)
        return redirect("desk:conversation", conversation_id)
    row = access.conversation(page.conn, page.who, conversation_id)
    response = page.render(
        "desk/opened.html", {**work_context(page), **pane.everything(page, row), "with_work": True}
    )
    response["HX-Push-Url"] = reverse("desk:conversation", args=[conversation_id])
    if page.request.headers.get("HX-Target") != "conversation":
        # Only where it is not the target already: htmx looks a new target up from the element that asked, and a push
        # may have replaced that one (the offer just accepted) before this answer arrives.
        response["HX-Retarget"] = "#conversation"
        response["HX-Reswap"] = "outerHTML"
    triggers: dict[str, Any] = {"pv:go": {"to": "conversation-title"}}
    if said:
        triggers["pv:toast"] = {"text": said, "tone": "success"}
    response["HX-Trigger-After-Settle"] = json.dumps(triggers)
    return response


def away(page: Page, said: str) -> HttpResponseBase:
    """The opened conversation went where one does not see it: its pane is empty again."""
    if not page.fragment:
        return work(page, said)
    poke()
    response = page.render("desk/away.html", {**lists.my_work(page), "list_name": lists.chosen(page)})
    response["HX-Push-Url"] = reverse("desk:home")
    response["HX-Retarget"], response["HX-Reswap"] = "#conversation", "outerHTML"
    triggers = {"pv:toast": {"text": said, "tone": "success"}, "pv:go": {"to": "conversation-title"}}
    response["HX-Trigger-After-Settle"] = json.dumps(triggers)
    return response


def work(page: Page, said: str = "", tone: str = "success") -> HttpResponseBase:
    """My work again, for what concerns no opened conversation."""
    poke()
    if not page.fragment:
        if said:
            page.said(said, tone)
        return redirect("desk:home")
    response = page.render("desk/mine.html", {**lists.my_work(page), "list_name": lists.chosen(page)})
    response["HX-Retarget"] = "#mine"
    response["HX-Reswap"] = "outerHTML"
    if said:
        response["HX-Trigger-After-Settle"] = json.dumps({"pv:toast": {"text": said, "tone": tone}})
    return response
