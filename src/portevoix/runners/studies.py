"""Plays the "what if" of supervisors, one after the other, in the background and below everything else.

What was being played when this process ended is played anew: a study says nothing before it is done.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from portevoix.runners.base import Rounds, setup_logging
from portevoix.store import live
from portevoix.store import twin as store
from portevoix.store.clock import DatabaseClock
from portevoix.twin import history, scenario, study
from portevoix.twin.changes import CannotChange, read
from portevoix.twin.reading import Mistake

if TYPE_CHECKING:
    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

#: How often the page hears how far it is, and whether somebody wants it no more.
TELL_SECONDS: Final = 1.0


class _Over(Exception):
    """Cancelled, or this process is to stop."""


class Studies:
    """One at a time."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._clock = DatabaseClock()

    def begin(self, conn: Connection) -> None:
        """Take up what a former process left."""
        if again := store.rows(conn, "again"):
            log.warning("studies: %s are played anew", [row["id"] for row in again])

    def round(self, conn: Connection) -> None:
        """Play what was asked for first."""
        for row in store.rows(conn, "next"):
            with contextlib.suppress(_Over):
                self._play(conn, row)

    def _play(self, conn: Connection, row: dict[str, Any]) -> None:
        told = time.monotonic()

        def tell(share: float) -> None:
            nonlocal told
            if self._rounds.stop.asked:
                raise _Over
            if time.monotonic() - told < TELL_SECONDS:
                return
            told = time.monotonic()
            live.beat(conn, self._rounds.name, self._rounds.detail)
            if not store.rows(conn, "tell", id=row["id"], progress=share):
                raise _Over

        try:
            with tempfile.TemporaryDirectory(prefix="portevoix-whatif-") as folder:
                history.write(conn, Path(folder), row["since"], row["until"])
                played = scenario.load(Path(folder) / "scenario.toml")
                result = study.play(played, [read(one) for one in row["changes"]], tell)
        except (history.NothingThere, CannotChange) as error:
            store.rows(conn, "fail", id=row["id"], error=error.code, at=self._clock.now(conn))
        except (Mistake, ValueError, KeyError) as error:
            log.exception("studies: %s failed", row["id"])
            store.rows(conn, "fail", id=row["id"], error=f"mistake {error}"[:500], at=self._clock.now(conn))
        else:
            store.rows(
                conn, "finish", id=row["id"], result=orjson.dumps(result).decode(), at=self._clock.now(conn)
            )


def main() -> None:
    """Run until told to stop."""
    setup_logging()
    with contextlib.suppress(OSError):
        os.nice(10)
    rounds = Rounds("studies", every=1.0)
    studies = Studies(rounds)
    rounds.run(studies.round, begin=studies.begin)


if __name__ == "__main__":
    main()
