"""`portevoix manage ...`: Django's commands (createsuperuser, changepassword, shell...) on the centre that runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from portevoix.cli.up import data_directory
from portevoix.runners.centre import Places, find_environment


def main(argv: Sequence[str]) -> int:
    """Run one Django command; `--data DIR` first, where the centre is not in ./data."""
    words = list(argv)
    data: Path | None = None
    if words[:1] == ["--data"] and len(words) > 1:
        data, words = Path(words[1]), words[2:]
    os.environ.update(find_environment(Places(data_directory(data))))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portevoix.web.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["portevoix manage", *words])
    return 0
