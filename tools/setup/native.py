"""Compile the waiting room and the simulator's clock (see ``portevoix.native``), where a C compiler is there.

Runs on the virtual environment's Python, from `make setup`. What cannot be compiled runs as plain Python, half as fast:
that is said, and nothing fails.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from portevoix import native

_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup

sources, work, out = sys.argv[1:4]
modules = mypycify(
    ["--config-file=", f"--cache-dir={work}/cache", "--ignore-missing-imports", *sys.argv[4:]],
    group_name="portevoix", target_dir=f"{work}/c", opt_level="3", debug_level="0", strip_asserts=False,
)
setup(name="portevoix-native", ext_modules=modules, script_args=["--quiet", "build_ext", "--build-lib", out, "--build-temp", f"{work}/o"])
"""

KEPT = 5


def lacking() -> str:
    """What is not there of what it takes; empty: nothing."""
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        return "there is no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "Python's headers are not there (python3-dev)"
    try:
        import mypyc  # noqa: F401
    except ImportError:
        return "mypy is not installed"
    return ""


def build(folder: Path) -> str:
    """Fill ``folder``, whole or not at all; gives what the compiler says when it fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        out = Path(work) / "out"
        names = [str(native.source(module).relative_to(native.SOURCES.parent)) for module in native.MODULES]
        command = [sys.executable, "-c", _BUILD, ".", work, str(out), *names]
        # Plain sources for the compiler, whatever was compiled before.
        environment = {**os.environ, "PORTEVOIX_NATIVE": "no"}
        done = subprocess.run(
            command, cwd=native.SOURCES.parent, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"{done.stdout}\n{done.stderr}"
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(FileExistsError):  # made by somebody else meanwhile
            out.rename(folder)
    # A few stay: whoever goes back to what was, or works on two checkouts with one environment, need not wait.
    for other in sorted(folder.parent.iterdir(), key=lambda one: one.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(other, ignore_errors=True)
    return ""


def main() -> int:
    """Compile what changed; always 0."""
    folder = native.home() / native.mark()
    if native.file(native.LIBRARY, folder).exists():
        return 0
    missing = lacking()
    if not missing:
        print("setup: compiles the waiting room (half a minute, once)", flush=True)
        missing = build(folder)
    if missing:
        print(f"setup: the waiting room runs as plain Python, half as fast: {missing}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
