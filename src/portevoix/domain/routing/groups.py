"""Contacts of several seats, that are placed all at once or not at all. Internal to ``Floor``."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from portevoix.domain.routing.policy import (
    expertise,
    found,
    holds,
    is_eligible,
    is_kept_for,
    match,
    terms,
    urgency,
)
from portevoix.domain.routing.shelves import BIT_OF, DEFERRED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portevoix.domain.routing.desk import Desk
    from portevoix.domain.routing.people import People
    from portevoix.domain.routing.types import Instant, Key, Policy, Waiting


class Group:
    """The seats of one contact that wait."""

    __slots__ = ("_policy", "seats")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.seats: dict[str, Waiting] = {}

    @property
    def since(self) -> Instant:
        """Since when the eldest waits."""
        return min(seat.since for seat in self.seats.values())

    def order(self, now: Instant) -> tuple[object, ...]:
        """Its place among the others: that of its most urgent seat."""
        weighed, *plain = min(urgency(seat, now, self._policy) for seat in self.seats.values())
        return (weighed, tuple(plain)) if self._policy.urgency else tuple(plain)


class Groups:
    """All of them; few, so that each is looked at in every round."""

    def __init__(self, people: People, policy: Policy) -> None:
        self._people, self._policy = people, policy
        self.waiting: dict[int, Group] = {}  # by contact
        self._kept_idle: list[Desk] = []

    def __len__(self) -> int:
        return sum(len(group.seats) for group in self.waiting.values())

    def __contains__(self, key: Key) -> bool:
        return key[0] in self.waiting and key[1] in self.waiting[key[0]].seats

    def __iter__(self) -> Iterator[Group]:
        return iter(list(self.waiting.values()))

    def add(self, waiting: Waiting) -> None:
        """A seat waits, together with those of the same contact."""
        self.waiting.setdefault(waiting.contact_id, Group(self._policy)).seats[waiting.seat] = waiting

    def remove(self, key: Key) -> None:
        """A seat waits no longer; nothing happens if it did not."""
        group = self.waiting.get(key[0])
        if group is not None:
            group.seats.pop(key[1], None)
            if not group.seats:
                del self.waiting[key[0]]

    def serve(self, group: Group, now: Instant) -> list[tuple[Waiting, Desk]]:
        """Who takes which seat; nothing if it cannot be now, and then those found may be kept for a while."""
        seats = sorted(group.seats.values(), key=lambda one: one.seat)
        candidates = [self._candidates(seat, now) for seat in seats]
        chosen = match(candidates)
        desks = self._people.desks
        if chosen is None:
            if holds(group.since, now, self._policy):
                for adviser_id in found(candidates):
                    self._kept_idle.append(desks[adviser_id])
                    self._people.unseat(desks[adviser_id])
            return []
        for seat in seats:
            self.remove(seat.key)
        return [(seat, desks[adviser_id]) for seat, adviser_id in zip(seats, chosen, strict=True)]

    def _candidates(self, seat: Waiting, now: Instant) -> list[int]:
        bit, people = BIT_OF[seat.channel], self._people
        named = people.desks.get(seat.preferred_adviser) if seat.preferred_adviser is not None else None
        free = people.free_for(bit)
        if is_kept_for(named.adviser if named else None, seat, now, self._policy):
            free = [one for one in free if one is named]
        else:
            free = [one for one in free if is_eligible(one.adviser, seat, now)]
        if bit == DEFERRED:
            free = [one for one in free if not people.must_stay_free(one)]
        if self._policy.expert_first:
            asked = terms(seat, now).skills
            free.sort(key=lambda one: -expertise(one.adviser, asked))
        return [one.adviser.id for one in free]

    def let_go(self) -> None:
        """The round is over: those kept idle are looked at again in the next one."""
        for desk in self._kept_idle:
            self._people.gain(desk)
        self._kept_idle.clear()

    def next_change(self, now: Instant) -> Instant:
        """When the next of them begins to keep people, stops, or gets other terms; infinite: never."""
        every = self._policy.hold_seconds
        soonest = inf
        for group in self.waiting.values():
            since = group.since
            if every > 0:
                turns = max(now - since, 0) // every + 1
                at = since + every * turns
                soonest = min(soonest, at if at > now else since + every * (turns + 1))  # rounding
            for seat in group.seats.values():
                until = seat.preferred_until if seat.preferred_adviser is not None else inf
                later = [at for at in (until, *(step.at for step in seat.steps)) if at > now]
                soonest = min(soonest, *later, inf)
        return soonest
