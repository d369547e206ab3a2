"""The compiled waiting room and the plain one are the same program: the same promises, the same decisions, the same twin."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from portevoix import native

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "docs" / "examples" / "three-policies.toml"
compiler = pytest.mark.skipif(
    not shutil.which("gcc") or not (Path(sysconfig.get_path("include")) / "Python.h").exists(),
    reason="needs Debian's gcc and python3-dev",
)


def say(code: str, wish: str) -> str:
    """What a process of that form says."""
    environment = {**os.environ, "PORTEVOIX_NATIVE": wish, "PYTHONPATH": str(HERE)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


FORM = "from portevoix.domain.routing import floor; print(floor.__file__)"


@compiler
def test_setup_compiled_it_and_one_may_refuse_it():
    assert say(FORM, "").strip().startswith(str(native.home()))
    assert say(FORM, "no").strip().endswith("floor.py")


@compiler
def test_machine_code_of_other_sources_is_not_used(tmp_path):
    """Somebody changed a line and did not run `make setup`: what they wrote counts."""
    copy = tmp_path / "portevoix"
    shutil.copytree(
        native.SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__", "locale", "vendor", "static")
    )
    with (copy / "domain/routing/types.py").open("a") as types:
        types.write("\n# another form of the values\n")
    assert say(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {FORM}", "").strip().endswith("floor.py")


DAYS = """
from random import Random
from test_routing_promises import Day, policy
for seed in range(25):
    day = Day(Random(seed), policy(Random(seed), reserves=seed % 2 == 0))
    print([[tuple(one) for one in placed] for *_, placed in day.rounds()])
"""


@compiler
def test_both_forms_decide_alike():
    plain = say(DAYS, "no")
    assert plain.count("\n") == 25
    assert plain == say(DAYS, "")


PLAYED = f"""
from dataclasses import replace
from pathlib import Path
from portevoix.twin import engine
from portevoix.twin.scenario import load
scenario = replace(load(Path({str(EXAMPLE)!r})), replications=1)
people = engine.clients(scenario, 0)
for name, policy in scenario.policies.items():
    run = engine.play(scenario, policy, people)
    print(name, run.begun.tolist(), run.left.tolist(), run.adviser.tolist(), run.busy.tolist(), run.queued.tolist())
"""


@compiler
@pytest.mark.slow
def test_both_forms_play_the_same_weeks():
    assert say(PLAYED, "no") == say(PLAYED, "")


@compiler
@pytest.mark.slow
def test_the_promises_hold_in_the_form_these_tests_do_not_run_in():
    """The tests of this folder run compiled: here they run once more, plain."""
    files = [str(path) for path in sorted(HERE.glob("test_routing*.py")) if path != Path(__file__)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *files],
        env={**os.environ, "PORTEVOIX_NATIVE": "no"},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
