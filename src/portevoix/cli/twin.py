"""`portevoix twin ...`: the centre on a virtual clock.

portevoix twin run SCENARIO.toml [--replications N] [--seed S] [--csv FILE] [--json]
portevoix twin check SCENARIO.toml
portevoix twin export --from DAY --days N --out FOLDER
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portevoix.twin.figures import Interval
    from portevoix.twin.playing import Outcome


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portevoix twin", description="Try a change before people live it.")
    todo = parser.add_subparsers(dest="todo", required=True, metavar="COMMAND")
    run = todo.add_parser("run", help="play a scenario, under each of its policies")
    check = todo.add_parser("check", help="only read the scenario and tell mistakes")
    for one in (run, check):
        one.add_argument("scenario", type=Path, help="a TOML file (docs/twin.md)")
    export = todo.add_parser(
        "export", help="write a past period of the centre as a scenario, without anybody's name"
    )
    export.add_argument(
        "--from", dest="since", required=True, metavar="DAY", help="its first day: 2026-11-16"
    )
    export.add_argument("--days", type=int, default=7, help="how many days (7)")
    export.add_argument(
        "--out", type=Path, required=True, help="the folder to write, made if it is not there"
    )
    run.add_argument("--replications", type=int, help="independent runs (the scenario's own number)")
    run.add_argument("--seed", type=int, help="another seed (the scenario's own)")
    run.add_argument("--csv", type=Path, help="write all figures there as well")
    run.add_argument("--json", action="store_true", help="one line of JSON instead of tables")
    return parser


def main(argv: Sequence[str]) -> int:
    """Print the figures; 2 for a scenario with a mistake."""
    asked = _parser().parse_args(list(argv))
    if asked.todo == "export":
        return _export(asked)
    from dataclasses import replace

    from portevoix.twin import playing
    from portevoix.twin.reading import Mistake
    from portevoix.twin.scenario import load

    try:
        scenario = load(asked.scenario)
    except (Mistake, OSError) as error:
        print(f"portevoix twin: {asked.scenario}: {error}", file=sys.stderr)
        return 2
    if asked.todo == "check":
        streams, people = len(scenario.streams), sum(group.count for group in scenario.staff)
        print(
            f"{asked.scenario}: {streams} streams, {people} people, policies: {', '.join(scenario.policies)}"
        )
        return 0
    if asked.replications is not None:
        if asked.replications < 1:
            print("portevoix twin: --replications: a whole number from 1 was expected", file=sys.stderr)
            return 2
        scenario = replace(scenario, replications=asked.replications)
    if asked.seed is not None:
        scenario = replace(scenario, seed=asked.seed)
    with _bar(shown=not asked.json and sys.stderr.isatty()) as told:
        outcome = playing.play_all(scenario, told)
    if asked.csv:
        _write(asked.csv, outcome)
    if asked.json:
        print(json.dumps(_as_json(outcome)))
    else:
        _show(outcome)
    return 0


def _export(asked: argparse.Namespace) -> int:
    """Write a past period; 2 when it cannot be."""
    import contextlib
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from portevoix.store import db
    from portevoix.twin import history

    try:
        since = datetime.fromisoformat(asked.since).replace(tzinfo=ZoneInfo("Europe/Paris"))
    except ValueError:
        print("portevoix twin: --from: a day such as 2026-11-16 was expected", file=sys.stderr)
        return 2
    if not 1 <= asked.days <= 366:
        print("portevoix twin: --days: a whole number from 1 to 366 was expected", file=sys.stderr)
        return 2
    try:
        with contextlib.closing(db.connect(name="portevoix twin")) as conn:
            told = history.write(conn, asked.out, since, since + timedelta(days=asked.days))
    except (history.NothingThere, OSError) as error:
        print(f"portevoix twin: {error}", file=sys.stderr)
        return 2
    print(f"{asked.out}/scenario.toml: {told.clients} clients, {told.people} people")
    for name, count in told.left_out.items():
        print(f"left out: {count} of {name}, that nobody who was there can take")
    return 0


class _bar:  # noqa: N801 - a context
    """A progress bar on the terminal, or nothing."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._progress: Any = None

    def __enter__(self) -> Any:
        if not self._shown:
            return lambda share: None  # noqa: ARG005
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), transient=True)
        self._progress.start()
        task = self._progress.add_task("twin", total=1.0)
        return lambda share: self._progress.update(task, completed=share)

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _pair(one: Interval) -> dict[str, float | None]:
    return {"mean": _number(one.mean), "half": _number(one.half)}


def _as_json(outcome: Outcome) -> dict[str, Any]:
    def told(figures: dict[str, dict[str, Interval]]) -> dict[str, Any]:
        return {stream: {name: _pair(one) for name, one in row.items()} for stream, row in figures.items()}

    return {
        "scenario": outcome.scenario.name,
        "replications": outcome.scenario.replications,
        "seed": outcome.scenario.seed,
        "policies": {name: told(outcome.intervals(name)) for name in outcome.told},
        "differences": {name: told(figures) for name, figures in outcome.differences().items()},
    }


def _write(path: Path, outcome: Outcome) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("policy", "stream", "figure", "mean", "half_width_95", *_runs(outcome)))
        for policy, told in outcome.told.items():
            known = outcome.intervals(policy)
            for stream, figures in told.items():
                for name, values in figures.items():
                    one = known[stream][name]
                    rows.writerow((policy, stream, name, one.mean, one.half, *values))


def _runs(outcome: Outcome) -> list[str]:
    return [f"run_{number + 1}" for number in range(outcome.scenario.replications)]


_SHARES = ("abandonment", "service_level", "waited", "occupancy")


def _said(name: str, one: Interval, *, signed: bool = False) -> str:
    share = name in _SHARES or name.startswith("share ")
    if one.mean != one.mean:
        return "-"
    scale, digits = (100.0, 1) if share else (1.0, 0 if name in ("offered", "served", "abandoned") else 1)
    half = f" ± {one.half * scale:.{digits}f}" if isfinite(one.half) else ""
    return f"{one.mean * scale:{'+' if signed else ''}.{digits}f}{half}{' %' if share else ''}"


def _show(outcome: Outcome) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 140)
    scenario = outcome.scenario
    console.print(f"{scenario.name}: {scenario.replications} runs, 95 % confidence", markup=False)

    def table(title: str, figures: dict[str, dict[str, Interval]], *, signed: bool = False) -> None:
        shown = Table(title=title, title_justify="left")
        names = [name for name in next(iter(figures.values())) if name not in ("abandoned", "served")]
        shown.add_column("")
        for name in names:
            shown.add_column(name, justify="right")
        for stream, row in figures.items():
            if stream != "staff":
                shown.add_row(stream, *(_said(name, row[name], signed=signed) for name in names))
        console.print(shown)
        staff = figures.get("staff", {})
        console.print(
            "  ".join(f"{name} {_said(name, one, signed=signed)}" for name, one in staff.items()),
            markup=False,
        )

    for policy in outcome.told:
        table(policy, outcome.intervals(policy))
    for policy, figures in outcome.differences().items():
        table(f"{policy} less {next(iter(outcome.told))}, same clients", figures, signed=True)
