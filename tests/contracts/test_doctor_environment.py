"""The doctor's looks at what the centre stands on: disks that fill, certificates that run out."""

from __future__ import annotations

import shutil
from typing import NamedTuple

import pytest
from contracts.test_relay_tls import SafeSink
from services.tls import Authority

from portevoix.cli.checks import Patient, everything
from portevoix.cli.doctor import examine
from portevoix.runners.centre import Places


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def say(name, patient):
    (found,) = [check for check in everything() if check.name == name]
    verdict = examine(found, patient)
    return verdict.result, " ".join(verdict.findings)


@pytest.mark.parametrize(("used", "result"), [(80, "ok"), (84, "ok"), (86, "warning"), (99, "warning")])
def test_a_disk_that_fills_is_told_of_in_time(monkeypatch, tmp_path, used, result):
    gb = 1024**3
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * gb, used * gb, (100 - used) * gb))
    assert say("disk fills", Patient(Places(tmp_path), {}))[0] == result
    assert say("disk", Patient(Places(tmp_path), {}))[0] == ("failed" if used > 90 else "ok")


@pytest.mark.parametrize(
    ("days", "safe", "stays", "words"),
    [
        (30, "ok", "ok", ""), (20, "ok", "warning", "20 days"), (6, "ok", "warning", "a week"),
        (1, "failed", "warning", "a day"), (-1, "failed", "ok", "expired"),
    ],
)  # fmt: skip
def test_a_certificate_that_runs_out_is_told_of_in_time(monkeypatch, tmp_path, days, safe, stays, words):
    authority = Authority(tmp_path / "ca")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    sink = SafeSink(*authority.certificate(days=days))
    try:
        env = {"PORTEVOIX_RELAY": f"127.0.0.1:{sink.port}", "PORTEVOIX_RELAY_TLS": "starttls"}
        patient = Patient(Places(tmp_path), env)
        first, second = say("relay is safe", patient), say("relay stays safe", patient)
    finally:
        sink.stop()
    assert (first[0], second[0]) == (safe, stays), (first, second)
    assert words in first[1] + second[1]
    assert sink.logins == []


def test_without_tls_there_is_nothing_to_look_at(tmp_path):
    assert say("relay is safe", Patient(Places(tmp_path), {}))[0] == "skipped"
