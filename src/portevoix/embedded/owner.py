"""Which system user PostgreSQL runs as: never root, and able to reach its files."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from portevoix.embedded.process import EmbeddedError

SYSTEM_USER = "portevoix-db"
SHARED_HOME = Path("/var/lib/portevoix")


@dataclass(frozen=True)
class Owner:
    """The user id and group id that own the cluster; `switch` says whether we must change to it."""

    uid: int
    gid: int
    switch: bool


def cluster_owner() -> Owner:
    """Return this user, or for root a system user made for the purpose: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _add_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Owner(entry.pw_uid, entry.pw_gid, switch=True)


def _add_system_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    exists = 9  # useradd(8): another process made the same user meanwhile
    if done.returncode not in (0, exists):
        msg = f"cannot add the system user {SYSTEM_USER} for PostgreSQL: {done.stderr.strip()}"
        raise EmbeddedError(msg)


def blocked_parent(path: Path, owner: Owner) -> Path | None:
    """Return the first directory above `path` that `owner` may not pass through, or None.

    We never open other people's directories to everybody; we use another place instead.
    """
    if not owner.switch:
        return None
    for parent in reversed(path.absolute().parents):
        if not parent.exists():
            return None
        status = parent.stat()
        mine = status.st_uid == owner.uid and status.st_mode & stat.S_IXUSR
        group = status.st_gid == owner.gid and status.st_mode & stat.S_IXGRP
        if not (mine or group or status.st_mode & stat.S_IXOTH):
            return parent
    return None


def reachable_install(wheel_dir: Path, version: str, owner: Owner) -> Path:
    """Return a PostgreSQL installation that `owner` can execute: the wheel's, or a copy of it."""
    if blocked_parent(wheel_dir, owner) is None:
        return wheel_dir
    copy = SHARED_HOME / f"postgresql-{version}"
    if not copy.exists():
        SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(wheel_dir, partial, symlinks=True)
        try:
            partial.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(partial)
    return copy


def default_data(near: Path) -> Path:
    """Return where the data of a centre started from directory `near` go when nobody says.

    `near/data`; for root below a closed directory (such as its home) a place under /var/lib instead,
    since the database runs as another user.
    """
    wanted = near.absolute() / "data"
    if os.geteuid() != 0 or blocked_parent(wanted, cluster_owner()) is None:
        return wanted
    return SHARED_HOME / ("data-" + str(near.absolute()).strip("/").replace("/", "-"))
