"""The command `portevoix`. One module a group of commands, imported only when it is called.

A group module has `main(argv) -> int` and reads its own options, so `portevoix --help` imports nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

GROUPS: dict[str, str] = {
    "up": "run the centre: database, bus and all processes",
    "demo": "run a demonstration centre, with people, lines and mails",
    "doctor": "tell what is wrong and what to do about it",
    "mail": "show mails as the centre understands them",
    "staffing": "how many people a load needs",
    "twin": "try a change on a copy of the centre, on a virtual clock",
    "contracts": "the contracts with organisations as a file",
    "bench": "measure on this machine",
    "manage": "Django's own commands, on the centre that runs",
}


def _there(group: str) -> bool:
    return importlib.util.find_spec(f"portevoix.cli.{group}") is not None


def usage() -> str:
    """Return the text of `portevoix --help`."""
    lines = [f"  {name:<9} {text}" for name, text in GROUPS.items() if _there(name)]
    head = "usage: portevoix COMMAND [...]\n\nAn open-source customer-relation centre.\n\ncommands:\n"
    return head + "\n".join(lines) + "\n\n`portevoix COMMAND --help` tells the options of a command."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; 2 for a command that does not exist."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        return 0
    if words[0] in ("-V", "--version"):
        from portevoix import __version__

        print(f"portevoix {__version__}")
        return 0
    group, rest = words[0], words[1:]
    if group not in GROUPS or not _there(group):
        print(f"portevoix: there is no command {group!r}\n\n{usage()}", file=sys.stderr)
        return 2
    try:
        return int(importlib.import_module(f"portevoix.cli.{group}").main(rest) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
