"""What if: a supervisor tries a change on a copy of a past week before people live it. Nothing of the centre is touched.

For those who see the whole floor: a week of the centre tells what every organisation does, so an outsourcer's manager has no such page.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import orjson
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portevoix.actions import floor
from portevoix.actions.errors import Missing, NotAllowed, TooLate
from portevoix.store import floor as floor_store
from portevoix.store import twin as store
from portevoix.twin import changes as changing
from portevoix.web.charts import Bar, bars
from portevoix.web.desk.page import Page, desk_view
from portevoix.web.floor.coherence_file import safe
from portevoix.web.numbers import number
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponseBase

ZONE: Final = ZoneInfo("Europe/Paris")
#: How many studies one person may have waiting at once.
AT_ONCE: Final = 3
WEEKS: Final = 12


def need(page: Page) -> None:
    """Raises ``NotAllowed``."""
    if not floor.sees_all(page.who):
        raise NotAllowed("whatif")


def kinds() -> list[tuple[str, str]]:
    """The changes by code, in words: what the number means stands in them."""
    return [
        ("people", _("Personnes en plus ou en moins, sur la ligne")),
        ("volume", _("Contacts en plus ou en moins (%), sur la ligne")),
        ("train", _("Personnes formées à la ligne")),
        ("reserve", _("Personnes gardées libres pour les appels de la ligne")),
        ("weight", _("Coût de l’attente de la ligne (1 à 100)")),
        ("share", _("Part de l’organisation (%)")),
    ]


def sentence(change: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One change in words."""
    where, n = names.get(change["where"], change["where"]), change["number"]
    texts = {
        "people": _("%(n)+d personnes sur %(where)s, du lundi au vendredi de 9 h à 17 h")
        if n > 0
        else _("%(n)+d personnes sur %(where)s"),
        "volume": _("%(n)+d %% de contacts sur %(where)s"),
        "train": _("%(n)d personnes formées à %(where)s"),
        "reserve": _("%(n)d personnes gardées libres pour les appels de %(where)s"),
        "weight": _("coût de l’attente de %(where)s : %(n)d"),
        "share": _("part de %(where)s : %(n)d %%"),
    }
    return texts[change["what"]] % {"n": n, "where": where}


def _names(page: Page) -> dict[str, str]:
    lines = floor_store.rows(page.conn, "lines", lines=floor.lines(page.conn, page.who), at=page.now)
    return {line["slug"]: line["name"] for line in lines}


def _weeks(page: Page) -> list[dict[str, Any]]:
    today = page.now.astimezone(ZONE).date()
    this = datetime.combine(today - timedelta(days=today.weekday()), time(), ZONE)
    return store.rows(page.conn, "weeks", since=this - timedelta(weeks=WEEKS), until=this)


@require_GET
@desk_view
def show(page: Page) -> HttpResponseBase:
    """What was asked for, and the form for another."""
    need(page)
    return _page(page, {})


def _page(page: Page, asked: dict[Any, Any], error: str = "") -> HttpResponse:
    names = _names(page)
    studies = [
        {**row, "said": [sentence(one, names) for one in row["changes"]]}
        for row in store.rows(page.conn, "studies")
    ]
    contracts = store.rows(page.conn, "contracts", since=page.now, until=page.now)
    organisations = sorted({row["organisation"] for row in contracts})
    context = {
        "weeks": _weeks(page),
        "kinds": kinds(),
        "places": [*sorted(names.items(), key=lambda one: one[1]), *((one, one) for one in organisations)],
        "rows": [asked.get(number_, {}) | {"place": number_} for number_ in range(1, changing.MOST + 1)],
        "week": asked.get("week", ""),
        "studies": studies,
        "error": error,
    }
    return page.render("floor/whatif.html", context, status=422 if error else 200)


@require_POST
@desk_view
def ask(page: Page) -> HttpResponseBase:
    """Queue a study."""
    need(page)
    post = page.request.POST
    asked: dict[Any, Any] = {"week": post.get("semaine", "")[:10]}
    changes: list[changing.Change] = []
    error = ""
    for place in range(1, changing.MOST + 1):
        what, where, count = (
            post.get(f"{name}-{place}", "").replace("\x00", "") for name in ("quoi", "ou", "combien")
        )
        asked[place] = {"what": what, "where": where, "number": count}
        if not what and not count:
            continue
        told = _signed(count)
        if what not in {code for code, _name in kinds()} or told is None or not where:
            error = error or _("Changement %d : choisissez quoi, où, et écrivez un nombre entier.") % place
            continue
        change = changing.Change(changing.What(what), where, told)
        try:
            changing.check(change)
        except changing.CannotChange:
            error = error or _("Changement %d : ce nombre sort de ce qui a un sens.") % place
        changes.append(change)
    try:
        monday = date.fromisoformat(asked["week"])
    except ValueError:
        monday = None
    if monday is None or monday not in {row["monday"] for row in _weeks(page)}:
        error = error or _("Choisissez une semaine.")
    if not changes:
        error = error or _("Dites au moins un changement : sans lui, rien ne se compare.")
    (busy,) = store.rows(page.conn, "waiting_of", account_id=page.who.id)
    if busy["n"] >= AT_ONCE:
        error = error or _("Trois essais attendent déjà : laissez-les finir, ou annulez-en un.")
    if error or monday is None:
        return _page(page, asked, error)
    since = datetime.combine(monday, time(), ZONE)
    (row,) = store.rows(
        page.conn, "ask", account_id=page.who.id, at=page.now, since=since,
        until=datetime.combine(monday + timedelta(days=7), time(), ZONE),
        changes=orjson.dumps([one.as_json() for one in changes]).decode(),
    )  # fmt: skip
    poke()
    return redirect("floor:whatif-study", row["id"])


def _signed(text: str) -> int | None:
    text = text.strip().removeprefix("+").replace("−", "-")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    found = number(digits)
    return None if found is None else sign * found


def _study(page: Page, study_id: int) -> dict[str, Any]:
    need(page)
    found = store.rows(page.conn, "study", id=study_id)
    if not found:
        raise Missing("study")
    return found[0]


@require_GET
@desk_view
def study(page: Page, study_id: int) -> HttpResponseBase:
    """One study: how far it is, or what came out; its inside alone while it runs."""
    row = _study(page, study_id)
    names = _names(page)
    context: dict[str, Any] = {"study": row, "said": [sentence(one, names) for one in row["changes"]]}
    if row["result"]:
        context |= _told(row["result"], names)
    context["failed"] = _reason(row["error"])
    return page.render("floor/whatif_inside.html" if page.fragment else "floor/whatif_study.html", context)


def _reason(error: str) -> str:
    known = {
        "clients": _("Personne n’est venu cette semaine-là."),
        "people": _("Le journal ne connaît personne au travail cette semaine-là."),
        "line": _("Une des lignes n’a rien reçu cette semaine-là : il n’y a rien à y changer."),
        "organisation": _("Cette organisation n’a pas de contrat, ou personne au travail cette semaine-là."),
        "nobody": _("Il ne resterait personne sur la ligne, ou personne n’est à former."),
        "number": _("Un nombre sort de ce qui a un sens."),
    }
    return known.get(
        error,
        _("L’essai n’a pas abouti. Le détail est dans le journal du processus « studies ».") if error else "",
    )


def _told(result: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    from portevoix.web.ui.words import CHANNELS

    rows = []
    for row in result["rows"]:
        if row["name"] == "all":
            name = _("Ensemble")
        else:
            look = CHANNELS.get(row["channel"])
            name = f"{names.get(row['line'], row['line'])}, {look.word if look else row['channel']}"
        level = row["figures"]["service_level"]
        rows.append({**row, "title": name, "level": level, "sentence": _sentence(name, level)})
    chart = bars(
        _("Part des contacts répondus dans le délai, avant et après"),
        [
            Bar(row["title"], _percents(row["level"], "before", "after"), _percents(row["level"], "before_half", "after_half"))
            for row in rows
        ],
        [_("comme la semaine"), _("avec les changements")],
        unit=" %", most=100.0, table="whatif-table",
    )  # fmt: skip
    return {"rows": rows, "staff": result["staff"], "runs": result["runs"], "chart": chart}


def _percents(figure: Mapping[str, float | None], *names: str) -> tuple[float | None, ...]:
    return tuple(None if figure[name] is None else 100 * float(figure[name] or 0) for name in names)


def _sentence(name: str, level: Mapping[str, Any]) -> str:
    if level["before"] is None or level["after"] is None or level["difference"] is None:
        return _("%s : rien à comparer.") % name
    values = {
        "name": name,
        "before": _decimal(100 * level["before"]),
        "after": _decimal(100 * level["after"]),
        "points": _decimal(100 * level["difference"], signed=True),
        "half": _decimal(100 * (level["half"] or 0)),
    }
    if level["real"]:
        return (
            _("%(name)s : %(before)s %% → %(after)s %% dans le délai (%(points)s points, ± %(half)s).")
            % values
        )
    return _("%(name)s : pas de différence sûre (%(points)s points, ± %(half)s).") % values


def _decimal(value: float, *, signed: bool = False) -> str:
    text = f"{value:+.1f}" if signed else f"{value:.1f}"
    return text.replace("-", "−").replace(
        ".", "," if (translation.get_language() or "fr").startswith("fr") else "."
    )


@require_POST
@desk_view
def cancel(page: Page, study_id: int) -> HttpResponseBase:
    """Whoever asked for it, or another who sees the floor, wants it no more."""
    _study(page, study_id)
    if not store.rows(page.conn, "cancel", id=study_id, at=page.now):
        raise TooLate("study-over")
    poke()
    page.said(_("L’essai est annulé."))
    return redirect("floor:whatif")


@require_GET
@desk_view
def file(page: Page, study_id: int, kind: str) -> HttpResponseBase:
    """The figures for a spreadsheet or a program."""
    row = _study(page, study_id)
    if not row["result"] or kind not in ("csv", "json"):
        raise Missing("study")
    name = f'attachment; filename="et-si-{study_id}.{kind}"'
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
    if kind == "json":
        whole = {"since": row["since"], "until": row["until"], "changes": row["changes"], **row["result"]}
        return JsonResponse(whole, headers=headers)
    text = io.StringIO()
    french = (translation.get_language() or "fr").startswith("fr")
    writer = csv.writer(text, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow(
        (_("Flux"), _("Mesure"), _("Avant"), "±", _("Après"), "±", _("Différence"), "±", _("Sûre"))
    )
    tables = [(one["name"], one["figures"]) for one in row["result"]["rows"]] + [
        ("staff", row["result"]["staff"])
    ]
    for stream, figures in tables:
        for figure, one in figures.items():
            values = [
                one[key] for key in ("before", "before_half", "after", "after_half", "difference", "half")
            ]
            writer.writerow((safe(stream), figure, *values, _("oui") if one["real"] else _("non")))
    return HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)
