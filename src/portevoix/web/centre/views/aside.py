"""Mails that could not be taken in: read why, download, try again, or set them down for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.actions import aside, configuration
from portevoix.actions.errors import Missing, TooLate
from portevoix.actions.inbound import Outcome
from portevoix.store import configuration as store
from portevoix.web.centre.rights import me, my_lines
from portevoix.web.database import database, now

_STATES = {"": ["aside"], "classes": ["dismissed"], "repris": ["taken"]}
_PAGE = 50


class _Rows(Sequence[dict[str, Any]]):
    """What a Paginator needs: a count and a slice, each one query."""

    def __init__(self, states: list[str], lines: list[int] | None) -> None:
        self.asked: dict[str, Any] = {"states": states, "lines": lines}

    def __len__(self) -> int:
        with database() as conn:
            found = store.row(conn, "aside_count", **self.asked)
        return int(found["n"]) if found else 0

    def __getitem__(self, part: Any) -> Any:
        with database() as conn:
            skip = part.start or 0
            return store.rows(conn, "aside", limit=part.stop - skip, skip=skip, **self.asked)


def _lines(request: HttpRequest) -> list[int] | None:
    lines = my_lines(me(request))
    return None if lines is None else sorted(lines)


def _one(request: HttpRequest, aside_id: int) -> dict[str, Any]:
    with database() as conn:
        row = store.row(conn, "aside_one", id=aside_id, lines=_lines(request))
    if row is None:
        raise Http404
    return row


def listing(request: HttpRequest) -> HttpResponse:
    """Those that wait for somebody; two more views for the others."""
    chosen = request.GET.get("etat", "")
    chosen = chosen if chosen in _STATES else ""
    page = Paginator(_Rows(_STATES[chosen], _lines(request)), _PAGE).get_page(request.GET.get("page"))
    labels = {"": _("À traiter"), "classes": _("Classés sans suite"), "repris": _("Repris")}
    tabs = [
        {"label": label, "href": f"?etat={key}" if key else "?", "current": key == chosen}
        for key, label in labels.items()
    ]
    context = {"here": "aside", "page": page, "rows": list(page.object_list), "tabs": tabs, "chosen": chosen}
    return render(request, "centre/aside.html", context)


def raw(request: HttpRequest, aside_id: int) -> HttpResponse:
    """The mail byte for byte, as a file that no browser opens by itself."""
    row = _one(request, aside_id)
    response = HttpResponse(bytes(row["content"]), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="courriel-{aside_id}.eml"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_POST
def retry(request: HttpRequest, aside_id: int) -> HttpResponse:
    """Try once more to take it in."""
    _one(request, aside_id)
    try:
        with database() as conn:
            taken = aside.retry(conn, aside_id, me(request).pk, now(conn))
    except Missing:
        messages.error(
            request, _("Aucune porte ouverte ne correspond à ce courriel. Ouvrez la porte, puis réessayez.")
        )
    except TooLate:
        messages.info(request, _("Ce courriel a déjà été traité par quelqu’un d’autre."))
    else:
        if taken.outcome is Outcome.ASIDE:
            messages.error(request, _("Le courriel ne peut toujours pas être pris ; il reste ici, entier."))
        else:
            messages.success(
                request, _("Le courriel est pris : il suit maintenant le chemin de tous les autres.")
            )
    return redirect("centre:aside")


@require_POST
def settle(request: HttpRequest, aside_id: int, dismiss: bool) -> HttpResponse:
    """Nothing to do with it, or take that back."""
    _one(request, aside_id)
    act = configuration.dismiss_aside if dismiss else configuration.restore_aside
    try:
        with database() as conn:
            act(conn, aside_id, me(request).pk, now(conn))
    except TooLate:
        messages.info(request, _("Ce courriel a déjà été traité par quelqu’un d’autre."))
    else:
        said = (
            _("Le courriel est classé sans suite ; il reste gardé.")
            if dismiss
            else _("Le courriel est de nouveau à traiter.")
        )
        messages.success(request, said)
    return redirect("centre:aside")
