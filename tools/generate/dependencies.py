"""List what Portevoix depends on, with versions and licences: ``docs/dependencies.md``.

Reads the locked requirements and the installed packages' own metadata, and package-lock.json for the browser's part.
A licence that is not known to be compatible with the EUPL-1.2 ends the program with 1.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "dependencies.md"
#: Permissive, or on the EUPL's own list of compatible licences, or used as a separate program.
GOOD = (
    "mit", "bsd", "apache", "isc", "psf", "python software foundation", "mpl", "mozilla public", "lgpl",
    "gnu lesser", "postgresql", "0bsd", "ofl", "cc0", "unlicense", "zlib", "eupl", "hpnd", "cnri", "public domain", "zpl", "zope",
)  # fmt: skip


def licence(name: str) -> str:
    """The licence a package states: its expression, its classifiers, or its text field, in this order."""
    about = metadata.metadata(name).json
    if expression := about.get("license_expression"):
        return str(expression)
    classes = [c.split(" :: ")[-1] for c in about.get("classifier", []) if c.startswith("License ::")]
    classes = [c for c in classes if c != "OSI Approved"]
    if classes:
        return ", ".join(classes)
    return str(about.get("license") or "unknown").strip().splitlines()[0][:60]


def locked(path: Path) -> list[str]:
    """The names in a requirements file."""
    return sorted(
        set(re.findall(r"^([A-Za-z0-9][\w.-]*)==", path.read_text("utf-8"), re.MULTILINE)), key=str.lower
    )


def python_rows(path: Path) -> list[tuple[str, str, str]]:
    """Name, version, licence of each installed package of a lock file."""
    rows = []
    for name in locked(path):
        try:
            rows.append((name, metadata.version(name), licence(name)))
        except metadata.PackageNotFoundError:
            continue  # only needed on another system
    return rows


def browser_rows() -> list[tuple[str, str, str]]:
    """The same for npm."""
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    return [
        (path.removeprefix("node_modules/"), about["version"], about.get("license", "unknown"))
        for path, about in sorted(packages.items())
        if path
    ]


def table(title: str, rows: list[tuple[str, str, str]]) -> list[str]:
    """A section of the page."""
    body = [f"| {name} | {version} | {terms} |" for name, version, terms in rows]
    return ["", f"## {title}", "", "| package | version | licence |", "|---|---|---|", *body]


def main() -> int:
    """Write the page; 1 when a licence needs a look."""
    run = python_rows(ROOT / "requirements" / "run.txt")
    everything = python_rows(ROOT / "requirements" / "dev.txt")
    dev = [row for row in everything if row not in run]
    browser = browser_rows()
    lines = [
        "# What Portevoix stands on",
        "",
        "Made by `tools/generate/dependencies.py`. Portevoix itself is EUPL-1.2.",
    ]
    lines += table("Running", run) + table("Browser", browser) + table("Development and tests only", dev)
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")
    doubtful = [row for row in run + browser if not any(word in row[2].lower() for word in GOOD)]
    for row in doubtful:
        sys.stdout.write(f"look at the licence of {row[0]}: {row[2]}\n")
    return 1 if doubtful else 0


if __name__ == "__main__":
    sys.exit(main())
