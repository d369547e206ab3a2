"""`portevoix doctor`: every part, every promise, with what to do about a failure. Changes nothing."""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from portevoix.cli.checks import Check, Patient, Skip, everything
from portevoix.cli.up import data_directory
from portevoix.runners.centre import Places, find_environment


@dataclass(frozen=True)
class Verdict:
    """The answer to one check: ok, warning, failed, skipped."""

    name: str
    result: str
    proves: str
    findings: tuple[str, ...] = ()
    remedy: str = ""


def examine(check: Check, patient: Patient) -> Verdict:
    """Run one check; one that cannot even look has failed, and the next goes on."""
    try:
        findings = tuple(check.look(patient))
    except Skip as reason:
        return Verdict(check.name, "skipped", check.proves, (str(reason),))
    except Exception as error:  # noqa: BLE001 - a doctor that crashes helps nobody
        findings = (f"{type(error).__name__}: {error}".strip().replace("\n", " "),)
        return Verdict(check.name, "failed", check.proves, findings, check.remedy)
    if not findings:
        return Verdict(check.name, "ok", check.proves)
    return Verdict(check.name, "warning" if check.warning else "failed", check.proves, findings, check.remedy)


def show(verdicts: Sequence[Verdict]) -> None:
    """Print the verdicts for a person."""
    marks = {"ok": "ok     ", "warning": "look   ", "failed": "WRONG  ", "skipped": "-      "}
    for verdict in verdicts:
        print(f"{marks[verdict.result]}{verdict.name:<24} {verdict.proves}")
        for finding in verdict.findings[:10]:
            print(f"         {finding}")
        if len(verdict.findings) > 10:
            print(f"         ... and {len(verdict.findings) - 10} more")
        if verdict.remedy:
            print(f"         -> {verdict.remedy}")
    wrong = sum(verdict.result == "failed" for verdict in verdicts)
    print(f"\n{'All is well.' if not wrong else f'{wrong} of {len(verdicts)} checks found something wrong.'}")


def main(argv: Sequence[str]) -> int:
    """Run every check; 0 when none failed."""
    parser = argparse.ArgumentParser(
        prog="portevoix doctor", description="Tell what is wrong and what to do."
    )
    parser.add_argument(
        "--data", type=Path, help="data directory of the centre (default: PORTEVOIX_DATA or ./data)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--only", action="append", metavar="NAME", help="run this check only (repeatable)")
    arguments = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    places = Places(data_directory(arguments.data))
    patient = Patient(places, find_environment(places))
    chosen = [check for check in everything() if not arguments.only or check.name in arguments.only]
    verdicts = [examine(check, patient) for check in chosen]
    healthy = all(verdict.result != "failed" for verdict in verdicts)
    if arguments.json:
        print(
            json.dumps(
                {"healthy": healthy, "checks": [asdict(verdict) for verdict in verdicts]}, ensure_ascii=False
            )
        )
    else:
        show(verdicts)
    return 0 if healthy else 1
