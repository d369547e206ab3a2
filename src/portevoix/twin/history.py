"""A past period of the centre as a scenario: the clients who came, the people who were there, the settings as they are now.

What cannot be seen is estimated, and said in the file. Who was served hid how long they would have waited: their patience
is what they waited and then an exponential time (it has no memory), whose mean is the maximum likelihood estimate for censored
times, all waiting over the number who gave up (Epstein & Sobel 1953; Mandelbaum & Zeltyn 2007 for call centres). Where nobody
gave up, nobody does. Who was never served is given the handling of somebody who was.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from math import inf
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from portevoix.domain.allocation import words
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.lines import relaxing
from portevoix.domain.lines.hours import MIDNIGHT
from portevoix.store import twin as store
from portevoix.twin.scenario import DAYS

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from portevoix.store.db import Connection

_USUAL_URGENCY = (1, 60)


class NothingThere(Exception):
    """The log has nobody who came, or nobody who was at work, in that period. ``code``: ``clients`` or ``people``."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the log knows of no {code} in that period")
        self.code = code


@dataclass
class Written:
    """What was written. ``left_out``: streams that nobody who was there can take, with how many came."""

    clients: int = 0
    people: int = 0
    left_out: dict[str, int] = field(default_factory=dict)


def write(conn: Connection, folder: Path, since: datetime, until: datetime, name: str = "") -> Written:
    """``scenario.toml`` and a CSV for each stream, in a folder that is made. No name, address or word of anybody.

    Raises ``NothingThere``."""
    period = {"since": since, "until": until}
    clients, people = store.rows(conn, "clients", **period), store.rows(conn, "people", **period)
    if not clients:
        raise NothingThere("clients")
    if not people:
        raise NothingThere("people")
    folder.mkdir(parents=True, exist_ok=True)
    lines = {row["slug"]: row for row in store.rows(conn, "lines")}
    told = Written(people=len(people))
    out = [
        f"# {since:%Y-%m-%d} to {until:%Y-%m-%d}, as the log has it; the settings are those of today.",
        f"name = {_text(name or f'{since:%Y-%m-%d}')}",
        f"days = {(until - since).total_seconds() / 86_400:.10g}",
        f'first_day = "{DAYS[since.weekday()]}"',
        "replications = 1",
    ]
    streams: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in clients:
        streams.setdefault((row["line"], row["channel"]), []).append(row)
    kept: set[str] = set()
    for number, ((line, channel), rows) in enumerate(sorted(streams.items()), 1):
        settings = lines.get(line)
        if settings is None or not _somebody(settings, people):
            told.left_out[f"{line} {channel}"] = len(rows)
            out.append(
                f"# {len(rows)} on {line} by {channel} are left out: nobody who was there can take them."
            )
            continue
        file = f"stream-{number}.csv"
        _clients(folder / file, rows, Channel(channel), since)
        out += _stream(line, channel, file, rows, settings, people)
        told.clients += len(rows)
        kept.add(line)
    if not kept:
        raise NothingThere("people")
    out += _staff(people, store.rows(conn, "spans", **period), kept)
    out += _contracts(store.rows(conn, "contracts", **period), kept, people)
    out += _policy([lines[line] for line in sorted(kept)])
    (folder / "scenario.toml").write_text("\n".join(out) + "\n", "utf-8")
    return told


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(values: Any) -> str:
    return "[" + ", ".join(_text(one) for one in values) + "]"


def _levels(skills: Any) -> str:
    return "{" + ", ".join(f"{_text(slug)} = {level}" for slug, level in skills) + "}"


def _able(person: dict[str, Any], lines: set[str], skills: Any) -> bool:
    held = dict(person["skills"])
    return not lines.isdisjoint(person["lines"]) and all(held.get(slug, 0) >= level for slug, level in skills)


def _relaxations(settings: dict[str, Any]) -> tuple[relaxing.Relaxation, ...]:
    try:
        return relaxing.read(settings["relaxations"])
    except relaxing.WrongRelaxation:
        return ()


def _somebody(settings: dict[str, Any], people: list[dict[str, Any]]) -> bool:
    asked = tuple((slug, level) for slug, level in settings["skills"])
    needs: list[tuple[set[str], Any]] = [({settings["slug"]}, asked)]
    needs += [({settings["slug"], *step.lines}, step.levels(asked)) for step in _relaxations(settings)]
    return any(_able(person, *need) for person in people for need in needs)


def _clients(file: Path, rows: list[dict[str, Any]], channel: Channel, since: datetime) -> None:
    chance = Random(f"{file.name} {since.isoformat()}")  # noqa: S311 - a simulation
    seen = [row["handling"] for row in rows if row["handling"]] or [300.0]
    gone = [row["gave_up"] for row in rows if row["gave_up"] is not None]
    waits = sum(max(0.0, row["waited"]) for row in rows if row["waited"] is not None)
    mean = (waits + sum(gone)) / len(gone) if gone else inf
    with file.open("w", encoding="utf-8", newline="") as out:
        told = csv.writer(out)
        told.writerow(("at_s", "handling_s", "patience_s"))
        for row in rows:
            patience = row["gave_up"]
            if patience is None and mean < inf and WORK[channel] is not Work.DEFERRED:
                patience = max(0.0, row["waited"] or 0.0) + chance.expovariate(1 / mean) if mean > 0 else None
            at = (row["received_at"] - since).total_seconds()
            handling = row["handling"] or chance.choice(seen)
            told.writerow(
                (f"{at:.3f}", f"{max(handling, 1.0):.1f}", "" if patience is None else f"{patience:.1f}")
            )


def _stream(
    line: str,
    channel: str,
    file: str,
    rows: list[dict[str, Any]],
    settings: dict[str, Any],
    people: list[dict[str, Any]],
) -> list[str]:
    out = [
        "",
        "[[stream]]",
        f"line = {_text(line)}",
        f"channel = {_text(channel)}",
        f"replay = {_text(file)}",
        f"target_s = {max(1.0, median(row['target'] for row in rows)):.0f}",
        f"skills = {_levels(settings['skills'])}",
    ]
    known = {slug for person in people for slug in person["lines"]}
    for step in _relaxations(settings):
        helpers = [one for one in step.lines if one in known]
        levels = sorted(step.levels(tuple(map(tuple, settings["skills"]))))
        out += [
            "[[stream.relax]]",
            f"after = {step.after}",
            f"skills = {_levels(levels)}",
            f"why = {_text(step.why)}",
        ]
        out += [f"lines = {_list(helpers)}"] if helpers else []
    return out


def _staff(people: list[dict[str, Any]], spans: list[dict[str, Any]], kept: set[str]) -> list[str]:
    here: dict[int, list[list[float]]] = {}
    for row in spans:
        mine = here.setdefault(row["account_id"], [])
        if mine and row["since"] <= mine[-1][1] + 0.001:
            mine[-1][1] = max(mine[-1][1], row["until"])
        elif row["until"] > row["since"]:
            mine.append([row["since"], row["until"]])
    out = []
    for number, person in enumerate(people, 1):
        out += [
            "",
            "[[staff]]",
            f'name = "person {number}"',  # nobody's name
            "count = 1",
            f"lines = {_list(person['lines'])}",
            f"skills = {_levels(person['skills'])}",
            f"organisation = {_text(person['organisation'] or '')}",
            f"mails = {person['mail_capacity']}",
            f"mails_block_calls = {'true' if person['mails_block_calls'] else 'false'}",
            f"spans = [{', '.join(f'[{a:.1f}, {b:.1f}]' for a, b in here.get(person['id'], ()))}]",
        ]
    return out if kept else []


def _contracts(rows: list[dict[str, Any]], kept: set[str], people: list[dict[str, Any]]) -> list[str]:
    known = {person["organisation"] for person in people}
    out: list[str] = []
    for row in rows:
        lines = [one for one in row["lines"] if one in kept]
        if row["organisation"] not in known or (row["lines"] and not lines):
            continue
        out += ["", "[[contract]]", f"organisation = {_text(row['organisation'])}", f"share = {row['share']}"]
        out += [f"lines = {_list(lines)}"] if lines else []
        out += [f"channels = {_list(row['channels'])}"] if row["channels"] else []
        for name in ("day_least", "day_most", "week_least", "week_most", "helps_after", "lends_after"):
            if row[name] is not None:
                out.append(f"{name} = {row[name]}")
        week = words.hours(row["hours"])
        if week:  # one span and a set of days: what most contracts have; others keep their widest
            opens = min(one.span.opens for one in week)
            late = [one.span.closes for one in week if one.span.closes != MIDNIGHT]
            until = f"{max(late):%H:%M}" if len(late) == len(week) else "24:00"
            out.append(f'hours = ["{opens:%H:%M}-{until}"]')
            out.append(f"days = {_list(DAYS[day] for day in sorted({one.weekday for one in week}))}")
    return out


def _policy(lines: list[dict[str, Any]]) -> list[str]:
    out = ["", "[policy.today]"]
    if any((row["urgency_weight"], row["urgency_minutes"]) != _USUAL_URGENCY for row in lines):
        for row in lines:
            out += [
                f"[policy.today.urgency.{_text(row['slug'])}]",
                f"weight = {row['urgency_weight']}",
                f"scale = {row['urgency_minutes'] * 60}",
            ]
    for row in lines:
        if row["reserve_people"]:
            out += [
                "[[policy.today.reserve]]",
                f"lines = {_list([row['slug']])}",
                f"keep = {row['reserve_people']}",
            ]
    return out
