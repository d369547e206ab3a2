"""What the router decides on and what it says. Instants are seconds of any one clock (live: the Unix
epoch; simulator: its virtual time), since a decision only compares and subtracts them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from portevoix.domain.advisers.capacity import NOTHING, USUAL, Limits, Load
from portevoix.domain.advisers.presence import Presence

if TYPE_CHECKING:
    from portevoix.domain.channels import Channel

Instant = float
Skills = frozenset[tuple[int, int]]
"""(skill id, level): the lowest level required of, or the level held by, a person; each skill once."""
Key = tuple[int, str]
"""(contact id, seat): one thing to place."""


class Choice(StrEnum):
    """Whom to take among those who could: both are fair, neither looks at what the others are good at."""

    LEAST_HELD = "least-held"  # fewest contacts in hand, then longest idle
    LONGEST_IDLE = "longest-idle"


@dataclass(frozen=True, slots=True)
class Policy:
    """How to decide. ``version`` goes into every reason, so that a decision can be replayed."""

    choice: Choice = Choice.LEAST_HELD
    prefer: bool = True  # last or named adviser first, while the contact says so
    version: str = "1"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One seat of a contact that waits for a person: a contact with two seats waits twice, once for each.

    ``since`` is when the contact first waited: a transfer or a declined offer does not make it younger.
    ``due_at`` must be finite: it is what keeps anybody from waiting for ever.
    ``preferred_only``: a named adviser without time-out, whatever their lines, skills or presence.
    ``excluded``: the advisers who declined or missed it, not to be asked again for now.
    """

    contact_id: int
    line_id: int
    channel: Channel
    since: Instant
    due_at: Instant
    skills: Skills = frozenset()
    seat: str = "adviser"
    preferred_adviser: int | None = None
    preferred_until: Instant = -inf
    preferred_only: bool = False
    excluded: frozenset[int] = frozenset()

    @property
    def key(self) -> Key:
        """What is placed at most once."""
        return self.contact_id, self.seat


@dataclass(frozen=True, slots=True)
class Adviser:
    """A person on the floor. ``idle_since`` is when they last finished something."""

    id: int
    lines: frozenset[int]
    skills: Skills = frozenset()
    presence: Presence = Presence.AVAILABLE
    load: Load = NOTHING
    idle_since: Instant = 0.0
    limits: Limits = USUAL


class Reason(NamedTuple):
    """Why here. Named tuples, because a hundred thousand of them are made in a second."""

    line_id: int
    skills: Skills  # what was required, and is held
    seconds_left: float  # to the line's target; negative: late
    idle_seconds: float
    held: int  # contacts the adviser had before this one
    preferred: bool  # the last or named adviser of the conversation
    policy: str

    def as_json(self) -> dict[str, object]:
        """The reason as it is kept with the offer."""
        return self._asdict() | {"skills": sorted(self.skills)}


class Placement(NamedTuple):
    """Offer this seat to that adviser."""

    contact_id: int
    seat: str
    adviser_id: int
    reason: Reason
