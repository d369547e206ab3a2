"""What the router decides on and what it says. Instants are seconds of any one clock (live: the Unix
epoch; simulator: its virtual time), since a decision only compares and subtracts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf, isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from portevoix.domain.advisers.capacity import NOTHING, USUAL, Limits, Load
from portevoix.domain.advisers.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portevoix.domain.channels import Channel

Instant = float
Skills = frozenset[tuple[int, int]]
"""(skill id, level): the lowest level required of, or the level held by, a person; each skill once."""
Organisations = frozenset[int] | None
"""Whose people may take a contact; None: anybody's."""
Key = tuple[int, str]
"""(contact id, seat): one thing to place."""


class Choice(StrEnum):
    """Whom to take among those who could: all are fair, none looks at what the others are good at."""

    LEAST_HELD = "least-held"  # fewest contacts in hand, then longest idle
    LEAST_OCCUPIED = "least-occupied"  # the smallest share of the day spent on contacts, then longest idle
    LONGEST_IDLE = "longest-idle"


@dataclass(frozen=True, slots=True)
class LineUrgency:
    """How dear waiting is on a line (policy.pull). ``weight``: cost of a moment late, times the speed of service where
    lines differ in it; ``scale``: seconds in which the cost grows by e, so the smaller, the steeper.

    Raises ``ValueError`` if either is not positive and finite."""

    weight: float = 1.0
    scale: float = 3600.0

    def __post_init__(self) -> None:
        if not (isfinite(self.weight) and isfinite(self.scale) and self.weight > 0 and self.scale > 0):
            msg = f"weight and scale must be positive numbers: {self}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Reserve:
    """Among the people of these lines, ``keep`` who are free for a call are not given deferred work that would bind
    them (Bhulai and Koole 2003: the threshold policy for calls and mails)."""

    lines: frozenset[int]
    keep: int


_NO_URGENCY: Final[Mapping[int, LineUrgency]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Policy:
    """How to decide. ``version`` goes into every reason, so that a decision can be replayed.

    ``expert_first``: the highest levels in what is required, before ``choice``. ``urgency``: of the lines that are not
    like the others. ``hold_seconds``: of a contact with several seats, see ``policy.holds``; 0: never."""

    choice: Choice = Choice.LEAST_HELD
    prefer: bool = True  # last or named adviser first, while the contact says so
    version: str = "1"
    expert_first: bool = False
    urgency: Mapping[int, LineUrgency] = field(default_factory=lambda: _NO_URGENCY)
    reserves: tuple[Reserve, ...] = ()
    hold_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Step:
    """A relaxation: from ``at`` on, these terms count instead of the former ones, and ``why`` stands in the reason.

    ``lines``: people of these lines may take it too (overflow to another team)."""

    at: Instant
    skills: Skills
    organisations: Organisations = None
    lines: frozenset[int] = frozenset()
    why: str = ""


class Waiting(NamedTuple):
    """One seat of a contact that waits for a person: a contact with two seats waits twice, once for each.

    ``since`` is when the contact first waited: a transfer or a declined offer does not make it younger.
    ``due_at`` must be finite: it is what keeps anybody from waiting for ever.
    ``preferred_only``: a named adviser without time-out, whatever their lines, skills or presence.
    ``excluded``: the advisers who declined or missed it, not to be asked again for now.
    ``steps``: in the order of their instants; none has begun before ``since``.
    ``together``: a seat among several of the contact: those that wait are placed all at once, or none.
    A named tuple, like what is said of it: a simulated year makes a million of them.
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
    organisations: Organisations = None
    steps: tuple[Step, ...] = ()
    together: bool = False

    @property
    def key(self) -> Key:
        """What is placed at most once."""
        return self.contact_id, self.seat


@dataclass(frozen=True, slots=True)
class Adviser:
    """A person on the floor. ``idle_since`` is when they last finished something; ``occupancy`` the share of the day
    spent on contacts, for the choice that looks at it."""

    id: int
    lines: frozenset[int]
    skills: Skills = frozenset()
    presence: Presence = Presence.AVAILABLE
    load: Load = NOTHING
    idle_since: Instant = 0.0
    limits: Limits = USUAL
    organisation: int = 0
    occupancy: float = 0.0


class Reason(NamedTuple):
    """Why here."""

    line_id: int
    skills: Skills  # what was required, and is held
    seconds_left: float  # to the line's target; negative: late
    idle_seconds: float
    held: int  # contacts the adviser had before this one
    preferred: bool  # the last or named adviser of the conversation
    policy: str
    step: int = 0  # how often the requirement was relaxed
    why: str = ""  # the relaxation's own words

    def as_json(self) -> dict[str, object]:
        """The reason as it is kept with the offer."""
        return self._asdict() | {"skills": sorted(self.skills)}


class Placement(NamedTuple):
    """Offer this seat to that adviser."""

    contact_id: int
    seat: str
    adviser_id: int
    reason: Reason
