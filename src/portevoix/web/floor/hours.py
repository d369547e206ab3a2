"""Hours in each state, for planning and pay: everybody their own, who runs a floor those of its people."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portevoix.actions import floor
from portevoix.actions.presence import MISSED, PROLONGED
from portevoix.store import floor as store
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor import coherence_period
from portevoix.web.floor.coherence_file import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponseBase

#: In the order of the columns; those that are at work make up the sum.
STATES: Final = ("available", "wrap-up", "paused", "away")
AT_WORK: Final = frozenset({"available", "wrap-up", "paused"})


def clock(seconds: float) -> str:
    """Hours and minutes as on a time sheet: ``7 h 05``."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02}"


def period(page: Page) -> coherence_period.Period:
    """What was asked for; today where nothing was."""
    asked = page.request.GET
    if not asked.get("du") and not asked.get("au"):
        today = timezone.localdate(page.now)
        return coherence_period.Period(today, today)
    return coherence_period.read(asked, page.now)


def rows(page: Page, asked: coherence_period.Period) -> list[dict[str, Any]]:
    """One row a person, state and reason: of those whom one may see."""
    runs = floor.reads(page.who)
    return store.rows(
        page.conn,
        "hours",
        since=asked.from_at,
        until=asked.to_at,
        at=page.now,
        account=None if runs else page.who.id,
        organisation=None if not runs or floor.sees_all(page.who) else page.who.rule.organisation_id,
    )


def by_person(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line of the table a person: seconds in each state, and the time at work."""
    people: dict[int, dict[str, Any]] = {}
    for row in found:
        one = people.setdefault(row["id"], {**row, "states": dict.fromkeys(STATES, 0.0), "work": 0.0})
        if row["state"] in one["states"]:
            one["states"][row["state"]] += row["seconds"]
        if row["state"] in AT_WORK and row["worked"]:
            one["work"] += row["seconds"]
    return [
        {
            **one,
            "cells": [clock(one["states"][state]) for state in STATES],
            "whole": clock(one["work"]),
        }
        for one in people.values()
    ]


def by_reason(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pauses by their reason, the longest first."""
    reasons: dict[str, list[float]] = {}
    for row in found:
        if row["state"] == "paused":
            sums = reasons.setdefault(words(row["reason"], row["reason_en"]), [0, 0.0])
            sums[0] += row["times"]
            sums[1] += row["seconds"]
    ordered = sorted(reasons.items(), key=lambda one: (-one[1][1], one[0]))
    return [{"reason": name, "times": int(n), "whole": clock(seconds)} for name, (n, seconds) in ordered]


def words(reason: str, english: str = "") -> str:
    """A reason as people read it."""
    if english and (translation.get_language() or "fr").startswith("en"):
        return english
    known = {
        MISSED: _("proposition manquée"),
        PROLONGED: _("prolongé"),
        "vanished": _("page qui ne répondait plus"),
    }
    return known.get(reason, reason)


@require_GET
@desk_view
def show(page: Page) -> HttpResponseBase:
    """The hours of a period."""
    asked = period(page)
    found = rows(page, asked)
    context = {
        "period": asked,
        "presets": coherence_period.presets(page.now),
        "states": STATES,
        "people": by_person(found),
        "reasons": by_reason(found),
        "runs": floor.reads(page.who),
    }
    return page.render("floor/hours.html", context)


@require_GET
@desk_view
def file(page: Page) -> HttpResponseBase:
    """The same for a spreadsheet: a row a person, state and reason, in seconds."""
    asked = period(page)
    french = (translation.get_language() or "fr").startswith("fr")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow(
        (_("Personne"), _("Organisation"), _("Équipe"), _("État"), _("Motif"), _("Fois"), _("Secondes"))
    )
    for row in rows(page, asked):
        names = (safe(row[name] or "") for name in ("full_name", "organisation", "team"))
        writer.writerow(
            (
                *names,
                state_word(row["state"]),
                safe(words(row["reason"], row["reason_en"])),
                row["times"],
                round(row["seconds"]),
            )
        )
    name = f"heures-{asked.first}-{asked.last}.csv"
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


def state_word(state: str) -> str:
    """The state as the pages call it."""
    return {
        "available": _("Disponible"),
        "wrap-up": _("Fin de contact"),
        "paused": _("En pause"),
        "away": _("Absent"),
    }.get(state, state)
