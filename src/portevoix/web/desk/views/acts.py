"""The forms of the acts on a conversation: as a page of their own (no script is needed), or as the inside of a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from portevoix.actions import access
from portevoix.domain.access import Action
from portevoix.web.desk import pane, thread
from portevoix.web.desk.page import Page, desk_view

if TYPE_CHECKING:
    from django.http import HttpResponseBase

#: Word in the address -> title of the page, and what one must be allowed to do.
ACTS = {
    "transferer": (_("Transférer"), Action.CONTACT_TRANSFER),
    "attendre": (_("Mettre en attente"), Action.CONTACT_PARK),
    "motif": (_("Motif"), Action.CONTACT_CLOSE),
    "clore": (_("Clore la conversation"), Action.CONTACT_CLOSE),
    "fusionner": (_("Fusionner avec une autre conversation"), Action.CONVERSATION_MERGE),
    "scinder": (_("Scinder à partir d’un message"), Action.CONVERSATION_SPLIT),
    "renommer": (_("Renommer la conversation"), Action.CONVERSATION_REPLY),
}


@require_GET
@desk_view
def show(page: Page, conversation_id: int) -> HttpResponseBase:
    """The form of one act, chosen by its word."""
    access.conversation(page.conn, page.who, conversation_id)
    act = page.request.GET.get("quoi", "renommer")
    if act not in ACTS:
        raise Http404
    title, action = ACTS[act]
    row = access.conversation(page.conn, page.who, conversation_id, action)
    context: dict[str, Any] = {**pane.head(page, row), "act": act, "act_title": title}
    if act in ("transferer", "motif", "clore"):
        context |= pane.moves(page, row)
    elif act == "fusionner":
        context |= _others(page, row)
    elif act == "scinder":
        context |= _choices(page, row)
    return page.render("desk/act_form.html" if page.fragment else "desk/act_page.html", context)


def _others(page: Page, row: dict[str, Any]) -> dict[str, Any]:
    """The person's other conversations that one sees, the last moved first."""
    history = pane.person(page, row["now_person_id"])["history"]
    return {"others": [one for one in history if one["visible"] and one["id"] != row["id"]][:8]}


def _choices(page: Page, row: dict[str, Any]) -> dict[str, Any]:
    """The messages at which one can part: not notes, and not the very first."""
    read = thread.read(page, row["id"])
    shown = [entry.message for entry in read.entries if entry.message]
    parting = shown if read.earlier else shown[1:]
    return {"choices": [message for message in parting if message["kind"] != "note"]}
