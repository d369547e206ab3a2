"""The English catalogue holds every French text of the pages, and each is translated.

French is the source language: msgids are French. `--write` collects new texts into the catalogue
(still to be translated by hand); without it the committed catalogue is compared with a fresh collection.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "src" / "portevoix" / "web"
SOURCE = ROOT / "src" / "portevoix"
CATALOGUE = Path("locale") / "en" / "LC_MESSAGES" / "django.po"


def collect(committed: Path) -> Path:
    """Return a fresh catalogue, made beside the sources in a throw-away copy of the tree."""
    copy = Path(tempfile.mkdtemp(prefix="portevoix-messages-")) / "portevoix"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("static", "*.mo", "__pycache__"))
    target = copy / committed.relative_to(SOURCE)
    target.parent.mkdir(parents=True, exist_ok=True)
    script = (
        "import django.conf as c, django; c.settings.configure(USE_I18N=True, LOCALE_PATHS=[__import__('sys').argv[1]]);"
        "django.setup(); from django.core.management import call_command as run;"
        "run('makemessages', locale=['en'], extensions=['html', 'txt', 'py', 'eml'], no_wrap=True, no_obsolete=True,"
        " add_location='file', verbosity=0)"
    )
    command = [sys.executable, "-c", script, str(target.parents[2])]
    done = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"}
    )
    if done.returncode:
        raise SystemExit(f"makemessages failed:\n{done.stderr}")
    return target


def compare(committed: polib.POFile, collected: polib.POFile) -> list[str]:
    """Return what is wrong with the committed catalogue, one sentence each."""
    problems = []
    known = {(entry.msgctxt, entry.msgid): entry for entry in committed if not entry.obsolete}
    for entry in collected:
        where = entry.occurrences[0][0] if entry.occurrences else "?"
        found = known.get((entry.msgctxt, entry.msgid))
        if found is None:
            problems.append(f"{where}: not in the catalogue: {entry.msgid!r}")
        elif "fuzzy" in found.flags:
            problems.append(f"{where}: only guessed (fuzzy): {entry.msgid!r}")
        elif not found.translated():
            problems.append(f"{where}: not translated: {entry.msgid!r}")
    used = {(entry.msgctxt, entry.msgid) for entry in collected}
    problems += [f"no longer used: {key[1]!r}" for key in known if key not in used]
    return problems


def main(write: bool) -> int:
    """Check the catalogue, or renew it with `write`; 1 when something is missing."""
    committed = WEB / CATALOGUE
    if not committed.exists() and not write:
        print(f"{committed.relative_to(ROOT)} is missing: run `make messages` and translate")
        return 1
    fresh = collect(committed)
    try:
        if write:
            committed.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh, committed)
        problems = compare(polib.pofile(str(committed)), polib.pofile(str(fresh)))
    finally:
        shutil.rmtree(Path(*fresh.parts[: fresh.parts.index("portevoix")]), ignore_errors=True)
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main("--write" in sys.argv))
