"""A mail that kills the process must not kill it for ever (RELIABILITY.md F33).

While a mail is being understood, its mark stands in a small file mapped into memory, which outlives the process.
A mark left behind means: this mail was in hand when the process died. It may be innocent (a machine that was
switched off, another mail in hand at the same time), so deaths are counted, and after two of them the mail is
tried once in a process of its own. If that dies too, the mail is put aside whole and never tried here again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import mmap
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from portevoix.actions.mailroom import survives

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

#: Mails in hand at the same time: one on the event loop, the others on threads. More go unmarked.
SLOTS: Final = 64
#: Deaths after which a mail is tried apart.
DEATHS: Final = 2
REASON: Final = "parser-crash"
_MARK: Final = 32
_HEAD: Final = 1024
_TAIL: Final = 512
_EMPTY: Final = bytes(_MARK)


def mark_of(raw: bytes) -> bytes:
    """What stands for a mail: SHA-256 of its length, head and tail.

    The whole of it would cost every mail three times as much. Mails with the same head differ in nothing that
    names them; taken for one another, the harm is a trial in vain.
    """
    if len(raw) <= _HEAD + _TAIL:
        return hashlib.sha256(raw).digest()
    return hashlib.sha256(b"%d " % len(raw) + raw[:_HEAD] + raw[-_TAIL:]).digest()


def folder() -> Path:
    """Where marks and deaths are kept: below ``PORTEVOIX_DATA``, on local disk."""
    return Path(os.environ.get("PORTEVOIX_DATA", "data")) / "canary"


class Canary:
    """``slot = enter(raw)``, understand, ``leave(slot)``. Any number of threads; one object per process."""

    def __init__(self, where: Path | None = None) -> None:
        self._where = where or folder()
        self._free = list(range(SLOTS))
        self._marks: dict[int, bytes] = {}
        self._proved: set[bytes] = set()
        self._lock = threading.Lock()
        self._file: _Slots | None = None
        try:
            self._where.mkdir(parents=True, exist_ok=True)
            self._file, self._map = self._open()
            self._deaths = self._bury()
        except OSError as error:
            log.error("canary: %s cannot be written (%s): mails go unmarked", self._where, error)  # noqa: TRY400
            self._map = mmap.mmap(-1, SLOTS * _MARK)
            self._deaths = self._read()

    def enter(self, raw: bytes) -> int:
        """The mail is in hand now. A negative slot: all are taken, this mail goes unmarked."""
        try:
            slot = self._free.pop()
        except IndexError:
            return -1
        mark = self._marks[slot] = mark_of(raw)
        self._map[slot * _MARK : slot * _MARK + _MARK] = mark
        return slot

    def leave(self, slot: int, *, understood: bool = True) -> None:
        """The process lived through it; ``understood`` clears the mail of earlier deaths."""
        if slot < 0:
            return
        self._map[slot * _MARK : slot * _MARK + _MARK] = _EMPTY
        mark = self._marks.pop(slot)
        self._free.append(slot)
        if understood and self._deaths and mark in self._deaths:
            self._acquit(mark)

    def deadly(self, raw: bytes) -> bool:
        """Must this mail be put aside? Takes a trial's time (seconds) for a mail with deaths, else nothing."""
        if not self._deaths:
            return False
        mark = mark_of(raw)
        if self._deaths.get(mark, 0) < DEATHS:
            return False
        with self._lock:
            if mark not in self._proved and survives(raw):
                self._acquit(mark)
                return False
            self._proved.add(mark)
            return True

    def suspects(self, raw: bytes) -> bool:
        """Was this mail in hand at a death? Then ``deadly`` may take long: ask it on a thread."""
        return bool(self._deaths) and mark_of(raw) in self._deaths

    def refresh(self) -> None:
        """Learn of deaths that other processes counted."""
        if (deaths := self._read()) != self._deaths:
            self._deaths = deaths

    def close(self) -> None:
        """Nothing is in hand any more."""
        self._map.close()
        if self._file is not None:
            self._file.close()

    # --- files --------------------------------------------------------------------------------------

    def _open(self) -> tuple[_Slots, mmap.mmap]:
        """The first file that no living process holds: its lock ends with its owner, however that ends."""
        number = 0
        while True:
            held = _Slots(self._where / f"slots-{number}")
            if held.mine:
                try:
                    return held, held.map()
                except OSError:
                    held.close()
                    raise
            held.close()
            number += 1

    def _bury(self) -> dict[bytes, int]:
        """Count the marks that dead processes left, clear them, and give all deaths so far."""
        with _locked(self._where / "deaths.lock"):
            deaths = self._read()
            left = [mark for path in sorted(self._where.glob("slots-*")) for mark in self._left_in(path)]
            for mark in left:
                deaths[mark] = deaths.get(mark, 0) + 1
            if left:
                self._write(deaths)
                self._clear()
        return deaths

    def _left_in(self, path: Path) -> list[bytes]:
        if self._file is not None and path == self._file.path:
            return _marks(bytes(self._map))
        other = _Slots(path)
        try:
            return _marks(path.read_bytes()) if other.mine else []
        finally:
            other.close()

    def _clear(self) -> None:
        self._map[:] = bytes(len(self._map))
        for path in self._where.glob("slots-*"):
            if self._file is not None and path == self._file.path:
                continue
            other = _Slots(path)
            if other.mine:
                os.pwrite(other.fd, bytes(SLOTS * _MARK), 0)
            other.close()

    def _acquit(self, mark: bytes) -> None:
        self._deaths.pop(mark, None)
        try:
            with _locked(self._where / "deaths.lock"):
                deaths = self._read()
                deaths.pop(mark, None)
                self._write(deaths)
        except OSError as error:  # it is suspected once more than it deserves
            log.warning("canary: a mail could not be cleared of its deaths: %s", error)

    def _read(self) -> dict[bytes, int]:
        deaths: dict[bytes, int] = {}
        with contextlib.suppress(OSError):
            for line in (self._where / "deaths").read_text("ascii", "replace").splitlines():
                mark, _, count = line.partition(" ")
                with contextlib.suppress(ValueError):
                    deaths[bytes.fromhex(mark)] = int(count)
        return deaths

    def _write(self, deaths: dict[bytes, int]) -> None:
        fresh = self._where / "deaths.new"
        fresh.write_text("".join(f"{mark.hex()} {count}\n" for mark, count in deaths.items()), "ascii")
        fresh.replace(self._where / "deaths")


class _Slots:
    """A file of marks; ``mine`` when no living process held it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.mine = True
        except OSError:
            self.mine = False

    def map(self) -> mmap.mmap:
        # Allocated, not a hole: writing into a hole of a full disk would kill the process (SIGBUS).
        os.posix_fallocate(self.fd, 0, SLOTS * _MARK)
        return mmap.mmap(self.fd, SLOTS * _MARK)

    def close(self) -> None:
        os.close(self.fd)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _marks(content: bytes) -> list[bytes]:
    pieces = (content[at : at + _MARK] for at in range(0, len(content), _MARK))
    return [piece for piece in pieces if len(piece) == _MARK and piece != _EMPTY]
