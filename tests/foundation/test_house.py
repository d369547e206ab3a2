"""Each house rule finds what it is for, and lets the innocent neighbour pass."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "lint"))

import house
import messages
import polib

DOMAIN = "src/portevoix/domain/x.py"
ACTION = "src/portevoix/actions/x.py"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("src/a.py", "x\n" * 501, "split it"),
        ("src/a.py", "x\n" * 500, None),
        ("requirements/run.txt", "x\n" * 900, None),
        ("docs/a.md", "see https://py" + "pi.org/project/x", "registry"),
        ("docs/a.md", "python in production", None),
        ("docs/a.md", "cp /wo" + "rk/main/x .", "absolute path"),
        ("docs/a.md", "frame/work/shop and ~/work/x", None),
        ("package-lock.json", '"resolved": "https://example.org/x.tgz"', "download address"),
        ("requirements/run.txt", "--index-url https://example.org", "download address"),
        (ACTION, 'db.execute("update contact set state = 1")', "live table contact"),
        (ACTION, 'db.execute("insert into  mail_raw (a) values (1)")', "live table mail_raw"),
        (ACTION, 'db.execute("DELETE FROM seat WHERE 1=1")', "live table seat"),
        (ACTION, '"""Update the contact: a message is an event."""', None),
        (ACTION, 'db.execute("select * from contact")', None),
        ("src/portevoix/store/sql/contacts.sql", "update contact set state = 1", None),
        (DOMAIN, "import random", "imports random"),
        (DOMAIN, "from time import monotonic", "imports time"),
        (DOMAIN, "import datetime\nx = datetime.datetime.now()", "reads datetime.now"),
        (DOMAIN, "from datetime import date\nx = date.today()", "reads date.today"),
        (DOMAIN, "async def f(): ...", "synchronous"),
        (DOMAIN, "from datetime import datetime\ndef f(now: datetime) -> datetime: return now", None),
        (ACTION, "import time", None),
        ("src/a.py", "x = 1\nbreakpoint" + "()\n", "left over"),
    ],
)
def test_rule(path: str, text: str, found: str | None) -> None:
    said = [str(finding) for finding in house.check(path, text)]
    if found is None:
        assert said == []
    else:
        assert len(said) == 1
        assert found in said[0]


def _catalogue(**pairs: str) -> polib.POFile:
    made = polib.POFile()
    for source, text in pairs.items():
        made.append(polib.POEntry(msgid=source, msgstr=text))
    return made


def test_missing_empty_fuzzy_and_unused_translations_are_found() -> None:
    committed = _catalogue(Bonjour="Hello", Merci="", Adieu="Farewell", Peut="May")
    committed.find("Peut").flags.append("fuzzy")
    collected = _catalogue(Bonjour="", Merci="", Peut="", Nouveau="")
    said = "\n".join(messages.compare(committed, collected))
    assert "Bonjour" not in said
    assert "not translated: 'Merci'" in said
    assert "fuzzy): 'Peut'" in said
    assert "not in the catalogue: 'Nouveau'" in said
    assert "no longer used: 'Adieu'" in said


def test_every_declared_dependency_is_locked() -> None:
    """Without this a new machine misses a package that the developer's machine has by chance."""
    import re
    import tomllib

    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "run.txt": project["dependencies"] + extras["build"],
        "dev.txt": project["dependencies"] + extras["dev"],
        "bench.txt": project["dependencies"] + extras["bench"],
    }
    for lock, needs in wanted.items():
        text = (root / "requirements" / lock).read_text()
        locked = {
            re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
        }
        names = {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", need)[0]).lower() for need in needs}
        assert names - locked == set(), f"run `make lock`: {lock} misses these"
