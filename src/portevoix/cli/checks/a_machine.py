"""Checks of the machine: Python, disk, secret, ports."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from portevoix.cli.checks import Patient, Skip, check
from portevoix.embedded.process import accepts, command_of

_LEAST_FREE = 0.10
_FILLING = 0.85  # of it used: time to act before anything is refused (RELIABILITY.md F25)
_LEAST_BYTES = 2 * 1024**3


@check(
    "python",
    proves="this Python can run Portevoix",
    remedy="install Python 3.11 or newer and run `make setup`",
)
def python(_patient: Patient) -> Sequence[str]:
    """Python is new enough."""
    found = sys.version_info[:2]
    return [] if found >= (3, 11) else [f"this is Python {found[0]}.{found[1]}"]


@check(
    "compiled",
    proves="the waiting room runs as machine code",
    remedy="install a C compiler and Python's headers (apt install gcc libc6-dev python3-dev), then `make setup`: twice as fast",
    warning=True,
)
def compiled(_patient: Patient) -> Sequence[str]:
    """The compiled form is there and belongs to these sources."""
    from portevoix.domain.routing import floor

    return ["it runs as plain Python"] if str(floor.__file__).endswith(".py") else []


@check(
    "disk",
    proves="there is room for what comes in",
    remedy="free space or move --data; below 10 % mails may be refused",
)
def disk(patient: Patient) -> Sequence[str]:
    """A tenth of the disk, and at least 2 GB, are free."""
    return [
        f"{use.free / 1024**3:.1f} GB of {use.total / 1024**3:.0f} GB are free at {where}"
        for where, use in _disks(patient).items()
        if use.free < _LEAST_BYTES or use.free / use.total < _LEAST_FREE
    ]


@check(
    "disk fills",
    proves="there will be room for what comes in",
    remedy="find out what grows (`du -xsh DATA/*`), enlarge the disk or move --data before mails are refused",
    warning=True,
)
def disk_fills(patient: Patient) -> Sequence[str]:
    """Less than 85 % of each disk is used."""
    return [
        f"{1 - use.free / use.total:.0%} of {use.total / 1024**3:.0f} GB are used at {where}"
        for where, use in _disks(patient).items()
        if use.free / use.total < 1 - _FILLING
    ]


def _disks(patient: Patient) -> dict[Path, shutil._ntuple_diskusage]:
    """The disk of the data folder, and that of the embedded database where it is another."""
    where = patient.places.data
    while not where.exists():
        where = where.parent
    places = {where.stat().st_dev: where}
    if (cluster := where / "postgresql").exists():
        places.setdefault(cluster.stat().st_dev, cluster)
    return {place: shutil.disk_usage(place) for place in places.values()}


@check(
    "secret",
    proves="sessions and reply addresses are signed with a secret that only we can read",
    remedy="start the centre once to make one, or `chmod 600` the file; never copy it to another centre",
)
def secret(patient: Patient) -> Sequence[str]:
    """A secret is there, long enough and private."""
    file = patient.places.secret
    if not file.exists():
        if len(patient.env.get("PORTEVOIX_SECRET", "")) >= 32:
            return []
        return [f"there is no secret in {file} and PORTEVOIX_SECRET is not set"]
    if file.stat().st_mode & 0o077:
        return [f"{file} can be read by others"]
    return []


def status(patient: Patient) -> dict[str, Any]:
    """Return what the supervisor last wrote; `Skip` when no supervisor runs."""
    try:
        found: dict[str, Any] = json.loads(patient.places.status.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"no centre was started on {patient.places.data}"
        raise Skip(msg) from error
    if not any("portevoix" in word for word in command_of(int(found["pid"]))):
        msg = f"no centre runs on {patient.places.data} now"
        raise Skip(msg)
    return found


@check(
    "processes",
    proves="every process of the centre runs",
    remedy="read the log named here; the supervisor tries again by itself",
)
def processes(patient: Patient) -> Sequence[str]:
    """Every process is ready and alive."""
    return [
        f"{part['name']} is {part['state']}: {part['note'] or 'no reason given'} (log: {part['log']})"
        for part in status(patient)["parts"]
        if part["state"] != "ready" or not command_of(int(part["pid"] or 0))
    ]


@check(
    "restarts",
    proves="no process dies again and again",
    remedy="read the log named here from the last line upwards",
    warning=True,
)
def restarts(patient: Patient) -> Sequence[str]:
    """No process was restarted more than twice in this run."""
    return [
        f"{part['name']} was restarted {part['restarts']} times (log: {part['log']})"
        for part in status(patient)["parts"]
        if part["restarts"] > 2
    ]


@check(
    "ports",
    proves="pages and mail can be reached",
    remedy="see whether another program or a firewall is in the way: `ss -ltnp`",
)
def ports(patient: Patient) -> Sequence[str]:
    """The addresses that the centre announces accept connections."""
    found = status(patient)
    wanted = {"pages": found["web"].removeprefix("http://"), "mail": found["smtp"]}
    closed = []
    for what, address in wanted.items():
        host, _, port = address.rpartition(":")
        if not accepts(int(port), host):
            closed.append(f"{what}: nothing answers at {address}")
    return closed
