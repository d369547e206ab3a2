"""Log files that cannot fill the disk: each is turned over at a size, and a few old ones are kept."""

from __future__ import annotations

from pathlib import Path

LARGEST = 10 * 1024 * 1024
KEPT = 4


class LogFile:
    """An append-only file of one process's output. A full disk loses the line, never the process."""

    def __init__(self, path: Path, largest: int = LARGEST, kept: int = KEPT) -> None:
        """Open `path` to append."""
        self.path = path
        self._largest = largest
        self._kept = kept
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)  # a log may name clients
        self._out = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def write(self, line: bytes) -> None:
        """Append one line, turning the file over first when it is full."""
        try:
            if self._out.closed:  # turning it over failed half way
                self._begin()
            elif self._size + len(line) > self._largest:
                self._turn_over()
            self._size += self._out.write(line) or 0
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        self._out.close()

    def _turn_over(self) -> None:
        self._out.close()
        for number in range(self._kept, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path if number == 1 else self.path.with_name(f"{self.path.name}.{number - 1}")
            if newer.exists():
                newer.replace(older)
        self._begin()

    def _begin(self) -> None:
        self._out = self.path.open("ab", buffering=0)
        self._size = self.path.stat().st_size
