"""`make check`: every fast check, side by side, with one line each and the full text of what failed.

python tools/lint/check.py [NAME...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("templates") if path.is_dir())
# makemigrations only reads the models; it needs settings, and no database answers at this address.
DJANGO_ENV = {
    "PORTEVOIX_SECRET": "only-for-checks-" + "x" * 40,
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "PYTHONWARNINGS": "ignore::RuntimeWarning",
}


@dataclass(frozen=True)
class Check:
    """One command that must succeed."""

    name: str
    command: Sequence[str | Path]


def checks() -> list[Check]:
    """Return all checks, the slowest first so that the short ones fill the gaps."""
    python = sys.executable
    found = [
        Check("types", [BIN / "mypy"]),
        Check("translations", [python, "tools/lint/messages.py"]),
        Check("migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"]),
        Check("django", [python, "manage.py", "check", "--fail-level", "WARNING"]),
        Check("floors", [BIN / "lint-imports", "--no-cache"]),
        Check("lint", [BIN / "ruff", "check", "."]),
        Check("format", [BIN / "ruff", "format", "--check", "."]),
        Check("house", [python, "tools/lint/house.py"]),
        Check("spelling", [BIN / "codespell", "src", "docs", "tools", "README.md"]),
    ]
    if TEMPLATES:
        found.insert(2, Check("templates", [BIN / "djlint", "--lint", "--quiet", *TEMPLATES]))
    return found


def run(check: Check) -> tuple[Check, bool, float, str]:
    """Run one check and return whether it passed, the seconds it took and what it said."""
    begun = time.monotonic()
    done = subprocess.run(
        [str(word) for word in check.command],
        cwd=ROOT,
        env=os.environ | DJANGO_ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    return check, done.returncode == 0, time.monotonic() - begun, done.stdout + done.stderr


def main(names: Sequence[str]) -> int:
    """Run the named checks, or all; 1 when any failed."""
    chosen = [check for check in checks() if not names or check.name in names]
    failed = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for done in as_completed([pool.submit(run, check) for check in chosen]):
            check, passed, seconds, said = done.result()
            print(f"{'ok  ' if passed else 'FAIL'}  {check.name:<13}{seconds:5.1f} s", flush=True)
            if not passed:
                failed.append((check, said))
    for check, said in failed:
        print(f"\n--- {check.name}: {' '.join(str(word) for word in check.command)}\n{said.strip()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
