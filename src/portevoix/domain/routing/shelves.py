"""Where ``Floor`` keeps what waits and who may serve it. Not for use elsewhere.

What waits stands in one queue per distinct requirement (line, kind of work, whose people, skills). Everybody with the
same lines, skills and organisation shares one ``Profile``, which keeps the list of queues they may serve: the next
contact for a person is the smallest of their heads, whatever the number waiting. The head of a queue is always alive;
what dies further down is dropped when it comes up.
"""

from __future__ import annotations

from bisect import insort
from heapq import heappop, heappush
from math import inf, log
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from portevoix.domain.advisers.capacity import Limits, Load, room_for
from portevoix.domain.channels import WORK, Channel, Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portevoix.domain.routing.policy import Terms
    from portevoix.domain.routing.types import LineUrgency, Organisations, Skills, Waiting

#: Kinds of work as bits: the room of a person is a mask of those that can still be offered.
BITS: Final[Mapping[Work, int]] = MappingProxyType({Work.WHOLE: 1, Work.LIVE: 2, Work.DEFERRED: 4})
BIT_OF: Final[Mapping[Channel, int]] = MappingProxyType({channel: BITS[WORK[channel]] for channel in Channel})
WHOLE, LIVE, DEFERRED = BITS.values()
#: The bits of each mask.
PARTS: Final = tuple(tuple(bit for bit in BITS.values() if bit & mask) for mask in range(8))
#: A list of this many is no longer shifted for one that comes out of turn; so many dead at its front are forgotten.
LONG: Final = 4096
FORGET: Final = 64


class Requirement(NamedTuple):
    """What one queue asks of a person; ``line_id`` for its urgency."""

    line_id: int
    bit: int
    lines: frozenset[int]
    skills: Skills
    organisations: Organisations


class Entry:
    """A contact in its heap; dead once it is placed, removed or moved to another heap."""

    __slots__ = ("alive", "excluded", "kept", "queue", "terms", "waiting")

    def __init__(self, waiting: Waiting, queue: Queue, terms: Terms, *, kept: bool) -> None:
        self.waiting = waiting
        self.excluded = waiting.excluded
        self.queue = queue
        self.terms = terms
        self.kept = kept
        self.alive = True


class Item(NamedTuple):
    """A contact in the order of service; ``serial`` makes it unique. A named tuple and no plain one: the compiled form takes
    plain ones apart, so that one made anew would no longer be the one it was (``is EMPTY``)."""

    due: float
    since: float
    contact: int
    seat: str
    serial: int
    entry: Entry


class _Nobody(Entry):
    """Stands in an empty queue."""

    __slots__ = ()

    def __init__(self) -> None:
        self.alive = False
        self.excluded = frozenset()


#: The head of an empty queue: after everything.
EMPTY: Final[Item] = Item(inf, inf, 0, "", 0, _Nobody())


class Queue:
    """What waits for one requirement, or is kept for one person (``requires`` then names no people), in the order of
    the due times. Most come in that order, so it is a list that grows at its end and is taken from its front; what comes out
    of turn is put in its place, or into a heap beside it where the list is long."""

    __slots__ = ("_dead", "_first", "_late", "_run", "bit", "due", "head", "log_weight", "requires", "scale")

    def __init__(self, requires: Requirement, urgency: LineUrgency) -> None:
        self.requires = requires
        self.bit = requires.bit
        self.scale = urgency.scale
        self.log_weight = log(urgency.weight)
        self.head: Item = EMPTY  # the first living item
        self.due: float = inf  # its due time: what is compared first, and lies at hand
        self._run: list[Item] = []
        self._first = 0
        self._dead = 0  # at most so many in the list, not counting those before the head
        self._late: list[Item] = []

    def push(self, item: Item) -> None:
        run = self._run
        if not run or item > run[-1]:
            run.append(item)
        elif len(run) - self._first < LONG:
            insort(run, item, self._first)
        else:
            heappush(self._late, item)
        if item < self.head:
            self.head = item
            self.due = item[0]

    def kill(self, entry: Entry) -> None:
        """Mark ``entry`` dead and bring a living head up."""
        entry.alive = False
        if self.head[5] is not entry:
            self._dead += 1
            if self._dead > FORGET and self._dead * 2 > len(self._run) - self._first:
                self._forget()
            return
        run, first = self._run, self._first
        count = len(run)
        while first < count and not run[first][5].alive:
            first += 1
        if first > FORGET and first * 2 > count:
            del run[:first]
            count -= first
            first = 0
        self._first = first
        head = run[first] if first < count else EMPTY
        late = self._late
        if late:
            while late and not late[0][5].alive:
                heappop(late)
            if late and late[0] < head:
                head = late[0]
        self.head = head
        self.due = head[0]

    def _forget(self) -> None:
        """Most of the list is dead."""
        self._run = [item for item in self._run[self._first :] if item[5].alive]
        self._first = self._dead = 0

    def first_for(self, adviser_id: int) -> Item:
        """The most urgent living item that does not exclude this person. Few exclude anybody."""
        rest = (self._run[place] for place in range(self._first, len(self._run)))
        best = next((item for item in rest if _may_have(item, adviser_id)), EMPTY)
        return min([best, *(item for item in self._late if _may_have(item, adviser_id))])


def _may_have(item: Item, adviser_id: int) -> bool:
    return item[5].alive and adviser_id not in item[5].excluded


class Profile:
    """The people with the same lines, skills and organisation: which queues they may serve, by their room."""

    __slots__ = ("by_room", "levels", "lines", "organisation", "queues")

    def __init__(self, lines: frozenset[int], skills: Skills, organisation: int) -> None:
        self.lines = lines
        self.levels = dict(skills)
        self.organisation = organisation
        self.queues: set[Queue] = set()
        self.by_room: list[list[Queue]] = [[] for _ in PARTS]

    def meet(self, queue: Queue) -> None:
        """Serve a new queue if its requirement is met."""
        _, bit, lines, skills, organisations = queue.requires
        if self.lines.isdisjoint(lines) or (
            organisations is not None and self.organisation not in organisations
        ):
            return
        levels = self.levels
        for skill, level in skills:
            if levels.get(skill, -1) < level:
                return
        self.queues.add(queue)
        for mask, parts in enumerate(PARTS):
            if bit in parts:
                self.by_room[mask].append(queue)


class Rooms:
    """The masks of room under one set of limits, computed once for each load."""

    __slots__ = ("limits", "masks")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.masks: dict[tuple[int, int, int], int] = {}

    def mask(self, load: tuple[int, int, int]) -> int:
        """Of calls, chats and mails in hand."""
        held = Load(*load)
        found = sum({BIT_OF[channel] for channel in Channel if room_for(held, channel, self.limits)})
        self.masks[load] = found
        return found
