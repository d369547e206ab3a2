"""What every view of the desk is given, and how a refusal becomes a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import psycopg
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from psycopg_pool import PoolTimeout

from portevoix.actions import access
from portevoix.actions.errors import Missing, NotAllowed, Refused
from portevoix.web.database import database, now
from portevoix.web.desk.refusals import sentence
from portevoix.web.ui import errors as error_pages

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Page:
    """One request at the desk: who asks, the connection for its work, and the moment it happens."""

    request: HttpRequest
    conn: Connection
    who: access.Actor
    now: datetime

    @property
    def fragment(self) -> bool:
        """Asked by htmx for a piece of a page (not for its history: that wants the page)."""
        headers = self.request.headers
        return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"

    def render(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """The template with who asks and the time in it."""
        return render(self.request, template, {"who": self.who, "now": self.now, **context}, status=status)

    def said(self, text: str, tone: str = "success") -> None:
        """A sentence for the next whole page."""
        level = {"success": messages.SUCCESS, "danger": messages.ERROR, "warning": messages.WARNING}
        messages.add_message(self.request, level.get(tone, messages.INFO), text)


View = Callable[..., HttpResponseBase]
P = ParamSpec("P")


def desk_view(view: Callable[Concatenate[Page, P], HttpResponseBase]) -> View:
    """Give the view its page; turn what it may not see into 404, what it may not do into a sentence."""

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            with database() as conn:
                page = Page(request, conn, access.actor(conn, request.user.pk or 0), now(conn))
                return view(page, *args, **kwargs)
        except (Missing, psycopg.errors.NumericValueOutOfRange):
            # A number no row can have is a number that does not exist.
            raise Http404 from None
        except NotAllowed as refused:
            return _refused(request, refused, 403)
        except Refused as refused:
            return _refused(request, refused, 409)
        except (psycopg.OperationalError, PoolTimeout):
            log.exception("the database is away")
            return error_pages.unavailable(request)

    return answer


def _refused(request: HttpRequest, refused: Refused, status: int) -> HttpResponse:
    text = sentence(refused)
    if request.headers.get("HX-Request") == "true":
        # 422: what the look's script paints although it is no success.
        response = render(request, "desk/said.html", {"text": text, "tone": "danger"}, status=422)
        response["HX-Retarget"] = "#said"
        response["HX-Reswap"] = "innerHTML"
        return response
    if request.method == "POST":
        messages.error(request, text)
        return redirect("desk:home")
    return render(request, "desk/refused.html", {"text": text}, status=status)
