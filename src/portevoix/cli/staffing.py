"""`portevoix staffing ...`: how many people a load needs, and what callers then meet.

portevoix staffing erlang --load 10 --servers 14 --aht 180 --target 20 [--patience 300] [--json]
portevoix staffing required --load 10 --aht 180 --target 20 --level 0.8 [--shrinkage 0.3] [--patience 180 --abandonment 0.05] [--json]
portevoix staffing chat --per-hour 60 --seconds 300,380,470 --target 30 [--json]
portevoix staffing table day.csv --minutes 15 > people.csv
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="portevoix staffing", description="Erlang's formulas for a line of equal people."
    )
    todo = parser.add_subparsers(dest="todo", required=True, metavar="COMMAND")
    erlang = todo.add_parser("erlang", help="what callers meet with so many people")
    erlang.add_argument("--servers", type=int, required=True, help="people at work")
    required = todo.add_parser("required", help="the fewest people that meet the goals")
    required.add_argument("--asa", type=float, help="mean wait at most, seconds")
    required.add_argument("--occupancy", type=float, help="share of time busy at most")
    required.add_argument("--abandonment", type=float, help="share that gives up at most (with --patience)")
    chat = todo.add_parser("chat", help="the fewest people for chats held side by side")
    chat.add_argument("--per-hour", type=float, required=True, help="chats that come in an hour")
    chat.add_argument(
        "--seconds", required=True, help="duration of a chat with 1, 2, ... at once: 300,380,470"
    )
    table = todo.add_parser("table", help="the same for each row of a CSV file: start, calls, aht_s")
    table.add_argument("file", help="the file; - for standard input")
    table.add_argument("--minutes", type=float, default=15.0, help="length of an interval (%(default)g)")
    for one in (erlang, required):
        one.add_argument(
            "--load", type=float, required=True, help="erlangs: calls an hour x handling time in hours"
        )
        one.add_argument("--aht", type=float, default=180.0, help="handling time, seconds (%(default)g)")
        one.add_argument(
            "--patience", type=float, help="mean time until a caller gives up, seconds (Erlang A)"
        )
    for one in (required, chat, table):
        one.add_argument("--level", type=float, help="share of calls answered within the target (0.8)")
        one.add_argument("--shrinkage", type=float, default=0.0, help="share on leave, in training, ill")
    for one in (erlang, required, chat, table):
        one.add_argument(
            "--target", type=float, default=20.0, help="seconds that are a good wait (%(default)g)"
        )
    for one in (erlang, required, chat):
        one.add_argument("--json", action="store_true", help="one line of JSON")
    return parser


def _erlang(asked: argparse.Namespace) -> dict[str, float]:
    from portevoix.planning import erlang

    numbers = (asked.load, asked.servers, asked.aht, asked.target)
    met = erlang.patient(*numbers) if asked.patience is None else erlang.impatient(*numbers, asked.patience)
    return asdict(met)


def _required(asked: argparse.Namespace) -> dict[str, float]:
    from portevoix.planning import erlang
    from portevoix.planning.required import Goal, positions, required, required_impatient

    level = asked.level
    if level is None and asked.asa is None and asked.occupancy is None and asked.abandonment is None:
        level = 0.8
    goal = Goal(level, asked.target, asked.asa, asked.occupancy)
    if asked.patience is not None:
        people = required_impatient(asked.load, asked.aht, asked.patience, goal, asked.abandonment)
        met = erlang.impatient(asked.load, people, asked.aht, asked.target, asked.patience)
    elif asked.abandonment is not None:
        msg = "abandonment: nobody gives up without --patience"
        raise ValueError(msg)
    else:
        people = int(required(asked.load, asked.aht, goal))
        met = erlang.patient(asked.load, people, asked.aht, asked.target)
    numbers: dict[str, float] = {"people": people, "positions": int(positions(people, asked.shrinkage))}
    return numbers | asdict(met)


def _chat(asked: argparse.Namespace) -> dict[str, float]:
    from portevoix.planning import chat
    from portevoix.planning.required import positions

    try:
        seconds = [float(one) for one in asked.seconds.split(",")]
    except ValueError:
        msg = f"seconds: numbers separated by commas were expected, not {asked.seconds!r}"
        raise ValueError(msg) from None
    arrivals = asked.per_hour / 3600
    people = chat.required(arrivals, seconds, asked.level or 0.8, asked.target)
    met = (
        chat.met(arrivals, people, seconds, asked.target)
        if people
        else chat.met(0.0, 1, seconds, asked.target)
    )
    found: dict[str, float] = {"people": people, "positions": int(positions(people, asked.shrinkage))}
    return found | met._asdict()


def _table(asked: argparse.Namespace) -> int:
    from portevoix.planning.intervals import read
    from portevoix.planning.required import Goal, positions, required

    if not asked.minutes > 0:
        msg = "minutes: a positive number was expected"
        raise ValueError(msg)
    text = sys.stdin.read() if asked.file == "-" else Path(asked.file).read_text("utf-8-sig")
    rows = read(text)
    loads = [row.calls * row.aht_s / (asked.minutes * 60) for row in rows]
    people = required(loads, [row.aht_s for row in rows], Goal(asked.level or 0.8, asked.target))
    listed = positions(people, asked.shrinkage)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("start", "calls", "aht_s", "people", "positions"))
    for row, at_work, on_list in zip(rows, people, listed, strict=True):
        out.writerow((row.start, f"{row.calls:g}", f"{row.aht_s:g}", at_work, on_list))
    return 0


_WORDS = {
    "people": "people at work",
    "positions": "positions on the list",
    "blocking": "lost when nobody can wait (Erlang B)",
    "waiting": "do not get through at once",
    "service_level": "answered within the target",
    "asa_s": "mean wait of those answered, s",
    "occupancy": "of their time people are busy",
    "abandonment": "give up",
    "wait_s": "mean wait of all, s",
    "queue": "wait on average",
    "in_hand": "chats in hand of each, on average",
}


def main(argv: Sequence[str]) -> int:
    """Print the figures; 2 for numbers that make no sense."""
    asked = _parser().parse_args(list(argv))
    try:
        if asked.todo == "table":
            return _table(asked)
        found = {"erlang": _erlang, "required": _required, "chat": _chat}[asked.todo](asked)
    except (ValueError, OSError) as error:
        print(f"portevoix staffing: {error}", file=sys.stderr)
        return 2
    if asked.json:
        print(json.dumps({name: value if isfinite(value) else None for name, value in found.items()}))
    else:
        for name, value in found.items():
            print(f"{value:12.6g}  {_WORDS[name]}")
    return 0
