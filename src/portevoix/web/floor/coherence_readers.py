"""The same saved answers on both sides: who has read the newest version, by organisation and team."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.views.decorators.http import require_GET

from portevoix.actions.errors import NotAllowed
from portevoix.reports import coherence as report
from portevoix.store import coherence as store
from portevoix.web.desk.page import Page, desk_view

if TYPE_CHECKING:
    from django.http import HttpResponseBase


def _organisations(page: Page) -> list[int] | None:
    """Whose people one sees; None: everybody's. Raises ``NotAllowed``."""
    if not report.allowed(page.who):
        raise NotAllowed("figures")
    return None if report.sees_all(page.who) else [page.who.rule.organisation_id]


@require_GET
@desk_view
def listing(page: Page) -> HttpResponseBase:
    """Every answer in use, with how many know it as it is now."""
    rows = store.rows(page.conn, "readers", organisations=_organisations(page), answer_id=None)
    answers = []
    for _key, group in groupby(rows, key=lambda row: row["id"]):
        teams = list(group)
        answers.append({**teams[0], "organisations": _by_organisation(teams)})
    return page.render("floor/coherence_readers.html", {"answers": answers})


def _by_organisation(teams: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for name, group in groupby(teams, key=lambda row: row["organisation"]):
        mine = list(group)
        people, readers = sum(row["people"] for row in mine), sum(row["readers"] for row in mine)
        found.append(
            {"name": name, "people": people, "readers": readers, "all": people == readers, "teams": mine}
        )
    return found


@require_GET
@desk_view
def one(page: Page, answer_id: int) -> HttpResponseBase:
    """An answer: by team, and who has not read it yet."""
    organisations = _organisations(page)
    teams = store.rows(page.conn, "readers", organisations=organisations, answer_id=answer_id)
    if not teams:
        raise Http404
    missing = store.rows(page.conn, "not_readers", organisations=organisations, answer_id=answer_id)
    return page.render(
        "floor/coherence_answer.html", {"answer": teams[0], "teams": teams, "missing": missing}
    )
