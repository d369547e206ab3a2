"""The waiting room and the people, kept ready for the next decision.

``Floor.place`` says what ``policy.decide`` would say of the same values, at a cost that hardly grows with the number
waiting. It rests on one invariant: after ``place``, no free person may serve anything that waits. So
only what changed since can be placed: contacts that came (or whose preference ended) and people who gained room.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import heapify, heappop, heappush
from math import inf, isfinite
from typing import TYPE_CHECKING

from portevoix.domain.advisers.capacity import Load
from portevoix.domain.routing.desk import Desk
from portevoix.domain.routing.policy import is_kept_for, rank
from portevoix.domain.routing.shelves import (
    BIT_OF,
    Entry,
    Item,
    Profile,
    Queue,
    Rooms,
)
from portevoix.domain.routing.types import Adviser, Instant, Key, Placement, Policy, Reason, Skills, Waiting

if TYPE_CHECKING:
    from portevoix.domain.advisers.capacity import Limits
    from portevoix.domain.channels import Channel
    from portevoix.domain.routing.policy import Rank

Agenda = list[tuple[Item, float, "Desk | None"]]
"""What to look at next: the item, then the person who could take it (a newcomer: nobody yet, and first)."""


class Floor:
    """Everything the router decides on. Not thread-safe: one router at a time.

    The placements it returns count as done: the contacts are no longer waiting and the loads include them. If
    one could not be carried out, tell it: ``add`` the contact again, and ``release`` or ``set_adviser`` the person.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or Policy()
        self._now: Instant = -inf
        self._serial = 0
        self._entries: dict[Key, Entry] = {}
        self._queues: dict[tuple[int, int, Skills], Queue] = {}
        self._profiles: dict[tuple[frozenset[int], Skills], Profile] = {}
        self._rooms: dict[Limits, Rooms] = {}
        self._desks: dict[int, Desk] = {}
        self._ranks: list[Rank] = []  # the people with any room, in the order in which they are taken
        self._kept: dict[int, dict[int, Queue]] = {}  # adviser -> kind of work -> what is kept for them
        self._fans: dict[int, set[Key]] = {}  # adviser -> the contacts that would rather have them
        self._timers: list[tuple[Instant, Key]] = []  # when those stop waiting for them
        self._fresh: list[Item] = []
        self._dirty: dict[int, Desk] = {}

    def __len__(self) -> int:
        """How many seats wait."""
        return len(self._entries)

    def is_waiting(self, key: Key) -> bool:
        """Whether that seat waits."""
        return key in self._entries

    def load_of(self, adviser_id: int) -> Load:
        """What the person holds as far as the floor knows; raises ``KeyError`` if it does not know them."""
        desk = self._desks[adviser_id]
        return Load(desk.calls, desk.chats, desk.mails)

    def add(self, waiting: Waiting) -> None:
        """A seat begins to wait, or waits under other terms (it is replaced). Raises ``ValueError`` if ``due_at``
        is not finite: it could wait for ever."""
        if not isfinite(waiting.due_at):
            msg = f"contact {waiting.contact_id} is due at {waiting.due_at}: a due time must be finite"
            raise ValueError(msg)
        self.remove(waiting.key)
        preferred = waiting.preferred_adviser
        if preferred is not None and self._policy.prefer:
            self._fans.setdefault(preferred, set()).add(waiting.key)
            if not waiting.preferred_only:
                heappush(self._timers, (waiting.preferred_until, waiting.key))
        self._file(waiting)

    def remove(self, key: Key) -> None:
        """A seat no longer waits; nothing happens if it did not."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            entry.queue.kill(entry)
            self._forget_preference(entry.waiting)

    def set_adviser(self, adviser: Adviser) -> None:
        """A person came, or changed (presence, skills, lines, limits, load): the value replaces what was known."""
        old = self._desks.get(adviser.id)
        if old is not None:
            self._unseat(old)
        rooms = self._rooms.setdefault(adviser.limits, Rooms(adviser.limits))
        kept = self._kept.setdefault(adviser.id, {})
        desk = Desk(adviser, self._profile(adviser), rooms, kept)
        self._desks[adviser.id] = desk
        self._dirty.pop(adviser.id, None)
        self._seat(desk)
        if desk.room:
            self._dirty[adviser.id] = desk
        self._refile_fans(adviser.id)

    def remove_adviser(self, adviser_id: int) -> None:
        """A person left the floor for good (account closed); nothing happens if they were not there."""
        desk = self._desks.pop(adviser_id, None)
        if desk is not None:
            self._unseat(desk)
            self._dirty.pop(adviser_id, None)
            self._refile_fans(adviser_id)

    def release(self, adviser_id: int, channel: Channel, idle_since: Instant) -> None:
        """A person finished or lost one contact: the same as ``set_adviser`` with one less, and cheaper.

        Raises ``KeyError`` for somebody unknown and ``ValueError`` if they hold none of that kind."""
        desk = self._desks[adviser_id]
        bit = BIT_OF[channel]
        if not desk.holds(bit):
            msg = f"adviser {adviser_id} holds no {channel} to give back"
            raise ValueError(msg)
        desk.take(bit, -1)
        desk.idle_since = idle_since
        self._seat(desk)
        if desk.room:
            self._dirty[adviser_id] = desk

    def place(self, now: Instant) -> list[Placement]:
        """Who gets what now, the most urgent first. ``now`` never goes back: an earlier one counts as the last."""
        self._now = max(self._now, now)
        self._end_preferences()
        agenda: Agenda = [(item, -inf, None) for item in self._fresh]
        for gained in self._dirty.values():
            head = gained.head()
            if head is not None:
                agenda.append((head, gained.adviser.id, gained))
        heapify(agenda)
        placed: list[Placement] = []
        dry: set[Queue] = set()  # nobody is free for these, and nobody becomes free while we place
        while agenda:
            item, _, desk = heappop(agenda)
            entry = item[5]
            if desk is None:
                taker = self._newcomer(entry, dry)
            elif entry.alive and desk.room & entry.queue.bit:
                taker = desk if len(self._dirty) == 1 else self._taker(entry)
            else:
                taker = None
            if taker is not None:
                placed.append(self._assign(entry, taker))
            if desk is not None and desk.room:
                head = desk.head()
                if head is not None:
                    heappush(agenda, (head, desk.adviser.id, desk))
        self._fresh.clear()
        self._dirty.clear()
        return placed

    def _newcomer(self, entry: Entry, dry: set[Queue]) -> Desk | None:
        if not entry.alive or entry.queue in dry:
            return None
        taker = self._taker(entry)
        if taker is None and not entry.excluded:
            dry.add(entry.queue)
        return taker

    def _taker(self, entry: Entry) -> Desk | None:
        """The best person with room for this contact."""
        queue = entry.queue
        if entry.kept:
            preferred = entry.waiting.preferred_adviser
            desk = self._desks.get(preferred) if preferred is not None else None
            return desk if desk is not None and desk.room & queue.bit else None
        bit, desks, excluded = queue.bit, self._desks, entry.excluded
        for _, _, adviser_id in self._ranks:
            desk = desks[adviser_id]
            if desk.room & bit and queue in desk.profile.queues and adviser_id not in excluded:
                return desk
        return None

    def _assign(self, entry: Entry, desk: Desk) -> Placement:
        waiting, bit, adviser = entry.waiting, entry.queue.bit, desk.adviser
        reason = Reason(
            waiting.line_id,
            waiting.skills,
            waiting.due_at - self._now,
            self._now - desk.idle_since,
            desk.calls + desk.chats + desk.mails,
            adviser.id == waiting.preferred_adviser,
            self._policy.version,
        )
        key = (waiting.contact_id, waiting.seat)
        del self._entries[key]
        entry.queue.kill(entry)
        self._forget_preference(waiting)
        desk.take(bit, 1)
        self._seat(desk)
        return Placement(waiting.contact_id, waiting.seat, adviser.id, reason)

    def _seat(self, desk: Desk) -> None:
        """Write the person anew into the order of those with room, after any change to what they hold."""
        ranks = self._ranks
        if desk.room:
            del ranks[bisect_left(ranks, desk.rank)]
        adviser = desk.adviser
        if not desk.takes_offers:
            desk.room = 0
            return
        calls, chats, mails = desk.calls, desk.chats, desk.mails
        desk.room = room = desk.rooms.mask(calls, chats, mails)
        if room:
            desk.rank = rank(self._policy.choice, calls + chats + mails, desk.idle_since, adviser.id)
            insort(ranks, desk.rank)

    def _unseat(self, desk: Desk) -> None:
        if desk.room:
            del self._ranks[bisect_left(self._ranks, desk.rank)]
            desk.room = 0

    def _profile(self, adviser: Adviser) -> Profile:
        key = (adviser.lines, adviser.skills)
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = Profile(*key)
            for queue in self._queues.values():
                profile.meet(queue)
        return profile

    def _queue(self, waiting: Waiting, bit: int) -> Queue:
        key = (waiting.line_id, bit, waiting.skills)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Queue(bit, waiting.line_id, waiting.skills)
            for profile in self._profiles.values():
                profile.meet(queue)
        return queue

    def _file(self, waiting: Waiting) -> None:
        """Put what waits where it belongs: kept for one person, or for everybody."""
        bit = BIT_OF[waiting.channel]
        kept = self._is_kept(waiting)
        if kept and waiting.preferred_adviser is not None:
            queues = self._kept.setdefault(waiting.preferred_adviser, {})
            queue = queues.setdefault(bit, Queue(bit))
        else:
            queue = self._queue(waiting, bit)
        entry = Entry(waiting, queue, kept=kept)
        self._serial += 1
        item = (waiting.due_at, waiting.since, waiting.contact_id, waiting.seat, self._serial, entry)
        queue.push(item)
        self._entries[waiting.key] = entry
        self._fresh.append(item)

    def _is_kept(self, waiting: Waiting) -> bool:
        preferred = waiting.preferred_adviser
        if preferred is None:
            return False
        desk = self._desks.get(preferred)
        return is_kept_for(desk.adviser if desk else None, waiting, self._now, self._policy)

    def _refile_fans(self, adviser_id: int) -> None:
        """After a change of a person: who would rather have them may wait for them, or no longer."""
        for key in sorted(self._fans.get(adviser_id, ())):
            self._refile(key)

    def _refile(self, key: Key) -> None:
        entry = self._entries[key]
        if entry.kept != self._is_kept(entry.waiting):
            entry.queue.kill(entry)
            self._file(entry.waiting)

    def _end_preferences(self) -> None:
        while self._timers and self._timers[0][0] <= self._now:
            _, key = heappop(self._timers)
            if key in self._entries:
                self._refile(key)

    def _forget_preference(self, waiting: Waiting) -> None:
        if waiting.preferred_adviser is None:
            return
        fans = self._fans.get(waiting.preferred_adviser)
        if fans is not None:
            fans.discard(waiting.key)
            if not fans:
                del self._fans[waiting.preferred_adviser]
