"""All replications of a scenario under all its policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portevoix.twin import engine
from portevoix.twin.figures import Interval, Told, compare, gather, interval, of_run
from portevoix.twin.model import Scenario


@dataclass(frozen=True, slots=True)
class Outcome:
    """``told``: the figures of each policy, run by run. The first policy is the one the others are compared with."""

    scenario: Scenario
    told: dict[str, Told]

    def intervals(self, policy: str) -> dict[str, dict[str, Interval]]:
        """Means with their 95 % intervals."""
        return {
            stream: {name: interval(values) for name, values in figures.items()}
            for stream, figures in self.told[policy].items()
        }

    def differences(self) -> dict[str, dict[str, dict[str, Interval]]]:
        """Each further policy less the first one, on the same clients."""
        first, *others = self.told
        return {name: compare(self.told[first], self.told[name]) for name in others}


def play_both(
    before: Scenario, after: Scenario, tell: Callable[[float], None] = lambda _: None
) -> tuple[Told, Told]:
    """The same clients under two scenarios (each under its first policy), as far as both have the same streams."""
    runs: tuple[list[dict[str, dict[str, float]]], list[dict[str, dict[str, float]]]] = ([], [])
    done = 0

    def part(share: float) -> None:
        tell((done + share) / (2 * before.replications))

    for replication in range(before.replications):
        for scenario, those in zip((before, after), runs, strict=True):
            policy = next(iter(scenario.policies.values()))
            run = engine.play(scenario, policy, engine.clients(scenario, replication), part)
            those.append(of_run(scenario, run))
            done += 1
    return gather(runs[0]), gather(runs[1])


def play_all(scenario: Scenario, tell: Callable[[float], None] = lambda _: None) -> Outcome:
    """Play; ``tell`` hears the share that is done."""

    def part(share: float) -> None:
        tell((done + share) / parts)

    runs: dict[str, list[dict[str, dict[str, float]]]] = {name: [] for name in scenario.policies}
    parts, done = scenario.replications * len(scenario.policies), 0
    for replication in range(scenario.replications):
        people = engine.clients(scenario, replication)
        for name, policy in scenario.policies.items():
            run = engine.play(scenario, policy, people, part)
            runs[name].append(of_run(scenario, run))
            done += 1
    return Outcome(scenario, {name: gather(told) for name, told in runs.items()})
