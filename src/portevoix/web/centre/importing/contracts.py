"""The contracts as one TOML file: out, and in again after a look at what would change. Every mistake is told with its line and
field, all at once, and nothing is changed as long as there is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portevoix.twin.reading import Mistake, Table, listed, number, parse, text, whole, yes
from portevoix.web.centre.forms.contracts import ContractForm
from portevoix.web.centre.keeping import Kept, Values, snapshot
from portevoix.web.records.models import Contract, Organisation

LARGEST = 1_000_000
_NUMBERS = (
    "share",
    "day_least",
    "day_most",
    "week_least",
    "week_most",
    "lends_after",
    "helps_after",
    "quality_percent",
)
_LISTS = ("lines", "channels", "knows")
_TEXTS = ("hours", "ramp")
_PRICES = ("price_contact", "price_minute")
_DATES = ("first_day", "last_day")
_SWITCHES = ("reference_visible", "own_platform")


@dataclass
class Plan:
    """What the file would do. ``mistakes``: then nothing."""

    mistakes: list[str] = field(default_factory=list)
    changes: list[tuple[str, str, list[str]]] = field(default_factory=list)  # verb, contract, fields
    unchanged: int = 0


def write() -> str:
    """All contracts, as ``carry_out`` reads them."""
    out = [
        "# Contracts: docs/contracts.md. Taken in whole: a contract that is not in the file ends with it.\n"
    ]
    for row in Contract.objects.select_related("organisation"):
        told = {name: one for name, one in _values(row) if one is not None and one is not False and one != []}
        out += ["[[contract]]", *(f"{name} = {_toml(value)}" for name, value in told.items()), ""]
    return "\n".join(out)


def _values(row: Contract) -> Iterator[tuple[str, Any]]:
    yield "organisation", row.organisation.name
    yield from ((name, getattr(row, name)) for name in (*_NUMBERS, *_LISTS, *_DATES))
    for name in _TEXTS:
        yield name, [line.strip() for line in getattr(row, name).splitlines() if line.strip()]
    yield from ((name, getattr(row, name)) for name in (*_PRICES, *_SWITCHES))


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(one) for one in value) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value).lower()


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _day(value: object) -> date:
    if type(value) is not date:
        raise ValueError(_("une date comme 2026-12-01"))
    return value


def look(content: str) -> Plan:
    """What the file would do, without doing it."""
    with transaction.atomic():
        plan = _run(content, Kept())
        transaction.set_rollback(True)
    return plan


def carry_out(content: str, kept: Kept) -> Plan:
    """Do it, inside the transaction of ``kept`` (``keeping.recording``); with a mistake nothing is written."""
    with transaction.atomic():
        plan = _run(content, kept)
        if plan.mistakes:
            transaction.set_rollback(True)
            kept.changes.clear()
    return plan


def _run(content: str, kept: Kept) -> Plan:
    plan = Plan()
    try:
        top = parse(content)
        tables = top.tables("contract")
        top.done()
    except Mistake as mistake:
        plan.mistakes.append(str(mistake))
        return plan
    named = {row.name: row for row in Organisation.objects.all()}
    known: dict[tuple[Any, Any], Contract] = {
        (row.organisation.name, row.first_day): row for row in Contract.objects.select_related("organisation")
    }
    read = [_read(table, named, plan.mistakes) for table in tables]
    keys = [(values.get("organisation_name"), values.get("first_day")) for values in read]
    for known_key, row in known.items():
        if known_key not in keys:
            before, ref = snapshot(row), row.pk
            plan.changes.append(("removed", str(row.organisation), []))
            kept.note(row, before, {}, ref=ref)
            row.delete()
    if plan.mistakes:
        return plan
    for table, values, key in zip(tables, read, keys, strict=True):
        _one(table, values, known.pop(key, None), plan, kept)
    return plan


def _read(table: Table, named: dict[str, Organisation], mistakes: list[str]) -> dict[str, Any]:
    """The values of one contract, as the form of the settings takes them."""
    values: dict[str, Any] = {}

    def take(name: str, kind: Any, *, needed: bool = False) -> Any:
        try:
            return table.need(name, kind) if needed or table.has(name) else None
        except Mistake as mistake:
            mistakes.append(str(mistake))
        return None

    name = take("organisation", text, needed=True)
    if name is not None and name not in named:
        mistakes.append(
            str(table.wrong("organisation", _("une organisation du centre était attendue, pas %r") % name))
        )
    values["organisation_name"] = name
    values["organisation"] = named[name].pk if name in named else ""
    for one in _NUMBERS:
        values[one] = take(one, whole(0), needed=one == "share")
    for one in (*_LISTS, *_TEXTS):
        values[one] = take(one, _words_or_nothing) or ()
    for one in _PRICES:
        price = take(one, number(0))
        values[one] = None if price is None else Decimal(str(price))
    for one in _DATES:
        values[one] = take(one, _day)
    for one in _SWITCHES:
        values[one] = take(one, yes) or False
    try:
        table.done()
    except Mistake as mistake:
        mistakes.append(str(mistake))
    return values


def _words_or_nothing(value: object) -> tuple[str, ...]:
    return () if value == [] else listed(text, _("une liste de mots"))(value)


def _one(table: Table, values: dict[str, Any], row: Contract | None, plan: Plan, kept: Kept) -> None:
    data: dict[str, Any] = {name: "" if value is None else value for name, value in values.items()}
    data |= {name: "\n".join(values[name]) for name in _TEXTS}
    data |= {name: list(values[name]) for name in _LISTS}
    for name in _PRICES:  # the form reads numbers as the reader's language writes them
        data[name] = "" if values[name] is None else values[name]
    before: Values = snapshot(row)
    form = ContractForm(data, instance=row)
    if not form.is_valid():
        for name, errors in form.errors.items():
            given = name if name != "__all__" else ""
            plan.mistakes += [str(table.wrong(given, str(error))) for error in errors]
        return
    made = form.save(commit=False)
    made.own_platform = values["own_platform"]
    made.save()
    made.refresh_from_db()  # 3.2 is kept as 3.20
    after = snapshot(made)
    fields = sorted(key for key in {**before, **after} if before.get(key) != after.get(key))
    if not before:
        plan.changes.append(("added", values["organisation_name"], []))
    elif fields:
        plan.changes.append(("changed", values["organisation_name"], fields))
    else:
        plan.unchanged += 1
    kept.note(made, before, after)
