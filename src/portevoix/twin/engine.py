"""One run of a scenario: events in the order of time, the live router's ``Floor`` at each of them.

Everything random is drawn before the run, from streams that depend on the seed, the replication and what is drawn, never
on what the router decides: two policies are compared on the same clients (common random numbers).
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portevoix.domain.advisers.presence import Presence
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.types import Adviser, Policy, Step, Waiting
from portevoix.twin.model import DAY, QUARTER, Numbers, Scenario, Stream

FINISH, LEAVE, COME, GO = range(4)


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


def play(scenario: Scenario, policy: Policy, people: Clients, progress: Progress | None = None) -> Run:
    """Run the scenario to its end, then on until nothing more happens."""
    return _Play(scenario, policy, people, progress).run()


class Progress:
    """Told now and then how far a run is, from 0 to 1. Override ``at``."""

    def at(self, share: float) -> None:
        """Nothing by default."""


class _Play:
    def __init__(
        self, scenario: Scenario, policy: Policy, people: Clients, progress: Progress | None
    ) -> None:
        self.scenario, self.people, self.progress = scenario, people, progress or Progress()
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
        self.waiting = [0] * len(scenario.streams)
        self.queued = [0.0] * len(scenario.streams)
        self.queue_at = [scenario.warm_up] * len(scenario.streams)
        self.make = [_maker(stream) for stream in scenario.streams]
        self.channels = [stream.channel for stream in scenario.streams]
        self.deferred = [WORK[channel] is Work.DEFERRED for channel in self.channels]
        self.whole = [WORK[channel] is Work.WHOLE for channel in self.channels]

    def run(self) -> Run:
        self._shifts()
        at = self.people.at.tolist()
        streams = self.people.stream.tolist()
        patience = self.people.patience.tolist()
        self.handling = self.people.handling.tolist()
        self.streams = streams
        events, floor, end = self.events, self.floor, self.scenario.seconds
        count, number = len(at), 0
        step = max(1, count // 100)
        while True:
            coming = at[number] if number < count else inf
            told = events[0][0] if events else inf
            soon = floor.next_change() if len(floor) else inf
            now = min(coming, told, soon)
            if now == inf:
                break
            if coming <= told and coming <= soon:
                stream = streams[number]
                floor.add(self.make[stream](number, now))
                self._queue(stream, now, 1)
                for placed in floor.place(now):
                    self._begin(placed.contact_id, placed.adviser_id, now)
                if self.begun[number] == inf and patience[number] != inf:
                    heappush(events, (now + patience[number], LEAVE, 0, number))
                number += 1
                if number % step == 0:
                    self.progress.at(number / count)
                continue
            if told <= soon:
                self._happens(now)
            for placed in floor.place(now):
                self._begin(placed.contact_id, placed.adviser_id, now)
        return self._result(end)

    def _happens(self, now: float) -> None:
        _, kind, person, client = heappop(self.events)
        if kind == FINISH:
            self._finish(person, client, now)
        elif kind == LEAVE:
            if self.begun[client] == inf:
                self.floor.remove((client, "adviser"))
                self.left[client] = now
                self._queue(self.streams[client], now, -1)
        else:
            self._comes(person, here=kind == COME, now=now)

    def _begin(self, client: int, person: int, now: float) -> None:
        stream = self.streams[client]
        self.begun[client] = now
        self.adviser[client] = person
        self._queue(stream, now, -1)
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

    def _finish(self, person: int, client: int, now: float) -> None:
        stream = self.streams[client]
        if self.deferred[stream]:
            paused = self._paused(person, now)
            more = paused - self.paused_before[client]
            if more > 1e-9:
                self.paused_before[client] = paused
                heappush(self.events, (now + more, FINISH, person, client))
                return
            del self.paused_before[client]
        elif self.whole[stream]:
            self.paused[person] += now - self.call_since[person]
            self.calling[person] -= 1
        self.in_hand[person] -= 1
        if not self.in_hand[person]:
            self.busy[person] += self._counted(self.busy_since[person], now)
        self.floor.release(person, self.channels[stream], now)

    def _counted(self, since: float, now: float) -> float:
        """The seconds of a period that lie between the warm-up and the end."""
        return max(0.0, min(now, self.scenario.seconds) - max(since, self.scenario.warm_up))

    def _queue(self, stream: int, now: float, change: int) -> None:
        since = self.queue_at[stream]
        if now > since:
            self.queued[stream] += self.waiting[stream] * (min(now, self.scenario.seconds) - since)
            self.queue_at[stream] = min(now, self.scenario.seconds)
        self.waiting[stream] += change

    # --- people -------------------------------------------------------------------------------------------

    def _shifts(self) -> None:
        person = 0
        scenario = self.scenario
        for group in scenario.staff:
            for _ in range(group.count):
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
        for stream in range(len(self.waiting)):
            self._queue(stream, end, 0)
        for person, adviser in enumerate(self.staff):
            if adviser.presence is Presence.AVAILABLE:
                self.here[person] += self._counted(self.here_since[person], end)
            if self.in_hand[person]:
                self.busy[person] += self._counted(self.busy_since[person], end)
        self.progress.at(1.0)
        return Run(
            self.people,
            np.asarray(self.begun, float),
            np.asarray(self.left, float),
            np.asarray(self.adviser, np.int64),
            np.asarray(self.busy),
            np.asarray(self.here),
            np.asarray(self.queued),
            end,
        )


class _maker:  # noqa: N801 - a function with values
    """Makes the waiting seat of a client of one stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def __call__(self, client: int, now: float) -> Waiting:
        stream = self.stream
        steps = tuple(
            Step(now + one.after, one.skills, one.organisations, one.lines, one.why) for one in stream.relax
        )
        return Waiting(
            client, stream.line, stream.channel, now, now + stream.target_s, stream.skills,
            organisations=stream.organisations, steps=steps,
        )  # fmt: skip


def channel_of(scenario: Scenario, stream: int) -> Channel:
    """The channel of a stream."""
    return scenario.streams[stream].channel
