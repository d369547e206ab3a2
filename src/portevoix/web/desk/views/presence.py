"""Presence and the live connection: available, paused, away; the browser's sign of life; the token of the live feed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import presence
from portevoix.actions.errors import Invalid
from portevoix.realtime import token as live_token
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.desk.refusals import sentence
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from django.http import HttpResponseBase

STATES = ("available", "paused", "away", "offline")


def _shown(page: Page, said: str = "", tone: str = "info") -> HttpResponseBase:
    poke()
    if not page.fragment:
        if said:
            page.said(said, tone)
        back = urlsplit(page.request.headers.get("Referer", "")).path
        # "//elsewhere" as a path is another host to a browser.
        return redirect(back if url_has_allowed_host_and_scheme(back, None) else "desk:home")
    context = {"presence": presence.menu(page.conn, page.who.id), "said": said, "tone": tone}
    response = page.render("desk/presence.html", context)
    response["HX-Trigger"] = "pv:mine"
    return response


@require_POST
@desk_view
def change(page: Page) -> HttpResponseBase:
    """Declare where one is."""
    state = page.request.POST.get("etat", "")
    reason = page.request.POST.get("raison", "")[:80].strip()
    if state == "paused" and not reason:
        reason = _("Pause")
    if state in ("site", "home"):
        presence.work_from(page.conn, page.who.id, state, page.now)
        return _shown(page, _("C’est noté."))
    if state == "prolong":
        try:
            presence.prolong(page.conn, page.who.id, page.now)
        except Invalid as refused:
            return _shown(page, sentence(refused), "danger")
        return _shown(page, _("C’est prolongé, une fois."))
    if state not in STATES:
        return _shown(page, sentence(Invalid("presence")), "danger")
    try:
        presence.set_state(page.conn, page.who.id, state, reason if state == "paused" else "", page.now)
    except Invalid as refused:
        return _shown(page, sentence(refused), "danger")
    return _shown(page)


@require_POST
@desk_view
def beat(page: Page) -> HttpResponseBase:
    """Every 20 s: the browser is there. When the centre sees another presence, the menu is painted anew."""
    state = presence.seen(page.conn, page.who.id, page.now)
    if state == page.request.POST.get("etat", ""):
        return HttpResponse(status=204)
    response = page.render("desk/presence.html", {"presence": presence.menu(page.conn, page.who.id)})
    response["HX-Trigger"] = "pv:mine"
    return response


@require_GET
@desk_view
def token(page: Page) -> HttpResponseBase:
    """What opens the live feed for this account and its lines, for a while."""
    topics = [f"account.{page.who.id}", *(f"line.{line_id}" for line_id in sorted(page.who.lines))]
    made = live_token.make(settings.SECRET_KEY.encode(), page.who.id, topics, time.time())
    return JsonResponse({"token": made})
