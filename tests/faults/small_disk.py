"""A disk of a few hundred megabytes that a test fills and empties."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_server import open_folder


class SmallDisk:
    """A tmpfs at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    @property
    def free(self) -> int:
        """Bytes that can still be written."""
        now = os.statvfs(self.path)
        return now.f_bavail * now.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Take all but ``leave`` bytes. A writer may be quicker than we are: again until nothing is left."""
        with self._ballast.open("ab") as out:
            while (more := self.free - leave) > 0:
                with contextlib.suppress(OSError):
                    os.posix_fallocate(out.fileno(), out.seek(0, os.SEEK_END), more)

    def empty(self) -> None:
        """Give the space back."""
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mounted until the block ends; skips where nothing may be mounted."""
    home = open_folder("portevoix-small-")
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "portevoix-test", str(home)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(home)
        pytest.skip(f"a disk of the test's own needs the right to mount: {done.stderr.strip()}")
    try:
        yield SmallDisk(home)
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False)
        shutil.rmtree(home, ignore_errors=True)
