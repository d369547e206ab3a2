"""`portevoix contracts ...`: the contracts with organisations as one TOML file (docs/contracts.md).

portevoix contracts export [--data DIR]            print the contracts of the centre
portevoix contracts check FILE [--data DIR]        tell every mistake, or what the file would change; changes nothing
portevoix contracts import FILE [--data DIR]       put them in place, all or none
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """0 when done, 2 for a file with mistakes (each with its line, its field and what was expected)."""
    parser = argparse.ArgumentParser(
        prog="portevoix contracts", description="The contracts with organisations as a file."
    )
    parser.add_argument(
        "--data", type=Path, help="data directory of the centre (default: PORTEVOIX_DATA or ./data)"
    )
    todo = parser.add_subparsers(dest="todo", required=True, metavar="COMMAND")
    todo.add_parser("export", help="print the contracts of the centre")
    for name, said in (
        ("check", "tell mistakes, or what would change"),
        ("import", "put them in place, all or none"),
    ):
        todo.add_parser(name, help=said).add_argument("file", type=Path)
    asked = parser.parse_args(list(argv))
    from portevoix.cli.up import data_directory
    from portevoix.runners.centre import Places, find_environment

    os.environ.update(find_environment(Places(data_directory(asked.data))))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portevoix.web.settings")
    import django

    django.setup()
    from portevoix.web.centre.importing import contracts
    from portevoix.web.centre.keeping import recording

    if asked.todo == "export":
        print(contracts.write(), end="")
        return 0
    try:
        content = asked.file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        print(f"portevoix contracts: {asked.file}: {error}", file=sys.stderr)
        return 2
    if asked.todo == "check":
        plan = contracts.look(content)
    else:
        with recording(None) as kept:
            plan = contracts.carry_out(content, kept)
    for mistake in plan.mistakes:
        print(f"{asked.file}: {mistake}", file=sys.stderr)
    if plan.mistakes:
        return 2
    for verb, name, fields in plan.changes:
        print(f"{verb}: {name}{' (' + ', '.join(fields) + ')' if fields else ''}")
    print(f"{len(plan.changes)} changed, {plan.unchanged} as they were")
    return 0
