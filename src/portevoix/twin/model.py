"""What a scenario is, once read: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from portevoix.domain.advisers.capacity import USUAL, Limits
from portevoix.domain.allocation.contract import Contract
from portevoix.domain.channels import Channel
from portevoix.domain.routing.types import Organisations, Policy, Skills

QUARTER = 900.0
DAY = 86_400.0
Numbers = NDArray[np.float64]


class Kind(StrEnum):
    """The distributions of a duration."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    GAMMA = "gamma"
    LOGNORMAL = "lognormal"
    NEVER = "never"  # patience without end
    VALUES = "values"  # drawn from a list of observed ones


@dataclass(frozen=True, slots=True)
class Duration:
    """A random duration in seconds: ``mean`` and ``cv``, the standard deviation over the mean."""

    kind: Kind
    mean: float = 0.0
    cv: float = 1.0
    values: tuple[float, ...] = ()

    def draw(self, chance: np.random.Generator, count: int) -> Numbers:
        """``count`` durations; infinite for ``NEVER``."""
        match self.kind:
            case Kind.CONSTANT:
                return np.full(count, self.mean)
            case Kind.EXPONENTIAL:
                return chance.exponential(self.mean, count)
            case Kind.GAMMA:
                shape = 1 / self.cv**2
                return chance.gamma(shape, self.mean / shape, count)
            case Kind.LOGNORMAL:
                spread = np.log(1 + self.cv**2)
                return chance.lognormal(np.log(self.mean) - spread / 2, np.sqrt(spread), count)
            case Kind.NEVER:
                return np.full(count, np.inf)
            case Kind.VALUES:
                return chance.choice(np.asarray(self.values), count)


@dataclass(frozen=True, slots=True)
class Relax:
    """A step of relaxation ``after`` so many seconds of waiting: see ``routing.types.Step``."""

    after: float
    skills: Skills
    organisations: Organisations
    lines: frozenset[int]
    why: str


@dataclass(frozen=True, slots=True)
class Seat:
    """Another person whom a contact needs at the same time: the interpreter of a relay call."""

    name: str
    skills: Skills


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract of the scenario, and when that organisation works: spans of the day; none: always."""

    contract: Contract
    shifts: tuple[tuple[float, float], ...] = ()
    days: frozenset[int] = frozenset(range(7))

    def is_open(self, weekday: int, seconds: float) -> bool:
        """Whether it takes contacts at that time of day."""
        if weekday not in self.days:
            return False
        return not self.shifts or any(since <= seconds < until for since, until in self.shifts)


@dataclass(frozen=True, slots=True)
class Stream:
    """What comes on one line by one channel. ``quarters``: how many are expected in each quarter of an hour, for as
    many as are given, then from the first one again. ``target_s``: the wait that is good, and due for the router."""

    name: str
    line: int
    channel: Channel
    quarters: tuple[float, ...]
    handling: Duration
    patience: Duration
    target_s: float
    skills: Skills = frozenset()
    organisations: Organisations = None
    relax: tuple[Relax, ...] = ()
    replay: tuple[
        tuple[float, float, float], ...
    ] = ()  # (at, handling, patience) in seconds, instead of drawn ones
    resample: float = (
        0.0  # of a replay: times as many, drawn anew in each quarter from those who came; 0: as they came
    )
    seats: tuple[Seat, ...] = ()  # beside the adviser's: taken at the same moment, for as long


@dataclass(frozen=True, slots=True)
class Group:
    """``count`` alike people. ``shifts``: seconds of the day from and to; none: always. ``days``: 0 Monday. ``spans``: when they are
    there, in seconds from the beginning, instead of shifts (a past period)."""

    name: str
    count: int
    lines: frozenset[int]
    skills: Skills = frozenset()
    organisation: int = 0
    limits: Limits = USUAL
    shifts: tuple[tuple[float, float], ...] = ()
    days: frozenset[int] = frozenset(range(7))
    spans: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything to be played. ``seconds``: how long, ``warm_up`` of them not counted."""

    name: str
    seconds: float
    warm_up: float
    streams: tuple[Stream, ...]
    staff: tuple[Group, ...]
    policies: dict[str, Policy] = field(default_factory=lambda: {"default": Policy()})
    lines: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ("",)
    replications: int = 5
    seed: int = 1
    first_day: int = 0  # 0: the scenario begins on a Monday
    agreements: tuple[Agreement, ...] = ()
