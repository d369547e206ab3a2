"""What an administrator set for each line, as the router's policy, requirements and relaxations."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portevoix.domain.lines import relaxing
from portevoix.domain.routing.types import LineUrgency, Policy, Reserve, Skills, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portevoix.actions.allocation import Whose

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

    def steps(self, line_id: int, since: float, whose: Whose | None) -> tuple[Step, ...]:
        """How the requirement of a contact widens that waits since then: by its line, and by whose people may help."""
        known = self.lines.get(line_id, LineTerms(active=False, skills=frozenset()))
        wider = whose.wider if whose else ()
        steps = []
        for after in sorted({float(one.after) for one in known.relaxations} | {one[0] for one in wider}):
            line = [one for one in known.relaxations if one.after <= after][-1:]
            helpers = [one for one in wider if one[0] <= after][-1:]
            whys = [*(one.why for one in line), *(f"{seconds:g}s organisations" for seconds, _ in helpers)]
            steps.append(
                Step(
                    since + after,
                    line[0].levels(known.skills) if line else known.skills,
                    helpers[0][1] if helpers else whose.first if whose else None,
                    frozenset(
                        self.by_code[code] for one in line for code in one.lines if code in self.by_code
                    ),
                    " ".join(whys),
                )
            )
        return tuple(steps)


def read(
    line_rows: Iterable[dict[str, Any]], skill_rows: Iterable[dict[str, Any]], version: str = "1"
) -> Terms:
    """From the rows ``line_times`` and ``line_skills``. Relaxations that cannot be read are left out, and said."""
    needed: dict[int, set[tuple[int, int]]] = {}
    for row in skill_rows:
        needed.setdefault(row["line_id"], set()).add((row["skill_id"], row["min_level"]))
    rows = list(line_rows)
    lines = {
        row["id"]: LineTerms(
            row["active"] and not row["paused"], frozenset(needed.get(row["id"], ())), _relaxations(row)
        )
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
