"""One run of a scenario: events in the order of time, the live router's ``Floor`` at each of them.

Everything random is drawn before the run, from streams that depend on the seed, the replication and what is drawn, never
on what the router decides: two policies are compared on the same clients (common random numbers).
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portevoix.domain.advisers.presence import Presence
from portevoix.domain.channels import WORK, Work
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.types import Adviser, Policy, Step, Waiting
from portevoix.twin.allotting import Allotting
from portevoix.twin.model import DAY, QUARTER, Numbers, Scenario, Stream

FINISH, LEAVE, COME, GO = range(4)
ADVISER = "adviser"

Tell = Callable[[float], object]


class Clients(NamedTuple):
    """All who come in one replication, in the order of time."""

    at: Numbers
    stream: NDArray[np.int64]
    handling: Numbers
    patience: Numbers


class Run(NamedTuple):
    """What became of each client: ``begun`` when somebody took them, ``left`` when they gave up (infinite: neither).
    ``adviser``: who, -1: nobody. ``busy``: seconds of work of each person; ``here``: seconds at work;
    ``queued``: contact-seconds of waiting of each stream, by integrating the queue over time after the warm-up."""

    clients: Clients
    begun: Numbers
    left: Numbers
    adviser: NDArray[np.int64]
    busy: Numbers
    here: Numbers
    queued: Numbers
    ended: float


def clients(scenario: Scenario, replication: int) -> Clients:
    """Draw everybody who comes."""
    parts = [
        _of_stream(scenario, number, stream, replication) for number, stream in enumerate(scenario.streams)
    ]
    at = np.concatenate([part[0] for part in parts])
    order = np.argsort(at, kind="stable")
    who = np.concatenate([np.full(len(part[0]), number) for number, part in enumerate(parts)])
    handling, patience = (np.concatenate([part[column] for part in parts]) for column in (1, 2))
    return Clients(at[order], who[order], handling[order], patience[order])


def _of_stream(
    scenario: Scenario, number: int, stream: Stream, replication: int
) -> tuple[Numbers, Numbers, Numbers]:
    if stream.replay:
        told = np.asarray(stream.replay, float)
        told = told[told[:, 0] < scenario.seconds]
        if stream.resample:
            return _again(scenario, number, told, stream.resample, replication)
        return told[:, 0], told[:, 1], told[:, 2]
    come, work, wait = (
        np.random.default_rng(np.random.SeedSequence((scenario.seed, replication, number, purpose)))
        for purpose in range(3)
    )
    quarters = int(np.ceil(scenario.seconds / QUARTER))
    expected = np.resize(np.asarray(stream.quarters, float), quarters)
    counts = come.poisson(expected)
    begins = np.repeat(np.arange(quarters) * QUARTER, counts)
    at = np.sort(begins + come.random(len(begins)) * QUARTER)
    at = at[at < scenario.seconds]
    return at, stream.handling.draw(work, len(at)), stream.patience.draw(wait, len(at))


def _again(
    scenario: Scenario, number: int, told: Numbers, factor: float, replication: int
) -> tuple[Numbers, Numbers, Numbers]:
    """Another week like the one that was: in each quarter of an hour about as many as came, who are like those who came at
    any time (a bootstrap), so that the figures of a week that was can be given with how sure they are."""
    come, who = (
        np.random.default_rng(np.random.SeedSequence((scenario.seed, replication, number, 10 + purpose)))
        for purpose in range(2)
    )
    quarters = int(np.ceil(scenario.seconds / QUARTER))
    came = np.bincount((told[:, 0] // QUARTER).astype(np.int64), minlength=quarters)
    counts = come.poisson(came * factor)
    begins = np.repeat(np.arange(quarters) * QUARTER, counts)
    at = np.sort(begins + come.random(len(begins)) * QUARTER)
    at = at[at < scenario.seconds]
    like = told[who.integers(0, len(told), len(at))]
    return at, like[:, 1], like[:, 2]


def play(scenario: Scenario, policy: Policy, people: Clients, tell: Tell = lambda _: None) -> Run:
    """Run the scenario to its end, then on until nothing more happens. ``tell`` hears now and then how far it is, 0 to 1."""
    # A run makes millions of small values and no circles: the collector would only walk over what waits.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _Play(scenario, policy, people, tell).run()
    finally:
        if collecting:
            gc.enable()


class _Play:
    def __init__(self, scenario: Scenario, policy: Policy, people: Clients, tell: Tell) -> None:
        self.scenario, self.people, self.tell = scenario, people, tell
        self.floor = Floor(policy)
        count = len(people.at)
        self.begun = [inf] * count
        self.left = [inf] * count
        self.adviser = [-1] * count
        self.events: list[tuple[float, int, int, int]] = []  # at, kind, person, client
        self.staff = [
            Adviser(
                0,
                group.lines,
                group.skills,
                Presence.OFFLINE,
                limits=group.limits,
                organisation=group.organisation,
            )
            for group in scenario.staff
            for _ in range(group.count)
        ]
        self.staff = [replace(person, id=number) for number, person in enumerate(self.staff)]
        size = len(self.staff)
        self.busy = [0.0] * size  # ended periods with anything in hand
        self.busy_since = [inf] * size
        self.in_hand = [0] * size
        self.here = [0.0] * size
        self.here_since = [inf] * size
        # A call pauses what can wait: its end moves by as long.
        self.calling = [0] * size
        self.call_since = [0.0] * size
        self.paused = [0.0] * size  # seconds in calls so far
        self.paused_before: dict[int, float] = {}  # client -> that, when their mail was begun or last moved
        self.handling: list[float] = people.handling.tolist()
        self.streams: list[int] = people.stream.tolist()
        self.make = [_maker(stream) for stream in scenario.streams]
        self.seats = [stream.seats for stream in scenario.streams]
        self.allotting = Allotting(scenario) if scenario.agreements else None
        self.channels = [stream.channel for stream in scenario.streams]
        self.deferred = [WORK[channel] is Work.DEFERRED for channel in self.channels]
        self.whole = [WORK[channel] is Work.WHOLE for channel in self.channels]

    def run(self) -> Run:
        self._shifts()
        at, streams = self.people.at.tolist(), self.streams
        patience = self.people.patience.tolist()
        events, floor, begun, begin, make = self.events, self.floor, self.begun, self._begin, self.make
        count, number = len(at), 0
        step = max(1, count // 100)
        while True:
            coming = at[number] if number < count else inf
            told = events[0][0] if events else inf
            soon = floor.next_change()
            if coming <= told and coming <= soon:
                if coming == inf:
                    break
                first = make[streams[number]](number, coming)
                if self.allotting is not None or self.seats[streams[number]]:
                    self._come(first, streams[number], coming)
                else:
                    floor.add(first)
                for placed in floor.place(coming):
                    begin(placed[0], placed[1], placed[2], coming)
                if begun[number] == inf and patience[number] != inf:
                    heappush(events, (coming + patience[number], LEAVE, 0, number))
                number += 1
                if number % step == 0:
                    self.tell(number / count)
            elif told <= soon:
                now, kind, person, client = heappop(events)
                if kind == LEAVE:
                    if begun[client] == inf:
                        floor.remove((client, ADVISER))
                        for seat in self.seats[streams[client]]:
                            floor.remove((client, seat.name))
                        self.left[client] = now
                    continue
                if kind != FINISH:
                    self._comes(person, here=kind == COME, now=now)
                elif not self._finish(person, client, now):
                    continue
                for placed in floor.place(now):
                    begin(placed[0], placed[1], placed[2], now)
            else:
                for placed in floor.place(soon):
                    begin(placed[0], placed[1], placed[2], soon)
        return self._result(self.scenario.seconds)

    def _come(self, first: Waiting, number: int, now: float) -> None:
        """A client of a contract, or one who needs several people at once."""
        stream = self.scenario.streams[number]
        if self.allotting is not None:
            first = self.allotting.give(first, stream, now)
        if not stream.seats:
            self.floor.add(first)
            return
        self.floor.add(first._replace(together=True))
        for seat in stream.seats:
            self.floor.add(
                first._replace(
                    seat=seat.name, skills=seat.skills, steps=(), organisations=None, together=True
                )
            )

    def _begin(self, client: int, seat: str, person: int, now: float) -> None:
        stream = self.streams[client]
        self.begun[client] = now
        if seat == ADVISER:
            self.adviser[client] = person
        if not self.in_hand[person]:
            self.busy_since[person] = now
        self.in_hand[person] += 1
        if self.deferred[stream]:
            self.paused_before[client] = self._paused(person, now)
        elif self.whole[stream]:
            self.calling[person] += 1
            self.call_since[person] = now
        heappush(self.events, (now + self.handling[client], FINISH, person, client))

    def _paused(self, person: int, now: float) -> float:
        return self.paused[person] + (now - self.call_since[person] if self.calling[person] else 0.0)

    def _finish(self, person: int, client: int, now: float) -> bool:
        """Whether it is over: a mail that a call held up is not yet."""
        stream = self.streams[client]
        if self.deferred[stream]:
            paused = self._paused(person, now)
            more = paused - self.paused_before[client]
            if more > 1e-9:
                self.paused_before[client] = paused
                heappush(self.events, (now + more, FINISH, person, client))
                return False
            del self.paused_before[client]
        elif self.whole[stream]:
            self.paused[person] += now - self.call_since[person]
            self.calling[person] -= 1
        self.in_hand[person] -= 1
        if not self.in_hand[person]:
            self.busy[person] += self._counted(self.busy_since[person], now)
        self.floor.release(person, self.channels[stream], now)
        return True

    def _counted(self, since: float, now: float) -> float:
        """The seconds of a period that lie between the warm-up and the end."""
        return max(0.0, min(now, self.scenario.seconds) - max(since, self.scenario.warm_up))

    # --- people -------------------------------------------------------------------------------------------

    def _shifts(self) -> None:
        person = 0
        scenario = self.scenario
        for group in scenario.staff:
            for _ in range(group.count):
                if group.spans is not None:
                    for since, until in group.spans:
                        heappush(self.events, (since, COME, person, 0))
                        heappush(self.events, (until, GO, person, 0))
                    person += 1
                    continue
                if not group.shifts:
                    self._comes(person, here=True, now=0.0)
                for day in range(int(np.ceil(scenario.seconds / DAY))):
                    if (scenario.first_day + day) % 7 in group.days:
                        for since, until in group.shifts:
                            heappush(self.events, (day * DAY + since, COME, person, 0))
                            heappush(self.events, (day * DAY + until, GO, person, 0))
                person += 1

    def _comes(self, person: int, *, here: bool, now: float) -> None:
        known = self.staff[person]
        presence = Presence.AVAILABLE if here else Presence.OFFLINE
        if known.presence is presence:
            return
        try:
            load = self.floor.load_of(person)
        except KeyError:
            load = known.load
        if here:
            self.here_since[person] = now
        else:
            self.here[person] += self._counted(self.here_since[person], now)
        self.staff[person] = replace(known, presence=presence, load=load, idle_since=now)
        self.floor.set_adviser(self.staff[person])

    def _result(self, end: float) -> Run:
        for person, adviser in enumerate(self.staff):
            if adviser.presence is Presence.AVAILABLE:
                self.here[person] += self._counted(self.here_since[person], end)
            if self.in_hand[person]:
                self.busy[person] += self._counted(self.busy_since[person], end)
        begun, left = np.asarray(self.begun, float), np.asarray(self.left, float)
        # The number that waits, integrated over the time that counts: everybody's own part of it.
        until = np.minimum(np.minimum(begun, left), end)
        part = np.maximum(until - np.maximum(self.people.at, self.scenario.warm_up), 0.0)
        queued = np.bincount(self.people.stream, part, len(self.scenario.streams)).astype(float)
        self.tell(1.0)
        return Run(
            self.people,
            begun,
            left,
            np.asarray(self.adviser, np.int64),
            np.asarray(self.busy),
            np.asarray(self.here),
            queued,
            end,
        )


def _maker(stream: Stream) -> Callable[[int, float], Waiting]:
    """What makes the waiting seat of a client of one stream who comes at an instant."""
    line, channel, target, skills, whose = (
        stream.line, stream.channel, stream.target_s, stream.skills, stream.organisations,
    )  # fmt: skip
    never, nobody = -inf, frozenset[int]()

    def plain(client: int, now: float) -> Waiting:
        return Waiting(
            client, line, channel, now, now + target, skills, "adviser", None, never, False, nobody, whose
        )  # fmt: skip

    def relaxed(client: int, now: float) -> Waiting:
        steps = tuple(
            Step(now + one.after, one.skills, one.organisations, one.lines, one.why) for one in stream.relax
        )
        return plain(client, now)._replace(steps=steps)

    return relaxed if stream.relax else plain
