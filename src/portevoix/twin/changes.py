"""What would be otherwise, said in a supervisor's words and applied to a scenario. The scenario it comes from is left alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Any, Final

from portevoix.domain.routing.types import LineUrgency, Reserve
from portevoix.twin.model import Group

if TYPE_CHECKING:
    from portevoix.twin.model import Scenario

MOST: Final = 3
#: The day of those who come in addition: seconds from and to.
DAY_SHIFT: Final = (9 * 3600.0, 17 * 3600.0)


class What(StrEnum):
    """The kinds of changes."""

    PEOPLE = "people"  # so many more (fewer) on a line, 9 to 17, Monday to Friday
    RESERVE = "reserve"  # so many kept free for calls
    SHARE = "share"  # of an organisation, in percent
    TRAIN = "train"  # so many of the others learn what the line asks for
    VOLUME = "volume"  # percent more (less) on a line
    WEIGHT = "weight"  # what waiting costs on a line


@dataclass(frozen=True, slots=True)
class Change:
    """``where``: the code of a line, or an organisation for ``SHARE``. ``number``: of people, percent or weight."""

    what: What
    where: str
    number: int

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


class CannotChange(ValueError):
    """``code``: ``number``, ``line``, ``organisation``, ``nobody`` (nobody is left on the line)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(value: dict[str, Any]) -> Change:
    """A kept change."""
    return Change(What(value["what"]), str(value["where"]), int(value["number"]))


_RANGES: Final = {
    What.PEOPLE: (-500, 500),
    What.RESERVE: (0, 500),
    What.SHARE: (0, 100),
    What.TRAIN: (1, 500),
    What.VOLUME: (-90, 300),
    What.WEIGHT: (1, 100),
}


def check(change: Change) -> None:
    """Raises ``CannotChange``."""
    low, high = _RANGES[change.what]
    if not low <= change.number <= high or (change.what in (What.PEOPLE, What.VOLUME) and not change.number):
        raise CannotChange("number")


def apply(scenario: Scenario, change: Change) -> Scenario:
    """The scenario as it would be. Raises ``CannotChange``."""
    check(change)
    if change.what is What.SHARE:
        return _share(scenario, change)
    if change.where not in scenario.lines:
        raise CannotChange("line")
    line = scenario.lines.index(change.where)
    match change.what:
        case What.VOLUME:
            factor = 1 + change.number / 100
            streams = tuple(
                replace(
                    one,
                    quarters=tuple(value * factor for value in one.quarters),
                    resample=(one.resample or 1.0) * factor if one.replay else one.resample,
                )
                if one.line == line
                else one
                for one in scenario.streams
            )
            return replace(scenario, streams=streams)
        case What.PEOPLE:
            return _people(scenario, line, change.number)
        case What.TRAIN:
            return _train(scenario, line, change.number)
        case What.RESERVE:
            return _policies(scenario, lambda policy: replace(
                policy,
                reserves=(
                    *(one for one in policy.reserves if one.lines != frozenset({line})),
                    Reserve(frozenset({line}), change.number),
                ),
            ))  # fmt: skip
        case _:
            return _policies(scenario, lambda policy: replace(
                policy,
                urgency={
                    **policy.urgency,
                    line: LineUrgency(float(change.number), policy.urgency[line].scale if line in policy.urgency else 3600.0),
                },
            ))  # fmt: skip


def _policies(scenario: Scenario, change: Any) -> Scenario:
    return replace(scenario, policies={name: change(one) for name, one in scenario.policies.items()})


def _share(scenario: Scenario, change: Change) -> Scenario:
    named = [scenario.organisations[one.contract.organisation] for one in scenario.agreements]
    if change.where not in named:
        raise CannotChange("organisation")
    agreements = tuple(
        replace(one, contract=replace(one.contract, share=change.number / 100))
        if name == change.where
        else one
        for one, name in zip(scenario.agreements, named, strict=True)
    )
    return replace(scenario, agreements=agreements)


def _required(scenario: Scenario, line: int) -> frozenset[tuple[int, int]]:
    levels: dict[int, int] = {}
    for stream in scenario.streams:
        if stream.line == line:
            for skill, level in stream.skills:
                levels[skill] = max(level, levels.get(skill, 0))
    return frozenset(levels.items())


def _people(scenario: Scenario, line: int, number: int) -> Scenario:
    """More: who knows all that the line asks for, of the organisation of most of its people. Fewer: any of them, by lot."""
    on_line = [
        place for place, group in enumerate(scenario.staff) for _ in range(group.count) if line in group.lines
    ]
    if number > 0:
        organisations = [scenario.staff[place].organisation for place in on_line]
        organisation = max(set(organisations), key=organisations.count) if organisations else 0
        new = Group(
            "new", number, frozenset({line}), _required(scenario, line), organisation,
            shifts=(DAY_SHIFT,), days=frozenset(range(5)),
        )  # fmt: skip
        return replace(scenario, staff=(*scenario.staff, new))
    if -number >= len(on_line):
        raise CannotChange("nobody")
    gone = Random(scenario.seed).sample(on_line, -number)  # noqa: S311 - a simulation
    staff = [
        replace(group, count=group.count - gone.count(place)) for place, group in enumerate(scenario.staff)
    ]
    return replace(scenario, staff=tuple(group for group in staff if group.count))


def _train(scenario: Scenario, line: int, number: int) -> Scenario:
    """People who cannot take the line's work yet learn to, and answer it as well."""
    required = _required(scenario, line)
    staff: list[Group] = []
    left = number
    for group in scenario.staff:
        held = dict(group.skills)
        able = line in group.lines and all(held.get(skill, 0) >= level for skill, level in required)
        some = 0 if able else min(left, group.count)
        if some:
            levels = {**held, **{skill: max(level, held.get(skill, 0)) for skill, level in required}}
            staff.append(
                replace(group, count=some, lines=group.lines | {line}, skills=frozenset(levels.items()))
            )
            left -= some
        if group.count > some:
            staff.append(replace(group, count=group.count - some))
    if left == number:
        raise CannotChange("nobody")
    return replace(scenario, staff=tuple(staff))
