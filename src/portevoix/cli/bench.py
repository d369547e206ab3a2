"""`portevoix bench NAME [--json]`: measure on this machine. The last line is one JSON object.

The benchmarks stand in `bench/` of the source tree, not in the installed package: they bring test data and peers.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAMES: dict[str, str] = {
    "mail": "mails a second over SMTP, and the floor on this machine",
    "router": "placements a second, pure and live, and how soon another router takes over",
    "staffing": "the people that a year of quarter-hours needs",
    "twin": "a year of the centre on a virtual clock, and Ciw and SimPy",
    "coherence": "the comparison of organisations with a million contacts",
    "desk": "pages and offers with a million contacts",
}
_SOURCE = Path(__file__).resolve().parents[3]


def main(argv: Sequence[str]) -> int:
    """Run one benchmark; 2 for one that does not exist."""
    if not argv or argv[0] in ("-h", "--help") or argv[0] not in NAMES:
        known = "\n".join(f"  {name:<8} {text}" for name, text in NAMES.items())
        wanted = bool(argv) and argv[0] in ("-h", "--help")
        print(f"usage: portevoix bench NAME [--json]\n\n{known}", file=sys.stdout if wanted else sys.stderr)
        return 0 if wanted else 2
    if not (_SOURCE / "bench" / f"{argv[0]}.py").exists():
        print("portevoix bench: the benchmarks are in the source tree, which is not here", file=sys.stderr)
        return 2
    sys.path.insert(0, str(_SOURCE))
    # Sources that changed since `make setup` would run as plain Python.
    subprocess.run([sys.executable, _SOURCE / "tools/setup/native.py"], stdout=sys.stderr, check=False)
    return int(importlib.import_module(f"bench.{argv[0]}").main(argv[1:]))
