"""What the reply box offers to a browser that runs no script: each button comes back with the text as the draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from portevoix.actions import access, drafts, messages, uploads
from portevoix.actions.drafts import DraftChanged
from portevoix.actions.errors import Invalid
from portevoix.domain import answers
from portevoix.store import desk
from portevoix.web.desk.composing import read_recipients, variables
from portevoix.web.desk.refusals import sentence
from portevoix.web.desk.text import spaced
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.files.uploadedfile import UploadedFile

    from portevoix.web.desk.page import Page

_TRIES = 3


def keep(page: Page, row: dict[str, Any], more: str = "") -> None:
    """What was typed becomes the draft, with ``more`` below it. What a colleague saved meanwhile stays above: nobody's
    words are lost."""
    form = page.request.POST
    body = "\n\n".join(piece for piece in (spaced(form.get("body", "")), more) if piece)
    if not body:
        return
    try:
        recipients = read_recipients(form.get("to", ""), form.get("cc", ""))
    except Invalid:
        recipients = []
    version = number(form.get("version", "")) or None
    for _again in range(_TRIES):
        try:
            drafts.save(
                page.conn,
                conversation_id=row["id"],
                account_id=page.who.id,
                body=body,
                recipients=recipients,
                version=version,
                at=page.now,
            )
        except DraftChanged as changed:
            version = changed.other["version"] if changed.other else None
            theirs = changed.other["body"] if changed.other else ""
            if theirs.strip() and theirs.strip() not in body:
                body = f"{theirs}\n\n{body}"
        else:
            return


def saved_text(page: Page, row: dict[str, Any], answer_id: int) -> tuple[str, list[str]] | None:
    """A saved answer filled for this conversation, and what is missing in it; None when the line has no such."""
    found = desk.row(page.conn, "saved_answer", id=answer_id)
    if found is None or found["line_id"] not in (None, row["line_id"]):
        return None
    person = access.person(page.conn, page.who, row["now_person_id"])
    text, missing = answers.fill(found["body"], variables(page, row, person))
    return text, list(missing)


def add_file(page: Page, row: dict[str, Any], file: UploadedFile[bytes]) -> str:
    """Put a file beside the draft; gives what is wrong with it, or nothing."""
    try:
        uploads.add(
            page.conn,
            conversation_id=row["id"],
            account_id=page.who.id,
            name=file.name or "",
            type=file.content_type or "application/octet-stream",
            content=file.read(uploads.FILE_BYTES + 1),  # one more than allowed is refused there
            at=page.now,
        )
    except Invalid as refused:
        return f"{file.name} : {sentence(refused)}"
    return ""


def _attach(page: Page, row: dict[str, Any]) -> None:
    keep(page, row)
    files = page.request.FILES.getlist("fichiers")
    problems = [problem for file in files if (problem := add_file(page, row, file))]
    if problems:
        page.said(" ".join(problems), "danger")
    elif files:
        page.said(_("Fichier joint.") if len(files) == 1 else _("Fichiers joints."))
    else:
        page.said(_("Choisissez d’abord un fichier."), "warning")


def _insert(page: Page, row: dict[str, Any]) -> None:
    chosen = number(page.request.POST.get("reponse", ""))
    found = saved_text(page, row, chosen) if chosen else None
    keep(page, row, found[0] if found else "")
    if found is None:
        page.said(_("Choisissez d’abord une réponse enregistrée."), "warning")
    elif found[1]:
        page.said(_("À compléter avant l’envoi : %s.") % ", ".join(found[1]), "warning")


def _quote(page: Page, row: dict[str, Any]) -> None:
    keep(page, row, messages.quotation(page.conn, row["id"]))


#: What the buttons are called in the form.
TOOLS: dict[str, Callable[[Page, dict[str, Any]], None]] = {
    "joindre": _attach,
    "inserer": _insert,
    "citer": _quote,
}
