"""The same mails through django-helpdesk, in an environment of its own, on the same PostgreSQL.

Its mail reader is a command that fetches from a mailbox; what is measured is the function it calls for each mail, in
one process, without any fetching: more than it can reach in use.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import psycopg
from bench.centre import ROOT
from bench.mails import make

if TYPE_CHECKING:
    from pathlib import Path

    from bench.centre import Centre

_NEEDS = ("django-helpdesk>=1.4,<3", "psycopg[binary]~=3.3", "setuptools")


def _python(home: Path) -> str:
    """A Python that has the peer: ours (``make setup-bench``), one that is named, or a fresh one."""
    if named := os.environ.get("PORTEVOIX_PEER_PYTHON"):
        return named
    if find_spec("helpdesk"):
        return sys.executable
    subprocess.run([sys.executable, "-m", "venv", str(home / "peer-venv")], check=True)
    python = str(home / "peer-venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *_NEEDS], check=True)
    return python


def run(centre: Centre, count: int) -> dict[str, Any]:
    """What django-helpdesk does a second, or why it could not be asked."""
    try:
        return _run(centre, count)
    except (subprocess.CalledProcessError, OSError, ValueError) as error:
        said = getattr(error, "stderr", "") or ""
        print(f"peer: django-helpdesk could not be measured: {error} {said[-800:]}")
        return {"name": "django-helpdesk", "not_measured": str(error)[:300]}


def _run(centre: Centre, count: int) -> dict[str, Any]:
    python = _python(centre.home)
    mails = centre.home / "peer-mails"
    make(mails, count, 31, ["inscription@centre.example"])
    with psycopg.connect(centre.postgres.url("postgres", superuser=True), autocommit=True) as admin:
        admin.execute("create database peer owner portevoix")
    (centre.home / "peer-media").mkdir(exist_ok=True)
    env = {
        **os.environ,
        "PEER_DATABASE": centre.postgres.url("peer"),
        "PEER_MEDIA": str(centre.home / "peer-media"),
        "DJANGO_SETTINGS_MODULE": "peer.settings",
        "PYTHONPATH": str(ROOT / "bench"),
    }
    done = subprocess.run(
        [python, str(ROOT / "bench" / "peer" / "take.py"), str(mails)],
        env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(f"peer: django-helpdesk {told}")
    return {"name": "django-helpdesk", **told}
