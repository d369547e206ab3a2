"""What an administrator set for each line, as the router's policy, requirements and relaxations."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portevoix.domain.lines import relaxing
from portevoix.domain.routing.types import LineUrgency, Policy, Reserve, Skills, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)
_USUAL = (1, 60)


@dataclass(frozen=True, slots=True)
class LineTerms:
    """One line: whether its work is placed now, what it requires and how that widens."""

    active: bool
    skills: Skills
    relaxations: tuple[relaxing.Relaxation, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """All lines."""

    lines: dict[int, LineTerms] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)

    def skills(self, line_id: int) -> Skills:
        """What the line requires at first."""
        known = self.lines.get(line_id)
        return known.skills if known else frozenset()

    def is_active(self, line_id: int) -> bool:
        """Whether its work is placed now."""
        known = self.lines.get(line_id)
        return known is not None and known.active

    def steps(self, line_id: int, since: float) -> tuple[Step, ...]:
        """How the requirement of a contact widens that waits since then."""
        known = self.lines.get(line_id)
        if known is None or not known.relaxations:
            return ()
        return tuple(
            Step(
                since + one.after,
                one.levels(known.skills),
                None,
                frozenset(self.by_code[code] for code in one.lines if code in self.by_code),
                one.why,
            )
            for one in known.relaxations
        )


def read(
    line_rows: Iterable[dict[str, Any]], skill_rows: Iterable[dict[str, Any]], version: str = "1"
) -> Terms:
    """From the rows ``line_times`` and ``line_skills``. Relaxations that cannot be read are left out, and said."""
    needed: dict[int, set[tuple[int, int]]] = {}
    for row in skill_rows:
        needed.setdefault(row["line_id"], set()).add((row["skill_id"], row["min_level"]))
    rows = list(line_rows)
    lines = {
        row["id"]: LineTerms(row["active"], frozenset(needed.get(row["id"], ())), _relaxations(row))
        for row in rows
    }
    # Where all lines are alike the due times alone decide: the cheapest order, and the one everybody expects.
    told = {row["id"]: (row["urgency_weight"], row["urgency_minutes"]) for row in rows}
    urgency = {}
    if any(one != _USUAL for one in told.values()):
        urgency = {
            line: LineUrgency(float(weight), minutes * 60.0) for line, (weight, minutes) in told.items()
        }
    reserves = tuple(
        Reserve(frozenset({row["id"]}), row["reserve_people"]) for row in rows if row["reserve_people"]
    )
    policy = Policy(urgency=urgency, reserves=reserves, version=version)
    return Terms(lines, {row["slug"]: row["id"] for row in rows}, policy)


def _relaxations(row: dict[str, Any]) -> tuple[relaxing.Relaxation, ...]:
    try:
        return relaxing.read(row["relaxations"])
    except relaxing.WrongRelaxation as error:
        logger.warning("line %s: %s: left out", row["slug"], error)
        return ()
