#!/usr/bin/env python3
"""Django's command line, for developers; people who run a centre use `portevoix`."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run one management command with the project's settings."""
    sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portevoix.web.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
