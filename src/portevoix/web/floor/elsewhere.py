"""Organisations that answer on their own platform: what they have, the daily file, their programs' tokens.

For the house: all of them; an outsourcer's manager: their own alone. Tokens are for whoever sets up the centre.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import elsewhere, floor_acts
from portevoix.actions import elsewhere_results as results
from portevoix.actions.errors import Missing, NotAllowed
from portevoix.domain.access import Action, Thing
from portevoix.store import elsewhere as store
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import board
from portevoix.web.floor.acts import own
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase


def expected(code: str) -> str:
    """What was expected, in words."""
    return {
        "unknown": _("cette colonne n’est pas connue"),
        "number": _("un numéro de contact était attendu, comme PV-000123"),
        "words": _("votre référence était attendue, de 100 caractères au plus"),
        "twice": _("cette référence est déjà plus haut dans le fichier"),
        "moment": _("une date avec son fuseau était attendue, comme 2026-11-25T10:05:00+01:00"),
        "future": _("cette date est à venir"),
        "seconds": _("un nombre de secondes était attendu, de 0 à 604 800"),
        "ending": _("« done » ou « returned » était attendu"),
        "long": _("200 caractères au plus"),
        "too-many": _("50 000 résultats au plus à la fois"),
        "not-yours": _("ce contact ne vous a pas été confié, ou n’est plus chez vous"),
        "other-contact": _("cette référence est déjà celle d’un autre contact"),
        "contact-twice": _("ce contact est déjà plus haut dans le fichier"),
        "settled": _("la fin déjà dite était attendue ; pour la changer, reprenez le contact dans le centre"),
        "before": _("cette réponse vient avant l’arrivée du contact"),
        "columns": _("les colonnes contact, their_id, answered_at, handling_s et ending étaient attendues"),
        "file": _("un fichier CSV en UTF-8 était attendu, de 20 Mo au plus"),
    }[code]


def said(mistake: results.Mistake) -> str:
    """One mistake in words."""
    where = _("Ligne %d") % mistake.row
    return (
        f"{where}, {mistake.field} : {expected(mistake.code)}"
        if mistake.field
        else f"{where} : {expected(mistake.code)}"
    )


@require_GET
@desk_view
def show(page: Page) -> HttpResponseBase:
    """What each has and returned."""
    return _page(page)


def _page(page: Page, mistakes: list[str] | None = None, token: str = "", of: int = 0) -> HttpResponse:
    board.need(page)
    midnight = timezone.localtime(page.now).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = store.rows(
        page.conn,
        "platforms",
        organisation=own(page),
        at=page.now,
        midnight=midnight,
        overdue=page.now - elsewhere.OVERDUE,
    )
    for row in rows:
        row["away"] = (
            store.rows(page.conn, "overdue", organisation_id=row["id"], overdue=page.now - elsewhere.OVERDUE)
            if row["overdue"]
            else []
        )
    administers = page.who.may(Action.CONFIGURATION_EDIT, Thing())
    context = {
        "rows": rows,
        "mistakes": (mistakes or [])[:100],
        "more": max(0, len(mistakes or []) - 100),
        "administers": administers,
        "tokens": store.rows(page.conn, "tokens", organisation=None) if administers else [],
        "token": token,
        "of": of,
    }
    return page.render("floor/elsewhere.html", context, status=422 if mistakes else 200)


def _theirs(page: Page, organisation_id: int) -> None:
    """Raises ``Missing`` for an organisation that is not one's own, or has no platform."""
    board.need(page)
    midnight = page.now
    rows = store.rows(
        page.conn,
        "platforms",
        organisation=own(page),
        at=page.now,
        midnight=midnight,
        overdue=page.now - elsewhere.OVERDUE,
    )
    if organisation_id not in {row["id"] for row in rows}:
        raise Missing("organisation")


@require_GET
@desk_view
def file(page: Page, organisation_id: int) -> HttpResponseBase:
    """What an organisation has now, as the file it fills in: the columns of the results, with ours filled."""
    _theirs(page, organisation_id)
    french = (translation.get_language() or "fr").startswith("fr")
    text = "".join(results.sheet(elsewhere.held_all(page.conn, organisation_id), ";" if french else ","))
    headers = {
        "Content-Disposition": f'attachment; filename="confies-{page.now:%Y-%m-%d}.csv"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@desk_view
def hand_in(page: Page, organisation_id: int) -> HttpResponseBase:
    """The daily file."""
    _theirs(page, organisation_id)
    given = page.request.FILES.get("fichier")
    if not isinstance(given, UploadedFile):
        return _page(page, [_("Choisissez un fichier.")], of=organisation_id)
    content = given.read(results.LARGEST + 1)
    try:
        taken, left = results.take_in(
            page.conn, organisation_id, results.parse(content), str(given.name)[:100].replace("\x00", ""), page.now,
            right_ones=page.request.POST.get("justes") == "1",
        )  # fmt: skip
    except results.WrongResults as wrong:
        return _page(page, [said(one) for one in wrong.mistakes], of=organisation_id)
    poke()
    numbers = {
        "done": taken.done,
        "returned": taken.returned,
        "corrected": taken.corrected,
        "unchanged": taken.unchanged,
    }
    page.said(
        _(
            "Pris en compte : %(done)d traités, %(returned)d rendus, %(corrected)d corrigés, %(unchanged)d déjà connus."
        )
        % numbers
    )
    if left:
        page.said(
            _("%d lignes avec une erreur sont laissées de côté.") % len({one.row for one in left}), "warning"
        )
    return redirect("floor:elsewhere")


@require_POST
@desk_view
def take_back(page: Page, contact_id: int) -> HttpResponseBase:
    """A contact that did not come back waits for others again."""
    board.need(page)
    floor_acts.pull(page.conn, page.who, contact_id, page.now)
    poke()
    page.said(_("C’est repris : le contact attend de nouveau, à sa place, pour d’autres."))
    return redirect("floor:elsewhere")


@require_POST
@desk_view
def token(page: Page, organisation_id: int) -> HttpResponseBase:
    """A new token, shown this once."""
    if not page.who.may(Action.CONFIGURATION_EDIT, Thing()):
        raise NotAllowed("token")
    _theirs(page, organisation_id)
    name = page.request.POST.get("nom", "").replace("\x00", "")
    made = elsewhere.make_token(page.conn, organisation_id, name, page.who.id, page.now)
    response = _page(page, token=made, of=organisation_id)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@desk_view
def revoke(page: Page, token_id: int) -> HttpResponseBase:
    """It opens nothing any more."""
    if not page.who.may(Action.CONFIGURATION_EDIT, Thing()):
        raise NotAllowed("token")
    elsewhere.revoke_token(page.conn, token_id, page.who.id, page.now)
    page.said(_("Le jeton n’ouvre plus rien."))
    return redirect("floor:elsewhere")
