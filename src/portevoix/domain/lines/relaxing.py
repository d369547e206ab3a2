"""How a line widens what it requires of a person while a contact waits: told by an administrator, kept as plain values.

Each step stands by itself (it does not add to the one before): after so many seconds of waiting these levels will do, and
people of these other lines may take the contact as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_STEPS: Final = 6
LONGEST: Final = 30 * 86_400
SAME, NONE = "same", "none"
#: What becomes of the levels required: as they are, one or two lower (1 at least), or no skill at all.
SKILLS: Final = (SAME, "minus-1", "minus-2", NONE)


@dataclass(frozen=True, slots=True)
class Relaxation:
    """``after`` seconds of waiting; ``skills`` one of ``SKILLS``; ``lines``: codes of the lines whose people may help."""

    after: int
    skills: str = SAME
    lines: tuple[str, ...] = ()

    def levels(self, required: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        """What is required then."""
        if self.skills == NONE:
            return frozenset()
        less = 0 if self.skills == SAME else int(self.skills.removeprefix("minus-"))
        return frozenset((skill, max(1, level - less)) for skill, level in required)

    @property
    def why(self) -> str:
        """The short word for it that stays with an offer: ``60s minus-1 +scolaire``."""
        parts = [
            f"{self.after}s",
            *([self.skills] if self.skills != SAME else []),
            *(f"+{one}" for one in self.lines),
        ]
        return " ".join(parts)

    def as_value(self) -> dict[str, object]:
        """As it is kept and exported."""
        return {"after": self.after, "skills": self.skills, "lines": list(self.lines)}


class WrongRelaxation(ValueError):
    """``place``: which step, from 0; ``field``: which part of it; ``code``: what is wrong."""

    def __init__(self, place: int, field: str, code: str) -> None:
        super().__init__(f"relaxations[{place}].{field}: {code}")
        self.place, self.field, self.code = place, field, code


def read(values: object) -> tuple[Relaxation, ...]:
    """The steps, in the order of their times. Raises ``WrongRelaxation`` with ``not-a-list``, ``unknown-field``,
    ``not-seconds``, ``not-skills``, ``not-lines``, ``same-time``, ``nothing-changes`` or ``too-many``."""
    if not isinstance(values, list):
        raise WrongRelaxation(0, "", "not-a-list")
    if len(values) > MOST_STEPS:
        raise WrongRelaxation(MOST_STEPS, "", "too-many")
    steps = [_one(place, value) for place, value in enumerate(values)]
    for place, step in enumerate(steps):
        if step.after in [other.after for other in steps[:place]]:
            raise WrongRelaxation(place, "after", "same-time")
    return tuple(sorted(steps, key=lambda step: step.after))


def _one(place: int, value: object) -> Relaxation:
    if not isinstance(value, dict):
        raise WrongRelaxation(place, "", "not-a-list")
    given: Mapping[str, object] = value
    if unknown := set(given) - {"after", "skills", "lines"}:
        raise WrongRelaxation(place, str(min(unknown, key=str)), "unknown-field")
    after, skills, lines = given.get("after"), given.get("skills", SAME), given.get("lines", [])
    if isinstance(after, bool) or not isinstance(after, int) or not 1 <= after <= LONGEST:
        raise WrongRelaxation(place, "after", "not-seconds")
    if not isinstance(skills, str) or skills not in SKILLS:
        raise WrongRelaxation(place, "skills", "not-skills")
    if not isinstance(lines, list) or not all(isinstance(one, str) and one for one in lines):
        raise WrongRelaxation(place, "lines", "not-lines")
    if skills == SAME and not lines:
        raise WrongRelaxation(place, "skills", "nothing-changes")
    return Relaxation(after, skills, tuple(sorted(set(lines))))
