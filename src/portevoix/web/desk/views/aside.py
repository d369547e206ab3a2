"""Mails set aside, tried again from the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.actions import access, aside
from portevoix.actions.errors import Missing, TooLate
from portevoix.actions.inbound import Outcome
from portevoix.domain import answers
from portevoix.web.desk import answer
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.desk.views.work import work_context
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase


@require_POST
@desk_view
def retry(page: Page, set_aside_id: int) -> HttpResponseBase:
    """Try once more to take the mail in; its place in the list says what became of it."""
    access.set_aside(page.conn, page.who, set_aside_id)
    try:
        taken = aside.retry(page.conn, set_aside_id, page.who.id, page.now)
    except Missing:
        return _list(
            page,
            _("Aucune porte ouverte ne correspond à ce courriel. Demandez à un administrateur."),
            "danger",
        )
    except TooLate:
        return _list(page, _("Ce courriel a déjà été traité par quelqu’un d’autre."), "warning")
    if taken.outcome is Outcome.ASIDE:
        return _list(page, _("Le courriel ne peut toujours pas être pris ; il reste ici, entier."), "danger")
    if taken.conversation_id is None:
        return _list(page, _("Le courriel est pris."))
    reference = answers.reference(taken.conversation_id)
    return _list(page, _("Le courriel est pris : il est dans la conversation %s.") % reference)


def _list(page: Page, said: str, tone: str = "success") -> HttpResponseBase:
    """The list as it stands now."""
    if not page.fragment:
        poke()
        page.said(said, tone)
        return redirect("desk:list", "mis-de-cote")
    response = page.render("desk/work.html", work_context(page, "mis-de-cote"))
    return answer.with_toast(response, said, tone)
