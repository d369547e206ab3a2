"""Answers, notes, drafts and the files beside them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import access, contacts, drafts, messages, uploads
from portevoix.actions.errors import Invalid, Missing, NotAllowed, Refused, TooLate
from portevoix.domain.access import Action
from portevoix.store import desk
from portevoix.web import environment as env
from portevoix.web.desk import answer, pane
from portevoix.web.desk.composing import read_recipients
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.desk.refusals import sentence
from portevoix.web.desk.text import spaced
from portevoix.web.desk.views import plain
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from django.http import HttpResponseBase

UNDO_SECONDS = 10


def _mine(page: Page, row: dict[str, Any]) -> None:
    """An answer is written by who holds the conversation."""
    if row["contact_id"] is None or row["closed_at"] is not None:
        raise TooLate("closed")
    if row["holder_id"] != page.who.id:
        raise NotAllowed("not-yours")


def _uuids(values: list[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(value) for value in values]
    except ValueError:
        raise Invalid("upload-unknown") from None


@require_POST
@desk_view
def reply(page: Page, conversation_id: int) -> HttpResponseBase:
    """Send; with "and close", also note the subject and close."""
    row = access.conversation(page.conn, page.who, conversation_id, Action.CONVERSATION_REPLY)
    form = page.request.POST
    closing = form.get("envoyer") == "clore"
    try:
        _mine(page, row)
        if (tool := plain.TOOLS.get(form.get("envoyer", ""))) is not None:
            tool(page, row)
            return answer.after(page, row["id"])
        subject_id = (pane.chosen_subject(page, row) if closing else None) or row["subject_id"]
        if closing and row["has_subjects"] and subject_id is None:
            raise Invalid("subject-required")
        message_id = messages.reply(
            page.conn,
            conversation_id=row["id"],
            account_id=page.who.id,
            body=spaced(form.get("body", "")),
            recipients=read_recipients(form.get("to", ""), form.get("cc", "")),
            upload_ids=_uuids(form.getlist("piece")),
            token=form.get("token", ""),
            secret=settings.SECRET_KEY.encode(),
            domain=env.text("PORTEVOIX_DOMAIN", "localhost"),
            at=page.now,
            undo_seconds=UNDO_SECONDS,
        )
        said = _("Réponse envoyée.")
        if closing:
            said = _close(page, row, subject_id)
    except Missing:
        raise
    except Refused as refused:
        kept = isinstance(refused, Invalid)
        if not page.fragment:
            plain.keep(page, row)
        return answer.after(page, conversation_id, sentence(refused), tone="danger", composer=not kept)

    return answer.after(
        page,
        row["id"],
        said,
        undo=reverse("desk:undo", args=[message_id]),
        seconds=UNDO_SECONDS,
        focus="conversation-title" if closing else "",
        show=f"message-{message_id}",
    )


def _close(page: Page, row: dict[str, Any], subject_id: int | None) -> str:
    """What to say of an answer that was sent with "and close"."""
    seen = number(page.request.POST.get("message_vu", ""))
    try:
        contacts.close(
            page.conn, int(row["contact_id"]), page.who.id, subject_id=subject_id, seen=seen, at=page.now
        )
    except TooLate as late:
        if late.code != "client-wrote":
            raise
        return _("Réponse envoyée. La personne vient d’écrire de nouveau : la conversation reste ouverte.")
    return _("Réponse envoyée, conversation close.")


@require_POST
@desk_view
def undo(page: Page, message_id: int) -> HttpResponseBase:
    """Call an answer back within its seconds: its text is in the reply box again."""
    message = access.message(page.conn, page.who, message_id)
    if message["author_id"] != page.who.id and not page.who.supervises:
        raise NotAllowed("not-yours")
    conversation_id = message["conversation_id"]
    try:
        messages.undo(page.conn, message_id=message_id, account_id=page.who.id, at=page.now)
    except TooLate as late:
        return answer.after(page, conversation_id, sentence(late), tone="danger")
    return answer.after(
        page,
        conversation_id,
        _("Envoi annulé. Votre texte est de nouveau dans le brouillon."),
        focus="reply-body",
    )


@require_POST
@desk_view
def retry(page: Page, message_id: int) -> HttpResponseBase:
    """Try a mail again that could not be sent: to those who did not get it."""
    message = access.message(page.conn, page.who, message_id, Action.CONVERSATION_REPLY)
    try:
        messages.retry(page.conn, message_id=message_id, account_id=page.who.id, at=page.now)
    except TooLate as late:
        return answer.after(page, message["conversation_id"], sentence(late), tone="danger", composer=False)
    said = _("Nouvel envoi demandé.")
    return answer.after(page, message["conversation_id"], said, composer=False, focus=f"message-{message_id}")


@require_POST
@desk_view
def note(page: Page, conversation_id: int) -> HttpResponseBase:
    """A word between colleagues; never leaves the house."""
    row = access.conversation(page.conn, page.who, conversation_id, Action.NOTE_WRITE)
    try:
        messages.note(
            page.conn,
            conversation_id=row["id"],
            account_id=page.who.id,
            body=spaced(page.request.POST.get("note", "")),
            at=page.now,
        )
    except Invalid as refused:
        return answer.after(page, row["id"], sentence(refused), tone="danger", composer=False)
    return answer.after(
        page, row["id"], _("Note ajoutée."), composer=False, show="last-message", extra={"note_done": True}
    )


@require_POST
@desk_view
def draft(page: Page, conversation_id: int) -> HttpResponseBase:
    """Keep what is being written. A colleague's change in between is shown, never overwritten."""
    row = access.conversation(page.conn, page.who, conversation_id, Action.CONVERSATION_REPLY)
    form = page.request.POST
    body = form.get("body", "").replace("\r\n", "\n").replace("\0", "")
    try:
        recipients = read_recipients(form.get("to", ""), form.get("cc", ""))
    except Invalid:
        recipients = None  # half typed
    version = form.get("version", "")
    try:
        saved = drafts.save(
            page.conn,
            conversation_id=row["id"],
            account_id=page.who.id,
            body=body,
            recipients=recipients or [],
            version=number(version) or None,
            at=page.now,
        )
    except TooLate:
        now = drafts.get(page.conn, row["id"])
        return page.render("desk/draft_conflict.html", {"draft": now, "conversation": row})
    return page.render("desk/draft_saved.html", {"version": saved, "saved_at": page.now})


@require_POST
@desk_view
def discard(page: Page, conversation_id: int) -> HttpResponseBase:
    """Throw the draft away."""
    row = access.conversation(page.conn, page.who, conversation_id, Action.CONVERSATION_REPLY)
    drafts.discard(page.conn, conversation_id=row["id"])
    return answer.after(page, row["id"], _("Brouillon supprimé."), focus="reply-body")


@require_POST
@desk_view
def attach(page: Page, conversation_id: int) -> HttpResponseBase:
    """Put files beside the draft."""
    row = access.conversation(page.conn, page.who, conversation_id, Action.CONVERSATION_REPLY)
    problems = [plain.add_file(page, row, file) for file in page.request.FILES.getlist("fichiers")]
    return _files(page, row, next(filter(None, reversed(problems)), ""))


def _files(page: Page, row: dict[str, Any], problem: str = "") -> HttpResponseBase:
    if not page.fragment:
        return answer.after(page, row["id"], problem, tone="danger")
    context = {"conversation": row, "uploads": pane.drafts_uploads(page, row["id"]), "problem": problem}
    return page.render("desk/uploads.html", context)


@require_POST
@desk_view
def detach(page: Page, upload_id: uuid.UUID) -> HttpResponseBase:
    """Take a file away again."""
    file = access.upload(page.conn, page.who, upload_id, Action.CONVERSATION_REPLY)
    row = access.conversation(page.conn, page.who, file["conversation_id"])
    uploads.remove(page.conn, upload_id=upload_id, conversation_id=row["id"])
    return _files(page, row)


@require_GET
@desk_view
def saved_answer(page: Page, conversation_id: int, answer_id: int) -> HttpResponseBase:
    """A saved answer filled for this conversation; what is missing is named."""
    row = access.conversation(page.conn, page.who, conversation_id)
    found = plain.saved_text(page, row, answer_id)
    if found is None:
        raise Http404
    text, missing = found
    warning = ""
    if missing:
        warning = _("À compléter avant l’envoi : %s.") % ", ".join(missing)
    return JsonResponse({"text": text, "missing": missing, "warning": warning})


@require_GET
@desk_view
def saved_answers(page: Page, conversation_id: int) -> HttpResponseBase:
    """The saved answers of the line, to pick from."""
    row = access.conversation(page.conn, page.who, conversation_id)
    found = desk.rows(page.conn, "saved_answers", line_id=row["line_id"])
    return page.render("desk/saved_answers.html", {"answers": found, "conversation": row})
