"""`portevoix results ...`: what an organisation on its own platform has and returns (docs/platform-api.md).

portevoix results export ORGANISATION [--data DIR]               print what it has, as the file it fills in
portevoix results check ORGANISATION FILE [--data DIR]           tell every mistake; changes nothing
portevoix results import ORGANISATION FILE [--right-ones]        take the results in, all or none
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portevoix.store.db import Connection


def main(argv: Sequence[str]) -> int:
    """0 when done, 2 for a file with mistakes (each with its line, its field and what was expected)."""
    parser = argparse.ArgumentParser(
        prog="portevoix results", description="What an organisation on its own platform has and returns."
    )
    parser.add_argument(
        "--data", type=Path, help="data directory of the centre (default: PORTEVOIX_DATA or ./data)"
    )
    todo = parser.add_subparsers(dest="todo", required=True, metavar="COMMAND")
    for name, said in (
        ("export", "print what it has"),
        ("check", "tell mistakes, change nothing"),
        ("import", "take the results in, all or none"),
    ):
        command = todo.add_parser(name, help=said)
        command.add_argument("organisation", help="its name, as in the settings")
        if name != "export":
            command.add_argument("file", type=Path)
        if name == "import":
            command.add_argument("--right-ones", action="store_true", help="leave out lines with a mistake")
    asked = parser.parse_args(list(argv))
    from portevoix.cli.up import data_directory
    from portevoix.runners.centre import Places, find_environment

    os.environ.update(find_environment(Places(data_directory(asked.data))))
    from portevoix.store import db

    with db.connect() as conn:
        return _work(conn, asked)


def _work(conn: Connection, asked: argparse.Namespace) -> int:
    from portevoix.actions import elsewhere
    from portevoix.actions import elsewhere_results as results
    from portevoix.store import elsewhere as store
    from portevoix.store.clock import DatabaseClock

    at = DatabaseClock().now(conn)
    known = {str(row["name"]): int(row["id"]) for row in store.rows(conn, "platform_names")}
    if asked.organisation not in known:
        names = ", ".join(sorted(known)) or "none"
        print(f"portevoix results: {asked.organisation}: one of these was expected: {names}", file=sys.stderr)
        return 2
    organisation_id = known[asked.organisation]
    if asked.todo == "export":
        print("".join(results.sheet(elsewhere.held_all(conn, organisation_id))), end="")
        return 0
    try:
        rows = results.parse(asked.file.read_bytes())
        taken, left = results.take_in(
            conn, organisation_id, rows, asked.file.name, at,
            right_ones=asked.todo == "import" and asked.right_ones, keep=asked.todo == "import",
        )  # fmt: skip
    except OSError as error:
        print(f"portevoix results: {asked.file}: {error}", file=sys.stderr)
        return 2
    except results.WrongResults as wrong:
        _tell(asked.file, wrong.mistakes)
        return 2
    _tell(asked.file, left)
    would = "" if asked.todo == "import" else "would be: "
    left_out = len({one.row for one in left})
    print(
        f"{would}{taken.done} handled, {taken.returned} given back, {taken.corrected} corrected,"
        f" {taken.unchanged} known already, {left_out} left out"
    )
    return 0


def _tell(file: Path, mistakes: Sequence[object]) -> None:
    from portevoix.actions.elsewhere_results import EXPECTED, Mistake

    for one in mistakes:
        assert isinstance(one, Mistake)
        field = f" {one.field}:" if one.field else ""
        print(f"{file}: line {one.row}:{field} expected {EXPECTED[one.code]}", file=sys.stderr)
