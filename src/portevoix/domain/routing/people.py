"""The people of the waiting room, in the order in which they are taken. Internal to ``Floor``."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from portevoix.domain.routing.desk import Desk
from portevoix.domain.routing.policy import Rank, expertise, rank
from portevoix.domain.routing.reserves import Reserves
from portevoix.domain.routing.shelves import BITS, DEFERRED, PARTS, Entry, Profile, Queue, Rooms
from portevoix.domain.routing.types import Choice

if TYPE_CHECKING:
    from portevoix.domain.advisers.capacity import Limits
    from portevoix.domain.routing.types import Adviser, Policy, Skills


class People:
    """Everybody, by what they have room for. ``gained``: those with room of whom something became better."""

    def __init__(self, policy: Policy) -> None:
        self._choice: Choice = policy.choice
        self._by_idleness = policy.choice is Choice.LONGEST_IDLE
        self._expert_first = policy.expert_first
        self._reserves = Reserves(policy.reserves) if policy.reserves else None
        self._profiles: dict[tuple[frozenset[int], Skills, int], Profile] = {}
        self._queues: list[Queue] = []
        self._rooms: dict[Limits, Rooms] = {}
        self._ranks: dict[int, list[Rank]] = {bit: [] for bit in BITS.values()}
        self._used = 0  # the kinds of work that ever waited: only for these are orders kept
        self._parts: tuple[tuple[int, ...], ...] = tuple(() for _ in PARTS)
        self.desks: dict[int, Desk] = {}
        self.gained: dict[int, Desk] = {}
        self.roomy = 0  # how many have any room

    def set(self, adviser: Adviser, kept: dict[tuple[int, int], Queue]) -> None:
        """The value replaces what was known of the person."""
        old = self.desks.get(adviser.id)
        if old is not None:
            self.unseat(old)
        rooms = self._rooms.get(adviser.limits)
        if rooms is None:
            rooms = self._rooms[adviser.limits] = Rooms(adviser.limits)
        desk = Desk(adviser, self._profile(adviser), rooms, kept)
        self.desks[adviser.id] = desk
        self.gain(desk)

    def remove(self, adviser_id: int) -> bool:
        """Whether the person was here."""
        desk = self.desks.pop(adviser_id, None)
        if desk is None:
            return False
        self.unseat(desk)
        self.gained.pop(adviser_id, None)
        return True

    def meet(self, queue: Queue) -> None:
        """A new queue: everybody who may serve it will."""
        self._queues.append(queue)
        if not queue.bit & self._used:
            self._use(queue.bit)
        for profile in self._profiles.values():
            profile.meet(queue)

    def take(self, desk: Desk, bit: int) -> None:
        """The person got one more of a kind of work."""
        desk.take(bit, 1)
        self._leave(desk)
        self.judge(desk)
        if desk.room:
            self._enter(desk)

    def gain(self, desk: Desk) -> None:
        """The person got better terms, or finished something: looked at in the next round, and stands in the orders
        only from then on (``line_up``), since most are given something at once."""
        self._leave(desk)
        self.judge(desk)
        if desk.room:
            self.gained[desk.adviser.id] = desk
        else:
            self.gained.pop(desk.adviser.id, None)

    def wake(self) -> None:
        """Look at everybody with any room in the next round."""
        self.gained = {desk.adviser.id: desk for desk in self.desks.values() if desk.room}

    def line_up(self) -> None:
        """Put those who gained into the orders: somebody may have to choose among them."""
        for desk in self.gained.values():
            if not desk.ranked:
                self._enter(desk)

    def seat(self, desk: Desk) -> None:
        """Write the person anew into the orders, after any change to what they hold."""
        self._leave(desk)
        self.judge(desk)
        if desk.room:
            self._enter(desk)

    def unseat(self, desk: Desk) -> None:
        """The person has no room for now, whatever they hold."""
        self._leave(desk)
        self._set_room(desk, 0)

    def judge(self, desk: Desk) -> None:
        """Reckon anew what the person has room for; the orders do not hear of it."""
        room = 0
        if desk.takes_offers:
            load = (desk.calls, desk.chats, desk.mails)
            masks = desk.rooms.masks
            room = masks[load] if load in masks else desk.rooms.mask(load)
        before = desk.room
        if room == before:
            return
        if self._reserves is not None:
            self._set_room(desk, room)
            return
        desk.room = room
        if not room:
            self.roomy -= 1
        elif not before:
            self.roomy += 1

    def _set_room(self, desk: Desk, room: int) -> None:
        before = desk.room
        if room == before:
            return
        desk.room = room
        if not room:
            self.roomy -= 1
        elif not before:
            self.roomy += 1
        if self._reserves is not None:
            for woken in self._reserves.seat(desk, before):
                if woken.room and self.desks.get(woken.adviser.id) is woken:
                    self.gained[woken.adviser.id] = woken

    def _enter(self, desk: Desk) -> None:
        room = desk.room
        held = desk.calls + desk.chats + desk.mails
        if self._by_idleness:  # as ``policy.rank`` says, at half its price
            placed: Rank = (desk.idle_since, held, desk.id)
        else:
            placed = rank(self._choice, held, desk.adviser, desk.idle_since)
        desk.rank = placed
        desk.ranked = room
        ranks = self._ranks
        for bit in self._parts[room]:
            insort(ranks[bit], placed)

    def _leave(self, desk: Desk) -> None:
        if desk.ranked:
            placed = desk.rank
            for bit in self._parts[desk.ranked]:
                those = self._ranks[bit]
                del those[bisect_left(those, placed)]
            desk.ranked = 0

    def _use(self, bit: int) -> None:
        """A kind of work waits for the first time."""
        ranked = [desk for desk in self.desks.values() if desk.ranked]
        for desk in ranked:
            self._leave(desk)
        self._used |= bit
        self._parts = tuple(tuple(one for one in parts if one & self._used) for parts in PARTS)
        for desk in ranked:
            self._enter(desk)

    def must_stay_free(self, desk: Desk) -> bool:
        """Whether a reserve keeps this person from deferred work."""
        return self._reserves is not None and self._reserves.refuses(desk)

    def kept_taker(self, entry: Entry) -> Desk | None:
        """The person a contact is kept for, if they have room for it."""
        desk, bit = self.desks.get(entry.waiting.preferred_adviser or 0), entry.queue.bit
        if desk is None or not desk.room & bit or (bit == DEFERRED and self.must_stay_free(desk)):
            return None
        return desk

    def taker(self, queue: Queue, excluded: frozenset[int]) -> Desk | None:
        """The best person with room for a contact of this queue."""
        bit, desks = queue.bit, self.desks
        best: Desk | None = None
        most = -1
        for placed in self._ranks[bit]:
            desk = desks[placed[2]]
            if queue not in desk.profile.queues or placed[2] in excluded:
                continue
            if bit == DEFERRED and self.must_stay_free(desk):
                continue
            if not self._expert_first:
                return desk
            levels = expertise(desk.adviser, queue.requires.skills)
            if levels > most:
                best, most = desk, levels
        return best

    def free_for(self, bit: int) -> list[Desk]:
        """Everybody with room for a kind of work, in the order of the choice."""
        if not bit & self._used:
            self._use(bit)
        return [self.desks[placed[2]] for placed in self._ranks[bit]]

    def _profile(self, adviser: Adviser) -> Profile:
        key = (adviser.lines, adviser.skills, adviser.organisation)
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = Profile(*key)
            for queue in self._queues:
                profile.meet(queue)
        return profile
