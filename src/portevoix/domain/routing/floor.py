"""The waiting room and the people, kept ready for the next decision.

``Floor.place`` says what ``policy.decide`` would say of the same values, at a cost that hardly grows with the number
waiting. It rests on one invariant: after ``place``, no free person may serve anything that waits. So
only what changed since can be placed: contacts that came (or whose terms changed) and people who gained room. Contacts
of several seats are few, and looked at each time.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf, isfinite
from typing import TYPE_CHECKING

from portevoix.domain.advisers.capacity import Load
from portevoix.domain.routing.desk import Desk, order
from portevoix.domain.routing.groups import Group, Groups
from portevoix.domain.routing.people import People
from portevoix.domain.routing.policy import USUAL, Terms, is_kept_for, terms
from portevoix.domain.routing.shelves import BIT_OF, DEFERRED, Entry, Item, Queue, Requirement
from portevoix.domain.routing.types import Adviser, Instant, Key, Placement, Policy, Reason, Waiting

if TYPE_CHECKING:
    from portevoix.domain.channels import Channel
    from portevoix.domain.routing.types import Organisations, Skills

_new = tuple.__new__

Turn = tuple[tuple[object, ...], float, "Desk | Group | None", "Entry | None"]
"""What to look at next, in order: whose turn it is at an entry (a newcomer: nobody's yet, and first)."""


class Floor:
    """Everything the router decides on. Not thread-safe: one router at a time.

    The placements it returns count as done: the contacts are no longer waiting and the loads include them. If
    one could not be carried out, tell it: ``add`` the contact again, and ``release`` or ``set_adviser`` the person.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or Policy()
        self._version = self._policy.version
        self._weighed = bool(self._policy.urgency)
        self._now: Instant = -inf
        self._serial = 0
        self._entries: dict[Key, Entry] = {}
        self._queues: dict[Requirement, Queue] = {}
        self._people = People(self._policy)
        self._groups = Groups(self._people, self._policy)
        self._kept: dict[int, dict[tuple[int, int], Queue]] = {}  # adviser -> (work, line) -> kept for them
        self._fans: dict[int, set[Key]] = {}  # adviser -> the contacts that would rather have them
        self._timers: list[tuple[Instant, Key]] = []  # when terms change: a preference ends, a step begins
        self._fresh: dict[
            Key, Waiting
        ] = {}  # came since the last round, in no heap yet: most are taken at once
        self._known: dict[tuple[int, Channel, Skills, Organisations], tuple[Queue, Terms]] = {}

    def __len__(self) -> int:
        """How many seats wait."""
        return len(self._entries) + len(self._fresh) + len(self._groups)

    def is_waiting(self, key: Key) -> bool:
        """Whether that seat waits."""
        return key in self._entries or key in self._fresh or key in self._groups

    def load_of(self, adviser_id: int) -> Load:
        """What the person holds as far as the floor knows; raises ``KeyError`` if it does not know them."""
        return self._people.desks[adviser_id].load

    def next_change(self) -> Instant:
        """When ``place`` may say something new though nobody told it anything; infinite: never."""
        timers = self._timers
        while timers and timers[0][1] not in self._entries:
            heappop(timers)
        soonest = timers[0][0] if timers else inf
        return min(soonest, self._groups.next_change(self._now)) if self._groups.waiting else soonest

    def add(self, waiting: Waiting) -> None:
        """A seat begins to wait, or waits under other terms (it is replaced). Raises ``ValueError`` if ``due_at``
        is not finite: it could wait for ever."""
        if not isfinite(waiting.due_at):
            msg = f"contact {waiting.contact_id} is due at {waiting.due_at}: a due time must be finite"
            raise ValueError(msg)
        key = (waiting.contact_id, waiting.seat)
        if key in self._entries or self._groups.waiting:
            self.remove(key)
        if waiting.together:
            self._fresh.pop(key, None)
            self._groups.add(waiting)
        else:
            self._fresh[key] = waiting

    def remove(self, key: Key) -> None:
        """A seat no longer waits; nothing happens if it did not."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            entry.queue.kill(entry)
            if entry.waiting.preferred_adviser is not None:
                self._forget_preference(entry.waiting)
        elif self._fresh.pop(key, None) is None and self._groups.waiting:
            self._groups.remove(key)

    def set_adviser(self, adviser: Adviser) -> None:
        """A person came, or changed (presence, skills, lines, limits, load): the value replaces what was known."""
        self._people.set(adviser, self._kept.setdefault(adviser.id, {}))
        self._refile_fans(adviser.id)

    def remove_adviser(self, adviser_id: int) -> None:
        """A person left the floor for good (account closed); nothing happens if they were not there."""
        if self._people.remove(adviser_id):
            self._refile_fans(adviser_id)

    def release(self, adviser_id: int, channel: Channel, idle_since: Instant) -> None:
        """A person finished or lost one contact: the same as ``set_adviser`` with one less, and cheaper.

        Raises ``KeyError`` for somebody unknown and ``ValueError`` if they hold none of that kind."""
        desk = self._people.desks[adviser_id]
        bit = BIT_OF[channel]
        if not desk.holds(bit):
            msg = f"adviser {adviser_id} holds no {channel} to give back"
            raise ValueError(msg)
        desk.take(bit, -1)
        desk.idle_since = idle_since
        self._people.gain(desk)

    def shelve(self, now: Instant) -> None:
        """Put what came in its place without deciding anything: for a router that only follows the one that leads, so
        that its own first ``place`` is as quick as any other."""
        self._now = max(self._now, now)
        self._file_fresh()
        self._people.wake()

    def place(self, now: Instant) -> list[Placement]:
        """Who gets what now, the most urgent first. ``now`` never goes back: an earlier one counts as the last."""
        self._now = max(self._now, now)
        if self._timers and self._timers[0][0] <= self._now:
            self._change_terms()
        people, fresh = self._people, self._fresh
        placed: list[Placement] = []
        gained = people.gained
        if self._groups.waiting:
            self._take_turns(self._file_fresh(), placed)
        elif not self._entries and not fresh:
            people.line_up()
            gained.clear()
        elif len(gained) == people.roomy:  # everybody with any room looks at all that waits anyway
            self._file_fresh()
            if len(gained) == 1:
                (desk,) = gained.values()
                self._fill(desk, placed)
            elif gained:
                self._take_turns([], placed)
        elif len(fresh) > 1 or len(gained) > 1:
            self._take_turns(self._file_fresh(), placed)
        elif gained:
            (desk,) = gained.values()
            newcomers = self._file_fresh()
            self._one_and_one(desk, newcomers[0] if newcomers else None, placed)
        elif fresh:
            ((_, waiting),) = fresh.items()
            fresh.clear()
            self._welcome(waiting, placed)
        return placed

    def _welcome(self, waiting: Waiting, placed: list[Placement]) -> None:
        """One newcomer, and nothing else to look at: to the best of those who are free, or into its heap."""
        if waiting.preferred_adviser is None:
            queue, asked = self._shelf(waiting)
            taker = self._people.taker(queue, waiting.excluded)
            if taker is None:
                self._file(waiting)
            else:
                placed.append(self._placement(waiting, asked, taker))
                self._people.take(taker, queue.bit)
            return
        entry = self._file(waiting)[5]
        taker = self._taker(entry)
        if taker is not None:
            placed.append(self._assign(entry, taker))
            self._people.seat(taker)

    def _file_fresh(self) -> list[Item]:
        items = [self._file(waiting) for waiting in self._fresh.values()]
        self._fresh.clear()
        return items

    def _fill(self, desk: Desk, placed: list[Placement]) -> None:
        """The only person with any room takes what they may, the most urgent first."""
        people = self._people
        while desk.room and (item := self._head(desk)) is not None:
            placed.append(self._assign(item[5], desk))
            people.judge(desk)
        if desk.room:
            people.line_up()
        people.gained.clear()

    def _one_and_one(self, desk: Desk, newcomer: Item | None, placed: list[Placement]) -> None:
        """One person gained and at most one contact came: what ``_take_turns`` does, without its agenda."""
        people = self._people
        people.line_up()
        while True:
            head = self._head(desk) if desk.room else None
            if newcomer is not None and (head is None or self._order(newcomer) <= self._order(head)):
                entry, newcomer = newcomer[5], None
                if (taker := self._taker(entry)) is not None:
                    placed.append(self._assign(entry, taker))
                    people.seat(taker)
            elif head is not None:
                placed.append(self._assign(head[5], desk))
                people.seat(desk)
            else:
                break
        people.gained.clear()

    def _take_turns(self, fresh: list[Item], placed: list[Placement]) -> None:
        people, gained = self._people, self._people.gained
        people.line_up()
        agenda: list[Turn] = [(self._order(item), -inf, None, item[5]) for item in fresh]
        agenda += [(group.order(self._now), -inf, group, None) for group in self._groups]
        for one in gained.values():
            self._next_turn(one, agenda, push=False)
        heapify(agenda)
        alone = len(gained) == 1
        dry: set[Queue] = set()  # nobody is free for these, and nobody becomes free while we place
        while agenda:
            _, _, desk, entry = heappop(agenda)
            if entry is None:
                assert isinstance(desk, Group)
                for waiting, taker in self._groups.serve(desk, self._now):
                    placed.append(self._placement(waiting, terms(waiting, self._now), taker))
                    people.take(taker, BIT_OF[waiting.channel])
                continue
            assert not isinstance(desk, Group)
            if desk is None:
                found = self._newcomer(entry, dry)
            elif not entry.alive or not desk.room & entry.queue.bit:
                found = None
            elif not alone:
                found = self._taker(entry)
            else:
                found = None if entry.queue.bit == DEFERRED and people.must_stay_free(desk) else desk
            if found is not None:
                placed.append(self._assign(entry, found))
                people.seat(found)
            if desk is not None and desk.room:
                self._next_turn(desk, agenda, push=True)
        gained.clear()
        self._groups.let_go()

    def _next_turn(self, desk: Desk, agenda: list[Turn], *, push: bool) -> None:
        head = self._head(desk)
        if head is not None:
            turn = (self._order(head), desk.adviser.id, desk, head[5])
            heappush(agenda, turn) if push else agenda.append(turn)

    def _order(self, item: Item) -> tuple[object, ...]:
        return order(item, self._now) if self._weighed else item

    def _head(self, desk: Desk) -> Item | None:
        room = desk.room
        if room & DEFERRED and self._people.must_stay_free(desk):
            room &= ~DEFERRED
        return desk.head(room, self._now if self._weighed else None)

    def _newcomer(self, entry: Entry, dry: set[Queue]) -> Desk | None:
        if not entry.alive or entry.queue in dry:
            return None
        taker = self._taker(entry)
        if taker is None and not entry.excluded:
            dry.add(entry.queue)
        return taker

    def _taker(self, entry: Entry) -> Desk | None:
        if entry.kept:
            return self._people.kept_taker(entry)
        return self._people.taker(entry.queue, entry.excluded)

    def _assign(self, entry: Entry, desk: Desk) -> Placement:
        waiting = entry.waiting
        placement = self._placement(waiting, entry.terms, desk)
        del self._entries[waiting.contact_id, waiting.seat]
        entry.queue.kill(entry)
        if waiting.preferred_adviser is not None:
            self._forget_preference(waiting)
        desk.take(entry.queue.bit, 1)
        return placement

    def _placement(self, waiting: Waiting, asked: Terms, desk: Desk) -> Placement:
        adviser_id, now = desk.id, self._now
        # Read and made as plain tuples are: half the time of the fields' names.
        reason = (
            waiting[1], asked[1], waiting[4] - now, now - desk.idle_since, desk.calls + desk.chats + desk.mails,
            adviser_id == waiting[7], self._version, asked[3], asked[4],
        )  # fmt: skip
        return _new(Placement, (waiting[0], waiting[6], adviser_id, _new(Reason, reason)))

    def _file(self, waiting: Waiting) -> Item:
        """Put what waits where it belongs: kept for one person, or for everybody."""
        key = (waiting.contact_id, waiting.seat)
        preferred = waiting.preferred_adviser
        queue, asked = self._shelf(waiting)
        kept = False
        if preferred is not None and self._policy.prefer:
            self._fans.setdefault(preferred, set()).add(key)
            if not waiting.preferred_only and waiting.preferred_until > self._now:
                heappush(self._timers, (waiting.preferred_until, key))
            kept = self._is_kept(waiting)
            if kept:
                queues = self._kept.setdefault(preferred, {})
                place = (queue.bit, waiting.line_id)
                queue = queues.get(place) or queues.setdefault(place, self._new_queue(queue.requires))
        if waiting.steps and asked.number < len(waiting.steps):
            heappush(self._timers, (waiting.steps[asked.number].at, key))
        entry = Entry(waiting, queue, asked, kept=kept)
        self._serial += 1
        item = _new(
            Item, (waiting.due_at, waiting.since, waiting.contact_id, waiting.seat, self._serial, entry)
        )
        queue.push(item)
        self._entries[key] = entry
        return item

    def _shelf(self, waiting: Waiting) -> tuple[Queue, Terms]:
        """The heap for what the contact requires now."""
        place = (waiting.line_id, waiting.channel, waiting.skills, waiting.organisations)
        known = None if waiting.steps else self._known.get(place)
        if known is not None:
            return known
        asked = terms(waiting, self._now)
        bit = BIT_OF[waiting.channel]
        requires = Requirement(waiting.line_id, bit, asked.lines, asked.skills, asked.organisations)
        queue = self._queues.get(requires)
        if queue is None:
            queue = self._queues[requires] = self._new_queue(requires)
            self._people.meet(queue)
        if not waiting.steps:
            self._known[place] = queue, asked
        return queue, asked

    def _new_queue(self, requires: Requirement) -> Queue:
        return Queue(requires, self._policy.urgency.get(requires.line_id, USUAL))

    def _is_kept(self, waiting: Waiting) -> bool:
        desk = self._people.desks.get(waiting.preferred_adviser or 0)
        return is_kept_for(desk.adviser if desk else None, waiting, self._now, self._policy)

    def _refile_fans(self, adviser_id: int) -> None:
        """After a change of a person: who would rather have them may wait for them, or no longer."""
        for key in sorted(self._fans.get(adviser_id, ())):
            if key in self._entries:
                self._refile(key)

    def _refile(self, key: Key) -> None:
        entry = self._entries.pop(key)
        waiting = entry.waiting
        if entry.kept != self._is_kept(waiting) or entry.terms.number != terms(waiting, self._now).number:
            entry.queue.kill(entry)
            self._fresh[key] = waiting
        else:
            self._entries[key] = entry

    def _change_terms(self) -> None:
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
