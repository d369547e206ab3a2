"""The supervisor on real processes: restarts, start limit, order, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from services.ports import PATIENCE

from portevoix.embedded import free_port
from portevoix.embedded.process import command_of, wait_gone
from portevoix.runners.centre import Addresses, Places, Plan, ensure_secret, environment
from portevoix.runners.child import Child
from portevoix.runners.logfile import LogFile
from portevoix.runners.parts import PARTS, Part, Restart

AT = Addresses()
# A worker of its own in the same group, as gunicorn has: both must go.
GOOD = """
import signal, subprocess, sys
worker = subprocess.Popen(["sleep", "300"])
print("worker", worker.pid, flush=True)
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the file of a module `fakepart` that `python -m` finds."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "fakepart.py"


def part(**changes: object) -> Part:
    return Part("fakepart", "for tests", "fakepart", lambda _at: ["fakepart"], **changes)  # type: ignore[arg-type]


async def until(true: object, seconds: float = 20) -> None:
    assert callable(true)
    deadline = time.monotonic() + seconds * PATIENCE
    while not true():
        assert time.monotonic() < deadline, "never became true"
        await asyncio.sleep(0.02)


def child(module: Path, made: Part) -> tuple[Child, list[str]]:
    seen: list[str] = []
    log = module.with_suffix(".log")
    return Child(made, AT, dict(os.environ), log, lambda now: seen.append(now.state)), seen


def test_a_killed_process_is_back_within_five_seconds_and_nothing_stays_behind(module: Path) -> None:
    module.write_text(GOOD)

    async def _scenario() -> None:
        kept, seen = child(module, part())
        keeping = asyncio.create_task(kept.keep())
        await until(lambda: kept.state == "ready")
        first = kept.pid
        assert first is not None
        begun = time.monotonic()
        os.kill(first, signal.SIGKILL)
        await until(lambda: kept.state == "ready" and kept.pid not in (None, first))
        assert time.monotonic() - begun < 5 * PATIENCE
        await kept.stop()
        await keeping
        assert kept.state == "stopped"
        assert seen.count("ready") == 2

    asyncio.run(_scenario())
    workers = [
        int(line.split()[1])
        for line in module.with_suffix(".log").read_text().splitlines()
        if line.startswith("worker")
    ]
    assert len(workers) == 2
    assert all(wait_gone(worker, 5) for worker in workers)


def test_a_process_that_cannot_start_is_tried_ever_less_often_and_says_why(module: Path) -> None:
    module.write_text("raise SystemExit('no configuration: set X')")
    policy = Restart(first=0.01, slowest=0.02, limit=3, pause=60)

    async def _scenario() -> None:
        kept, _seen = child(module, part(restart=policy))
        keeping = asyncio.create_task(kept.keep())
        await asyncio.wait_for(kept.settled(), 20)
        assert kept.state == "failing"
        assert "code 1" in kept.note
        assert str(kept.log) in kept.note
        tries = kept.restarts
        await asyncio.sleep(0.3)
        assert kept.restarts == tries == 3, "no busy loop once the limit is reached"
        await kept.stop()
        await asyncio.wait_for(keeping, 5)

    asyncio.run(_scenario())
    assert "no configuration: set X" in module.with_suffix(".log").read_text()


def test_a_process_that_ignores_the_stop_is_ended(module: Path) -> None:
    module.write_text(
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(300)"
    )

    async def _scenario() -> None:
        kept, _seen = child(module, part(stop_seconds=0.3))
        keeping = asyncio.create_task(kept.keep())
        await until(lambda: kept.state == "ready")
        pid = kept.pid
        await kept.stop()
        await asyncio.wait_for(keeping, 5)
        assert pid is not None
        assert command_of(pid) == []

    asyncio.run(_scenario())


def test_the_back_off_grows_and_is_bounded() -> None:
    policy = Restart()
    delays = [policy.delay(deaths) for deaths in range(1, 8)]
    assert delays[0] < 1
    assert delays == sorted(delays)
    assert max(delays[:5]) < 5, "a crash costs less than five seconds"
    assert delays[-1] == policy.pause


def test_log_files_are_turned_over_and_bounded(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", largest=100, kept=2)
    for number in range(100):
        log.write(f"line {number}\n".encode())
    log.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["x.log", "x.log.1", "x.log.2"]
    assert (tmp_path / "x.log").read_text().endswith("line 99\n")
    assert all(file.stat().st_size <= 100 for file in tmp_path.iterdir())


def test_a_log_file_that_cannot_be_turned_over_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "run" / "x.log", largest=20, kept=2)
    shutil.rmtree(tmp_path / "run")  # as a full or broken disk: no new file can be made
    for number in range(5):
        log.write(f"lost line {number}\n".encode())
    (tmp_path / "run").mkdir()
    log.write(b"kept\n")
    log.close()
    assert (tmp_path / "run" / "x.log").read_bytes() == b"kept\n"


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    places = Places(tmp_path)
    first = ensure_secret(places.secret)
    assert len(first) >= 50
    places.secret.chmod(0o644)
    assert ensure_secret(places.secret) == first
    assert places.secret.stat().st_mode & 0o777 == 0o600


def test_the_processes_get_the_addresses(tmp_path: Path) -> None:
    env = environment(
        Plan(tmp_path, Addresses(port=9000, live_port=9001), "relay:25"), "postgresql://x", "nats://y"
    )
    assert env["DATABASE_URL"] == "postgresql://x"
    assert env["PORTEVOIX_LIVE_URL"] == "http://127.0.0.1:9001"
    assert env["PORTEVOIX_RELAY"] == "relay:25"


def test_every_declared_process_exists() -> None:
    import importlib.util

    assert [made.module for made in PARTS if importlib.util.find_spec(made.module) is None] == []


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portevoix-up-") as made:
        Path(made).chmod(0o755)
        yield Path(made) / "data"


def _up(data: Path, port: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "portevoix", "up", "--plain", "--data", str(data), "--port", str(port)]
    words += ["--live-port", str(free_port()), "--smtp-port", str(free_port())]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_bare())


def _bare() -> dict[str, str]:
    """Our environment without what would lead a program to servers other than those of `--data`."""
    gone = {"DATABASE_URL", "NATS_URL", "PORTEVOIX_SECRET"}
    return {key: value for key, value in os.environ.items() if key not in gone}


def _wait_for(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            return said
    raise AssertionError(f"{word!r} was never said:\n{said}")


def _processes(data: Path) -> list[int]:
    status = json.loads((data / "run" / "status.json").read_text())
    return [row["pid"] for row in (*status["servers"], *status["parts"]) if row["pid"]]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.xdist_group("centre")
def test_a_whole_centre_starts_is_healthy_survives_a_kill_and_stops(data: Path) -> None:
    port = free_port()
    first = _up(data, port)
    try:
        _wait_for(first, "Portevoix is ready")
        doctor = subprocess.run(
            [sys.executable, "-m", "portevoix", "doctor", "--json", "--data", str(data)],
            capture_output=True,
            text=True,
            env=_bare(),
        )
        verdict = json.loads(doctor.stdout)
        assert verdict["healthy"], [found for found in verdict["checks"] if found["result"] == "failed"]
        second = _up(data, free_port())
        assert "already runs" in _wait_for(second, "already runs")
        assert second.wait(10) == 1
        children = _processes(data)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert all(wait_gone(pid, 20) for pid in children), "a killed supervisor leaves no orphans"
        first = _up(data, port)
        _wait_for(first, "Portevoix is ready")
        children = _processes(data)
        first.send_signal(signal.SIGINT)
        assert first.stdout is not None
        said = first.stdout.read()
        assert first.wait(60) == 0
        assert said.index("mail       stopped") < said.index("database   stopping")
        assert all(command_of(pid) == [] for pid in children)
    finally:
        if first.poll() is None:
            first.kill()
            first.wait()
