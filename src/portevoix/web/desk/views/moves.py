"""The moves of a contact, as buttons: accept, take, hand over, put aside, note the subject, close, reopen."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.actions import access, contacts, conversations, messages, targets
from portevoix.actions.errors import Invalid, Missing, NotAllowed, Refused, TooLate
from portevoix.domain.access import Action
from portevoix.store import desk
from portevoix.web.desk import answer, pane
from portevoix.web.desk.moments import parse_wake
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.desk.refusals import sentence
from portevoix.web.desk.text import spaced
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from django.http import HttpResponseBase

Act = Callable[[Page, dict[str, Any]], "HttpResponseBase"]


def move(action: Action) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """A move on the conversation of the address: got through the one door; a refusal comes with the fresh state."""

    def decorator(act: Act) -> Callable[..., HttpResponseBase]:
        @require_POST
        @desk_view
        @wraps(act)
        def view(page: Page, conversation_id: int) -> HttpResponseBase:
            try:
                row = access.conversation(page.conn, page.who, conversation_id, action)
                return act(page, row)
            except Missing:
                raise
            except Refused as refused:
                asked = page.request.POST.get("quoi", "")
                if not page.fragment and isinstance(refused, Invalid) and asked:
                    page.said(sentence(refused), "danger")
                    return redirect(
                        reverse("desk:act", args=[conversation_id]) + "?" + urlencode({"quoi": asked})
                    )
                late = isinstance(refused, TooLate | NotAllowed)
                return answer.after(page, conversation_id, sentence(refused), tone="danger", composer=late)

        return view

    return decorator


def _contact(row: dict[str, Any]) -> int:
    if row["contact_id"] is None or row["closed_at"] is not None:
        raise TooLate("closed")
    return int(row["contact_id"])


@require_POST
@desk_view
def accept(page: Page, contact_id: int) -> HttpResponseBase:
    """Accept what is offered to me, and go there."""
    try:
        conversation_id = contacts.accept(page.conn, contact_id, page.who.id, page.now)
    except TooLate as late:
        return answer.work(page, sentence(late), tone="warning")
    return answer.opened(page, conversation_id, _("La conversation est à vous."))


@require_POST
@desk_view
def decline(page: Page, contact_id: int) -> HttpResponseBase:
    """Decline: it is offered to others first."""
    try:
        contacts.decline(page.conn, contact_id, page.who.id, page.now)
    except TooLate as late:
        return answer.work(page, sentence(late), tone="warning")
    return answer.work(page, _("Proposition déclinée. La conversation reste dans la file."))


@move(Action.CONTACT_TAKE)
def take(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Pick from the queue."""
    contacts.take(page.conn, _contact(row), page.who.id, page.now)
    return answer.after(page, row["id"], _("La conversation est à vous."), focus="reply-body")


@move(Action.CONTACT_PARK)
def resume(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Take up again what I parked, or what I was concluding."""
    act = contacts.wake if row["state"] == "parked" else contacts.resume
    act(page.conn, _contact(row), page.who.id, page.now)
    return answer.after(page, row["id"], _("Vous avez repris la conversation."), focus="reply-body")


@move(Action.CONTACT_TRANSFER)
def transfer(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """To a line or to an adviser of it, with a word for whoever comes next."""
    line, _sep, adviser = page.request.POST.get("destination", "").partition(":")
    lines = {one["id"]: one["name"] for one in desk.rows(page.conn, "all_lines")}
    line_id = number(line)
    if line_id is None or line_id not in lines:
        raise Invalid("line-unknown")
    to_account: int | None = None
    if adviser:
        there = desk.rows(page.conn, "advisers_of_lines", lines=[line_id])
        to_account = number(adviser)
        if to_account not in {one["id"] for one in there}:
            raise Invalid("adviser-unknown")
    note = spaced(page.request.POST.get("note", ""))
    with page.conn.transaction():
        if note:
            messages.note(
                page.conn, conversation_id=row["id"], account_id=page.who.id, body=note, at=page.now
            )
        contacts.transfer(
            page.conn,
            _contact(row),
            page.who.id,
            line_id=line_id,
            to_account_id=to_account,
            due_at=row["due_at"]
            if line_id == row["line_id"]
            else targets.due_at(page.conn, line_id, page.now),
            at=page.now,
        )
    said = _("Conversation transmise à %s.") % lines[line_id]
    try:
        return answer.after(page, row["id"], said, focus="conversation-title")
    except Missing:  # it went to a line that I do not see
        return answer.away(page, said)


@move(Action.CONTACT_PARK)
def park(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Aside until a moment."""
    wake_at = parse_wake(page.request.POST, page.now)
    contacts.park(page.conn, _contact(row), page.who.id, wake_at, page.now)
    return answer.after(page, row["id"], _("Conversation mise en attente."), focus="conversation-title")


@move(Action.CONTACT_CLOSE)
def subject(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Why the person came."""
    contacts.choose_subject(page.conn, _contact(row), page.who.id, pane.chosen_subject(page, row), page.now)
    return answer.after(page, row["id"], _("Motif enregistré."), composer=False)


@move(Action.CONTACT_CLOSE)
def close(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Done. Where the line has subjects one is chosen first."""
    contact_id = _contact(row)
    chosen = pane.chosen_subject(page, row) or row["subject_id"]
    if chosen is None and row["has_subjects"]:
        raise Invalid("subject-required")
    note = spaced(page.request.POST.get("note", ""))
    with page.conn.transaction():
        if note:
            messages.note(
                page.conn, conversation_id=row["id"], account_id=page.who.id, body=note, at=page.now
            )
        contacts.close(
            page.conn,
            contact_id,
            page.who.id,
            subject_id=chosen,
            anybody=page.who.supervises,
            seen=number(page.request.POST.get("message_vu", "")),
            at=page.now,
        )
    return answer.after(page, row["id"], _("Conversation close."), focus="conversation-title")


@move(Action.CONTACT_CLOSE)
def wrap(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """The person has an answer; the subject and a note come later."""
    contacts.wrap_up(page.conn, _contact(row), page.who.id, page.now)
    said = _("À conclure plus tard : la conversation reste dans votre travail.")
    return answer.after(page, row["id"], said, focus="conversation-title")


@move(Action.CONVERSATION_REPLY)
def rename(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Another title among colleagues."""
    conversations.rename(
        page.conn,
        conversation_id=row["id"],
        account_id=page.who.id,
        subject=page.request.POST.get("objet", ""),
        at=page.now,
    )
    return answer.after(page, row["id"], _("Conversation renommée."), composer=False)


@move(Action.CONTACT_REOPEN)
def reopen(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Take a closed conversation up again."""
    due_at = targets.due_at(page.conn, row["line_id"], page.now)
    contacts.reopen(page.conn, row["id"], page.who.id, due_at, page.now)
    return answer.after(page, row["id"], _("Conversation rouverte : elle est à vous."), focus="reply-body")


@move(Action.CONVERSATION_MERGE)
def merge(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """Another conversation becomes part of this one."""
    form = page.request.POST
    other = (
        (form.get("autre", "").strip() or form.get("choix", ""))
        .rsplit("/c/", 1)[-1]
        .strip("/# ")
        .removeprefix("PV-")
    )
    other_id = number(other)
    if other_id is None:
        raise Invalid("conversation-unknown")
    if other_id == row["id"]:
        raise Invalid("same-conversation")
    try:
        access.conversation(page.conn, page.who, other_id, Action.CONVERSATION_MERGE)
    except Missing:
        raise Invalid("conversation-unknown") from None
    conversations.merge(page.conn, into_id=row["id"], other_id=other_id, account_id=page.who.id, at=page.now)
    return answer.opened(page, row["id"], _("Les deux conversations n’en font plus qu’une."))


@move(Action.CONVERSATION_SPLIT)
def split(page: Page, row: dict[str, Any]) -> HttpResponseBase:
    """From a message on, another matter."""
    chosen = number(page.request.POST.get("message", ""))
    message = access.message(page.conn, page.who, chosen) if chosen is not None else None
    if message is None or message["conversation_id"] != row["id"]:
        raise Invalid("message-unknown")
    new_id = conversations.split(
        page.conn,
        conversation_id=row["id"],
        message_id=message["id"],
        account_id=page.who.id,
        due_at=targets.due_at(page.conn, row["line_id"], page.now),
        at=page.now,
    )
    return answer.opened(page, new_id, _("La suite est maintenant une conversation à part."))
