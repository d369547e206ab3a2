"""What every process shares: it says ``ready``, shows signs of life, stops when told, and never dies of a
database or a bus that is away for a while.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg

from portevoix.bus import PUSH, WAKE, NatsBus
from portevoix.store import db, live

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from portevoix.bus import Bus
    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
#: A copy of the configuration is read again after this at the latest. (A test makes it long, to see that being told is
#: enough.)
READ_SECONDS = float(os.environ.get("PORTEVOIX_READ_SECONDS", "3"))
_AWAY_SECONDS = 1.0
#: From the beginning of a round to that of the next one, at least.
GAP_SECONDS = 0.03


def secret() -> bytes:
    """The centre's secret; raises ``KeyError`` when it is not set."""
    return os.environ["PORTEVOIX_SECRET"].encode()


def setup_logging() -> None:
    """One line per record on standard error; the supervisor files it."""
    logging.basicConfig(
        level=os.environ.get("PORTEVOIX_LOG", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )


class Stop:
    """Set by SIGTERM or SIGINT; wakes whoever waits."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self.asked = False

    def install(self) -> Stop:
        """Listen to the signals (main thread only)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        return self

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self.ask()

    def ask(self) -> None:
        """Stop after the present round."""
        self.asked = True
        self._wake.set()

    def wake(self) -> None:
        """End the present wait."""
        self._wake.set()

    def wait(self, seconds: float) -> None:
        """Wait until woken or ``seconds`` are over."""
        self._wake.wait(seconds)
        if not self.asked:
            self._wake.clear()


def on_configuration(bus: Bus, changed: Callable[[], None]) -> None:
    """Call ``changed`` (on the bus's thread) as soon as somebody changed the configuration: the herald tells of the
    event. A call may be lost, so whoever keeps a copy reads it again now and then all the same.
    """

    def heard(_subject: str, payload: bytes) -> None:
        if b'"configuration-changed"' in payload:
            changed()

    bus.listen(f"{PUSH}.centre", heard)


def say_ready() -> None:
    """Tell the supervisor that the process does its work."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


class Rounds:
    """A process that works in rounds on one connection of its own.

    ``work(conn)`` does one round; it runs at once when the bus pokes and at the latest every ``every`` seconds.
    When the database is away the round is tried again on a new connection: the log holds one line per outage.
    """

    def __init__(self, name: str, *, every: float = 1.0) -> None:
        self.name = name
        self.every = every
        self.stop = Stop()
        self.bus: Bus = NatsBus(name=name)
        self.bus.listen(WAKE, lambda _subject, _payload: self.stop.wake())
        #: What the sign of life tells beside the time; for the status page and the doctor.
        self.detail: dict[str, Any] = {}
        self._beaten = 0.0
        self._away = False

    def run(
        self, work: Callable[[Connection], None], *, begin: Callable[[Connection], None] | None = None
    ) -> None:
        """Until told to stop. ``begin`` runs on each new connection before the first round."""
        self.stop.install()
        said = False
        while not self.stop.asked:
            try:
                with contextlib.closing(db.connect(name=f"portevoix {self.name}")) as conn:
                    if begin is not None:
                        begin(conn)
                    self._away = self._back()
                    if not said:
                        say_ready()
                        said = True
                    self._rounds(conn, work)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if not self._away:
                    log.warning("%s: the database is away: %s", self.name, error)
                self._away = True
                self.stop.wait(_AWAY_SECONDS)
        self.bus.close()

    def _back(self) -> bool:
        if self._away:
            log.warning("%s: the database is back", self.name)
        return False

    def _rounds(self, conn: Connection, work: Callable[[Connection], None]) -> None:
        while not self.stop.asked:
            begun = time.monotonic()
            work(conn)
            if time.monotonic() - self._beaten > BEAT_SECONDS:
                live.beat(conn, self.name, self.detail)
                self._beaten = time.monotonic()
            # Under a flood of pokes a round every few milliseconds would read the log for a handful of events each.
            if (rest := GAP_SECONDS - (time.monotonic() - begun)) > 0 and not self.stop.asked:
                time.sleep(rest)
            self.stop.wait(self.every)
