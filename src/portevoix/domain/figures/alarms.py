"""When a line asks for a supervisor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is allowed; 0: no alarm of that kind. ``oldest`` in seconds."""

    waiting: int = 0
    oldest: float = 0.0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """What waits on a line now. ``oldest``: how long the one waits who waits longest, in seconds."""

    waiting: int = 0
    late: int = 0
    oldest: float = 0.0

    def plus(self, waiting: int, late: int, oldest: float) -> Situation:
        """With one more channel."""
        return Situation(self.waiting + waiting, self.late + late, max(self.oldest, oldest))


class Met(NamedTuple):
    """An alarm that stands: what was met and what is allowed."""

    kind: str
    value: float
    bound: float


def met(now: Situation, bounds: Bounds, able: int, here: int) -> list[Met]:
    """The alarms of a line. ``able``: people who may ever take its work; ``here``: those of them who take offers now.

    That nobody has the skill is told whether anything waits or not; that nobody is here only when somebody waits."""
    found = []
    if bounds.waiting and now.waiting > bounds.waiting:
        found.append(Met("waiting", now.waiting, bounds.waiting))
    if bounds.oldest and now.oldest > bounds.oldest:
        found.append(Met("oldest", now.oldest, bounds.oldest))
    if bounds.late and now.late >= bounds.late:
        found.append(Met("late", now.late, bounds.late))
    if not able:
        found.append(Met("no-skill", 0, 1))
    elif not here and now.waiting:
        found.append(Met("nobody", 0, 1))
    return found
