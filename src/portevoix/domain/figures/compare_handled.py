"""What each adviser did of a contact, read from its events: the rows that coherence counts.

A *handling* is a contact in the hands of one adviser until it leaves them: closed, handed on, or left (the work went
back to the queue and somebody else took it up). Parked and taken up again by the same adviser it is one handling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from portevoix.domain.contacts import events as e

#: The kinds of events that tell of it.
KINDS: Final = (
    e.ContactAccepted.kind, e.ContactTaken.kind, e.ContactWoken.kind, e.ContactResumed.kind, e.ContactParked.kind,
    e.ContactReturned.kind, e.ContactReleased.kind, e.ContactTransferred.kind, e.ContactClosed.kind,
    e.ContactAbandoned.kind, e.ContactCalledBack.kind, e.MessageAdded.kind,
)  # fmt: skip
#: Those that end one.
ENDS: Final = (
    e.ContactTransferred.kind, e.ContactClosed.kind, e.ContactAbandoned.kind, e.ContactCalledBack.kind,
)  # fmt: skip
MERGED: Final = "merged"  # the outcome of a contact that became part of another: nobody's work


class Ending(StrEnum):
    """How it left the adviser's hands."""

    CLOSED = "closed"
    TRANSFERRED = "transferred"
    LEFT = "left"


@dataclass(slots=True)
class Handling:
    """One adviser's part. ``seconds``: in hands, wrap-up included, parked time left out; None when it was closed by
    somebody who never held it. ``in_target``: of the part in which the client was first answered, else None."""

    account_id: int
    line_id: int
    began_at: datetime
    ended_at: datetime
    ending: Ending = Ending.LEFT
    seconds: float | None = 0.0
    in_target: bool | None = None


@dataclass(slots=True)
class _Reading:
    """A contact read so far."""

    due_at: datetime
    lines: list[int]  # where it is, and where it goes after each hand-over
    parts: list[Handling]
    part: Handling | None = None
    running: datetime | None = None  # in hands since
    answered: bool = False

    def stop(self, at: datetime) -> None:
        if self.part is not None:
            if self.running is not None and self.part.seconds is not None:
                self.part.seconds += max(0.0, (at - self.running).total_seconds())
            self.part.ended_at = at
        self.running = None

    def hold(self, account_id: int, at: datetime) -> None:
        if self.part is not None and self.part.account_id != account_id:
            self.end(Ending.LEFT, self.part.ended_at if self.running is None else at)
        if self.part is None:
            self.part = Handling(account_id, self.lines[0], at, at)
            self.parts.append(self.part)
        self.running = self.running or at

    def end(self, ending: Ending, at: datetime) -> None:
        self.stop(at)
        if self.part is not None:
            self.part.ending = ending
        self.part = None

    def answer(self, at: datetime) -> None:
        if self.part is not None and not self.answered:
            self.part.in_target, self.answered = at <= self.due_at, True


def handlings(
    history: Iterable[tuple[datetime, e.Event]], line_id: int, due_at: datetime
) -> tuple[Handling, ...]:
    """The finished handlings of a contact, in order. ``line_id``: where it is now; ``due_at``: its target."""
    told = list(history)
    moves = [event for _, event in told if isinstance(event, e.ContactTransferred)]
    read = _Reading(due_at, [*(move.from_line_id for move in moves), line_id], [])
    for at, event in told:
        _take_in(read, at, event)
    return tuple(part for part in read.parts if part is not read.part)


def _take_in(read: _Reading, at: datetime, event: e.Event) -> None:
    match event:
        case e.ContactAccepted() | e.ContactTaken() | e.ContactWoken() | e.ContactResumed():
            read.hold(event.account_id, at)
        case e.ContactParked() | e.ContactReturned() | e.ContactReleased():
            if event.account_id is None or (read.part and read.part.account_id == event.account_id):
                read.stop(at)
        case e.ContactTransferred():
            read.end(Ending.TRANSFERRED, at)
            read.lines.pop(0)
        case e.MessageAdded(said="out"):
            read.answer(at)
        case e.ContactClosed() if event.outcome != MERGED:
            _close(read, at, event.account_id)
        case e.ContactClosed() | e.ContactAbandoned() | e.ContactCalledBack():
            read.end(Ending.LEFT, at)


def _close(read: _Reading, at: datetime, account_id: int | None) -> None:
    # What waits (left by somebody) is closed by who closes it; what is held or parked was its holder's work.
    if read.part is None and account_id is not None:
        read.part = Handling(account_id, read.lines[0], at, at, seconds=None)
        read.parts.append(read.part)
    read.answer(at)
    read.end(Ending.CLOSED, at)
