"""House rules that no ready linter has. Each rule is one small function with its own test.

A rule takes the path (relative to the checkout) and the text of one tracked file and yields findings.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 500  # lines; STYLE.md calls it a stop sign

GENERATED = ("package-lock.json", "requirements/", "LICENSE", "docs/generated/", "tests/data/", "CHANGELOG")
BINARY = {".png", ".jpg", ".woff2", ".ico", ".mo", ".eml", ".gz", ".zip", ".pdf", ".webp", ".bin", ".mbox"}

LIVE_TABLES = [
    "person",
    "address",
    "conversation",
    "contact",
    "seat",
    "message",
    "mail_raw",
    "awaited_parent",
    "set_aside",
    "outgoing",
    "draft",
    "upload",
    "presence",
    "writing",
    "event",
    "log_cursor",
    "heartbeat",
    "vocabulary",
    "handling",
    "reading",
]


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, and what to do."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        """Read like a compiler's message, so that editors jump to it."""
        return f"{self.path}:{self.line}: {self.text}"


Rule = Callable[[str, str], Iterator[Finding]]


def not_too_long(path: str, text: str) -> Iterator[Finding]:
    """No file over 500 lines: nobody reads it whole."""
    if path.startswith(GENERATED) or path.endswith((".po", ".svg")) or "/migrations/" in path:
        return
    count = text.count("\n")
    if count > LONGEST:
        yield Finding(path, count, f"{count} lines; split it (the most is {LONGEST})")


# Written in pieces so that this file does not break its own rule.
_HOSTS = re.compile(
    "|".join(["registry" + r"\.npmjs", "py" + r"pi\.org", "python" + "hosted", "deb" + r"ian\.org/debian"])
)
_WORKPLACE = re.compile(r"(?<![\w.~-])/" + r"(?:work|home/\w+|root)/[\w.]")


def no_foreign_places(path: str, text: str) -> Iterator[Finding]:
    """No registry host and no absolute path of somebody's machine in a tracked file."""
    for number, line in enumerate(text.splitlines(), 1):
        if _HOSTS.search(line):
            yield Finding(path, number, "names a package registry's host; leave the address out")
        if _WORKPLACE.search(line):
            yield Finding(path, number, "holds an absolute path of one machine")


def locks_without_addresses(path: str, text: str) -> Iterator[Finding]:
    """Lock files pin by hash alone; where to fetch is the machine's own setting."""
    if path == "package-lock.json" or path.startswith("requirements/"):
        for number, line in enumerate(text.splitlines(), 1):
            if (
                '"resolved": "http' in line
                or "--index-url" in line
                or "--find-links" in line
                or " @ http" in line
            ):
                yield Finding(path, number, "a lock file must not hold a download address")


_WRITE = re.compile(
    r"\b(?:insert\s+into|update|delete\s+from|copy|truncate(?:\s+table)?)\s+(?:only\s+)?\"?("
    + "|".join(LIVE_TABLES)
    + r")\"?(?=\s+(?:set\b|as\b|values\b|select\b|where\b|using\b|from\b|default\b|\w+\s+set\b)|\s*\(|\s*$|;)",
    re.IGNORECASE,
)


def live_tables_written_in_store(path: str, text: str) -> Iterator[Finding]:
    """Live tables are written only by the named SQL of store/."""
    if not path.startswith("src/portevoix/") or path.startswith("src/portevoix/store/"):
        return
    if path.endswith((".py", ".sql")):
        for found in _WRITE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Finding(
                path, line, f"writes the live table {found.group(1)}; use a named query of store/sql"
            )


_CLOCKS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"),
    ("time", "monotonic"), ("time", "sleep"), ("time", "perf_counter"), ("uuid", "uuid4"), ("os", "urandom"),
}  # fmt: skip
_CHANCE = {"random", "secrets", "time", "uuid"}


def domain_without_clock(path: str, text: str) -> Iterator[Finding]:
    """In the domain time and randomness are arguments, so that the simulator runs the same code."""
    if not (path.startswith("src/portevoix/domain/") and path.endswith(".py")):
        return
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name in _CHANCE:
                yield Finding(
                    path, getattr(node, "lineno", 1), f"imports {name}; take time and randomness as arguments"
                )
        if isinstance(node, ast.Attribute):
            owner = node.value
            word = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if (word, node.attr) in _CLOCKS:
                yield Finding(path, node.lineno, f"reads {word}.{node.attr}; take the time as an argument")
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield Finding(path, node.lineno, "the domain is synchronous")


def no_left_over_conflict(path: str, text: str) -> Iterator[Finding]:
    """No merge markers and no debugger left behind."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("<" * 7 + " ", ">" * 7 + " ")) or line.strip() in (
            "breakpoint" + "()",
            "import " + "pdb",
        ):
            yield Finding(path, number, "left over from work")


RULES: tuple[Rule, ...] = (
    not_too_long,
    no_foreign_places,
    locks_without_addresses,
    live_tables_written_in_store,
    domain_without_clock,
    no_left_over_conflict,
)


def tracked_files() -> list[str]:
    """Return the files that git knows or would add; generated and ignored ones are left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return sorted(name for name in done.stdout.decode().split("\0") if name)


def check(path: str, text: str) -> list[Finding]:
    """Apply every rule to one file."""
    return [finding for rule in RULES for finding in rule(path, text)]


def main() -> int:
    """Check the whole checkout; print the findings; 1 when there are any."""
    findings: list[Finding] = []
    for name in tracked_files():
        full = ROOT / name
        if PurePosixPath(name).suffix in BINARY or not full.is_file():
            continue
        try:
            text = full.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        findings += check(name, text)
    print(*findings, sep="\n", end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
