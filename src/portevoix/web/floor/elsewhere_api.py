"""The calls for an organisation's own platform: what it was given, and its results. docs/platform-api.md.

``Authorization: Bearer pv_…``; the token says whose calls these are, so one organisation cannot name another's contacts: what is not
its own does not exist for it. No cookie, no session, no other right.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import orjson
import psycopg
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from psycopg_pool import PoolTimeout

from portevoix.actions import elsewhere
from portevoix.actions import elsewhere_results as results_
from portevoix.web.database import database, now
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

PAGE: Final = 100
#: Calls of one organisation within a minute, in one process; and of all who have no good token.
A_MINUTE: Final = 300


class _Counter:
    """How many calls of whom in this minute."""

    def __init__(self) -> None:
        self._seen: OrderedDict[object, tuple[int, int]] = OrderedDict()

    def full(self, who: object) -> bool:
        minute = int(time.monotonic() // 60)
        at, count = self._seen.pop(who, (minute, 0))
        count = count + 1 if at == minute else 1
        self._seen[who] = (minute, count)
        while len(self._seen) > 1000:
            self._seen.popitem(last=False)
        return count > A_MINUTE


_counter = _Counter()
Call = Callable[[HttpRequest, "Connection", int, "datetime"], JsonResponse]


def _call(work: Call) -> Callable[[HttpRequest], JsonResponse]:
    """Give a call its connection and whose it is."""

    @wraps(work)
    def answer(request: HttpRequest) -> JsonResponse:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            with database() as conn:
                at = now(conn)
                known = elsewhere.organisation_of(conn, token.strip(), at) if kind == "Bearer" else None
                if _counter.full(known if known is not None else request.META.get("REMOTE_ADDR")):
                    return _said(429, "too many calls within a minute", **{"Retry-After": "60"})
                if known is None:
                    return _said(401, "a token that is good was expected", **{"WWW-Authenticate": "Bearer"})
                return work(request, conn, known, at)
        except (psycopg.OperationalError, PoolTimeout):
            return _said(503, "the database is away: try again in a moment", **{"Retry-After": "5"})

    return answer


def _said(status: int, text: str, **headers: str) -> JsonResponse:
    return JsonResponse({"error": text}, status=status, headers={"Cache-Control": "no-store", **headers})


@login_not_required
@require_GET
@_call
def given(request: HttpRequest, conn: Connection, organisation_id: int, _at: datetime) -> JsonResponse:
    """What the organisation has and did not return: at most a hundred, after ``?after=``."""
    rows = elsewhere.held(conn, organisation_id, number(request.GET.get("after", "")) or 0, PAGE)
    times = ("received_at", "due_at", "handed_over_at")
    shown = [{**row, **{name: row[name].isoformat() for name in times}} for row in rows]
    more = rows[-1]["contact"] if len(rows) == PAGE else None
    return JsonResponse({"contacts": shown, "after": more}, headers={"Cache-Control": "no-store"})


@csrf_exempt
@login_not_required
@require_POST
@_call
def results(request: HttpRequest, conn: Connection, organisation_id: int, at: datetime) -> JsonResponse:
    """``{"results": [{contact, their_id, answered_at, handling_s, ending, outcome}]}``: all of it or nothing."""
    try:
        rows: Any = orjson.loads(request.body)["results"] if len(request.body) <= results_.LARGEST else None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return _said(400, 'a JSON object {"results": [{...}]} of at most 20 MB was expected')
    try:
        taken, _ = results_.take_in(conn, organisation_id, list(enumerate(rows, 1)), "api", at)
    except results_.WrongResults as wrong:
        told = [
            {"result": one.row, "field": one.field, "code": one.code, "expected": results_.EXPECTED[one.code]}
            for one in wrong.mistakes[:1000]
        ]
        return JsonResponse({"error": "nothing was taken in", "mistakes": told}, status=422)
    poke()
    return JsonResponse(
        {
            "done": taken.done,
            "returned": taken.returned,
            "corrected": taken.corrected,
            "unchanged": taken.unchanged,
        }
    )
