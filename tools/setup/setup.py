"""What `make setup` does: packages, virtual environment, browser libraries, translations, machine code.

Runs on a bare Python 3.11 with the standard library only. Each step leaves a stamp with the hash of
what it depended on, so that a second run is over in a moment.

    python3 tools/setup/setup.py run|test|bench
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from packages import SetupError, install, missing

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
KINDS = {"run": {"run"}, "test": {"run", "test"}, "bench": {"run", "test"}}
LOCKS = {"run": "run.txt", "test": "dev.txt", "bench": "bench.txt"}


def fingerprint(*parts: str | Path) -> str:
    """Return a hash over texts and file contents."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def fresh(stamp: Path, mark: str) -> bool:
    """Tell whether `stamp` already holds `mark`."""
    return stamp.exists() and stamp.read_text(encoding="utf-8") == mark


def find_python() -> str:
    """Return a Python that is new enough: the one running this, or a newer one on the PATH."""
    if sys.version_info[:2] >= OLDEST:
        return sys.executable
    for minor in range(14, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    msg = "Portevoix needs Python 3.11 or newer; this one is older and no other was found."
    raise SetupError(msg)


def run(*command: str | Path, quiet: bool = False) -> None:
    """Run one command at the root of the checkout; stop with its name when it fails."""
    sink = subprocess.DEVNULL if quiet else None
    words = [str(word) for word in command]
    if subprocess.run(words, cwd=ROOT, check=False, stdout=sink).returncode:
        msg = f"`{' '.join(words)}` failed (see above)."
        raise SetupError(msg)


def make_venv(python: str) -> None:
    """Make the virtual environment, again when its Python has gone."""
    works = PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0
    if not works:
        print("setup: makes the virtual environment .venv", flush=True)
        run(python, "-m", "venv", "--clear", VENV)


def install_python(purpose: str) -> None:
    """Install the locked packages, each checked by its hash, and this project in place."""
    stamp = VENV / ".setup-stamp"
    locks = {name: ROOT / "requirements" / LOCKS[name] for name in LOCKS}
    marks = {name: fingerprint(name, lock, ROOT / "pyproject.toml") for name, lock in locks.items()}
    # bench holds test, which holds run: a larger environment serves the smaller purpose too.
    enough = list(LOCKS)[list(LOCKS).index(purpose) :]
    if any(fresh(stamp, marks[name]) for name in enough):
        return
    print(f"setup: installs the locked Python packages ({locks[purpose].name})", flush=True)
    pip: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--require-hashes", "-r", locks[purpose])
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ROOT)
    stamp.write_text(marks[purpose], encoding="utf-8")


def install_browser_libraries(purpose: str) -> None:
    """Install the locked browser libraries and copy the few files that the pages use."""
    lock = ROOT / "package-lock.json"
    if not lock.exists():
        return
    stamp = ROOT / "node_modules" / ".setup-stamp"
    vendor = ROOT / "tools" / "setup" / "vendor.mjs"
    sources = [lock, ROOT / "package.json", *([vendor] if vendor.exists() else [])]
    icons = ROOT / "src/portevoix/web/ui/icons.txt"  # the icons to copy
    sources += [icons] if icons.exists() else []
    whole, part = fingerprint("all", *sources), fingerprint("run", *sources)
    if fresh(stamp, whole) or (purpose == "run" and fresh(stamp, part)):
        return
    print("setup: npm installs the locked browser libraries", flush=True)
    omit = ["--omit=dev"] if purpose == "run" else []
    run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", *omit, quiet=True)
    run("npm", "run", "--silent", "--if-present", "vendor")
    stamp.write_text(part if omit else whole, encoding="utf-8")


def compile_translations() -> None:
    """Compile each catalogue whose source is newer than its binary."""
    for source in sorted((ROOT / "src").rglob("locale/*/LC_MESSAGES/*.po")):
        binary = source.with_suffix(".mo")
        if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
            run("msgfmt", "--check-format", "-o", binary, source)


def main(purpose: str) -> int:
    """Do every step for `purpose`; 0 when the checkout is ready."""
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    try:
        python = find_python()
        install(missing(KINDS[purpose], python))
        make_venv(python)
        install_python(purpose)
        install_browser_libraries(purpose)
        compile_translations()
        run(PYTHON, ROOT / "tools" / "setup" / "native.py")
    except SetupError as problem:
        print(f"setup: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "test"))
