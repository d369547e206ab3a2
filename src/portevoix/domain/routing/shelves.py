"""Where ``Floor`` keeps what waits and who may serve it. Not for use elsewhere.

What waits stands in one heap per distinct requirement (line, kind of work, whose people, skills). Everybody with the
same lines, skills and organisation shares one ``Profile``, which keeps the list of heaps they may serve: the next
contact for a person is the smallest of those heads, whatever the number waiting. The head of a heap is always alive;
what dies further down is dropped when it comes up, or when half of a heap is dead.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import log
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
MANY_DEAD: Final = 64


class Requirement(NamedTuple):
    """What one heap asks of a person; ``line_id`` for its urgency."""

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


Item = tuple[float, float, int, str, int, Entry]
"""Due, since, contact and seat; a serial number that makes it unique; the entry."""


class Queue:
    """The heap of one requirement, or of what is kept for one person (``requires`` then names no people)."""

    __slots__ = ("bit", "dead", "heap", "log_weight", "requires", "scale")

    def __init__(self, requires: Requirement, urgency: LineUrgency) -> None:
        self.requires = requires
        self.bit = requires.bit
        self.scale = urgency.scale
        self.log_weight = log(urgency.weight)
        self.heap: list[Item] = []
        self.dead = 0

    def push(self, item: Item) -> None:
        heappush(self.heap, item)

    def kill(self, entry: Entry) -> None:
        """Mark ``entry`` dead and bring a living head up."""
        entry.alive = False
        heap = self.heap
        self.dead += 1
        while heap and not heap[0][5].alive:
            heappop(heap)
            self.dead -= 1
        if self.dead > MANY_DEAD and self.dead * 2 > len(heap):
            heap[:] = [item for item in heap if item[5].alive]  # in place: the profiles hold this list
            heapify(heap)
            self.dead = 0


def first_for(heap: list[Item], adviser_id: int) -> Item | None:
    """The most urgent living item that does not exclude this person. Few exclude anybody."""
    aside: list[Item] = []
    found: Item | None = None
    while heap and found is None:
        if not heap[0][5].alive or adviser_id in heap[0][5].excluded:
            aside.append(heappop(heap))
        else:
            found = heap[0]
    for item in aside:
        heappush(heap, item)
    return found


class Profile:
    """The people with the same lines, skills and organisation: which queues they may serve, by their room."""

    __slots__ = ("heaps", "levels", "lines", "organisation", "queues")

    def __init__(self, lines: frozenset[int], skills: Skills, organisation: int) -> None:
        self.lines = lines
        self.levels = dict(skills)
        self.organisation = organisation
        self.queues: set[Queue] = set()
        self.heaps: list[list[list[Item]]] = [[] for _ in PARTS]

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
                self.heaps[mask].append(queue.heap)


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
