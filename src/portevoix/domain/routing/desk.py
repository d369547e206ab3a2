"""One person of the waiting room: what they hold, what they may take next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.domain.routing.shelves import BITS, Item, Profile, Queue, Rooms, first_for

if TYPE_CHECKING:
    from portevoix.domain.routing.policy import Rank
    from portevoix.domain.routing.types import Adviser

WHOLE, LIVE, DEFERRED = BITS.values()


class Desk:
    """One person, with what they hold now. Internal to ``Floor``."""

    __slots__ = (
        "adviser",
        "calls",
        "chats",
        "idle_since",
        "kept",
        "mails",
        "profile",
        "rank",
        "room",
        "rooms",
        "takes_offers",
    )

    def __init__(self, adviser: Adviser, profile: Profile, rooms: Rooms, kept: dict[int, Queue]) -> None:
        self.adviser = adviser
        self.profile = profile
        self.rooms = rooms
        self.kept = kept
        self.idle_since = adviser.idle_since
        self.takes_offers = adviser.presence.takes_offers
        load = adviser.load
        self.calls, self.chats, self.mails = load.calls, load.chats, load.mails
        self.room = 0
        self.rank: Rank = (0, 0, 0)

    def take(self, bit: int, count: int) -> None:
        """Hold ``count`` more of one kind of work."""
        if bit == WHOLE:
            self.calls += count
        elif bit == LIVE:
            self.chats += count
        else:
            self.mails += count

    def holds(self, bit: int) -> int:
        """How many of one kind of work are in hand."""
        return self.calls if bit == WHOLE else self.chats if bit == LIVE else self.mails

    def head(self) -> Item | None:
        """The most urgent item this person may take now."""
        heads = [heap[0] for heap in self.profile.heaps[self.room] if heap]
        if self.kept:
            heads += [q.heap[0] for q in self.kept.values() if q.heap and q.bit & self.room]
        if not heads:
            return None
        best = min(heads)
        if best[5].excluded and self.adviser.id in best[5].excluded:
            return self._head_not_excluded()
        return best

    def _head_not_excluded(self) -> Item | None:
        heaps = list(self.profile.heaps[self.room])
        heaps += [queue.heap for queue in self.kept.values() if queue.bit & self.room]
        firsts = (first_for(heap, self.adviser.id) for heap in heaps)
        return min((item for item in firsts if item is not None), default=None)
