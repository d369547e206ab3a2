"""Debian packages: which are missing, and how they come in quietly. Standard library only."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("apt-packages.txt")
POLICY = Path("/usr/sbin/policy-rc.d")


class SetupError(Exception):
    """Setup cannot go on; the text says what to do."""


@dataclass(frozen=True)
class Package:
    """One Debian package, the purpose it serves and the sign that it is already there."""

    kind: str
    name: str
    sign: str
    purpose: str


def read(text: str) -> list[Package]:
    """Read the list; comments and empty lines are dropped."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [Package(*line.split(maxsplit=3)) for line in lines]


def present(package: Package, python: str) -> bool:
    """Tell whether what the package brings is on this machine, whoever brought it."""
    how, _, what = package.sign.partition(":")
    if how == "cmd":
        # Daemons live in sbin, which a plain user's PATH on Debian does not name.
        return shutil.which(what, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None
    if how == "module":
        done = subprocess.run([python, "-c", f"import {what}"], capture_output=True, check=False)
        return done.returncode == 0
    if how == "header":
        code = (
            f"import os, sys, sysconfig as s; sys.exit(not os.path.exists(s.get_path('include') + '/{what}'))"
        )
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    if how == "path":
        return Path(what).exists()
    msg = f"{LIST.name}: unknown sign {package.sign!r}"
    raise SetupError(msg)


def missing(kinds: set[str], python: str) -> list[Package]:
    """Return the packages of these kinds that are not there yet."""
    wanted = [package for package in read(LIST.read_text(encoding="utf-8")) if package.kind in kinds]
    return [package for package in wanted if not present(package, python)]


def install(packages: list[Package]) -> None:
    """Install by apt, as root or through a sudo that asks nothing; else say the exact command."""
    if not packages:
        return
    names = [package.name for package in packages]
    command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(names)}"
    if not shutil.which("apt-get"):
        purposes = "\n".join(f"  {package.name}: {package.purpose}" for package in packages)
        msg = f"These are missing and this system has no apt:\n{purposes}\nInstall them and try again."
        raise SetupError(msg)
    prefix = privilege()
    if prefix is None:
        msg = (
            f"These Debian packages are missing: {', '.join(names)}.\n"
            "You are not root and sudo is not available without a password. Have somebody run\n\n"
            f"    sudo sh -c '{command}'\n\nand then repeat the same make command."
        )
        raise SetupError(msg)
    with no_daemons(prefix):
        _quiet(prefix, names)


def privilege() -> list[str] | None:
    """Return the words before a command that needs root, or None when we cannot become root."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        done = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if done.returncode == 0:
            return ["sudo", "-n"]
    return None


def _quiet(prefix: list[str], names: list[str]) -> None:
    print(f"setup: apt installs {' '.join(names)}", flush=True)
    env = ["env", "DEBIAN_FRONTEND=noninteractive", "APT_LISTCHANGES_FRONTEND=none"]
    answers = "postfix postfix/main_mailer_type select No configuration\n"
    subprocess.run([*prefix, *env, "debconf-set-selections"], input=answers, text=True, check=False)
    steps = [["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *names]]
    for step in steps:
        done = subprocess.run([*prefix, *env, "apt-get", *step], check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            msg = f"apt-get {' '.join(step)} failed (see above)."
            raise SetupError(msg)


@contextlib.contextmanager
def no_daemons(prefix: list[str]) -> Iterator[None]:
    """Keep freshly installed Postfix and Dovecot from starting: the tests start their own.

    Debian asks /usr/sbin/policy-rc.d (exit 101 = do not start). One that is there already is kept.
    """
    if POLICY.exists():
        yield
        return
    script = f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"
    subprocess.run([*prefix, "sh", "-c", script], check=True)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(POLICY)], check=True)
