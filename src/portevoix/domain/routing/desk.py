"""One person of the waiting room: what they hold, what they may take next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.domain.advisers.capacity import Load
from portevoix.domain.routing.shelves import LIVE, WHOLE, Item, Profile, Queue, Rooms, first_for

if TYPE_CHECKING:
    from portevoix.domain.routing.policy import Rank
    from portevoix.domain.routing.types import Adviser, Instant


def order(item: Item, now: Instant) -> tuple[float, Item]:
    """The order of service at one moment where lines are not alike: as ``policy.pull`` reckons it."""
    queue = item[5].queue
    return (item[0] - now) / queue.scale - queue.log_weight, item


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
        "ranked",
        "room",
        "rooms",
        "takes_offers",
    )

    def __init__(
        self, adviser: Adviser, profile: Profile, rooms: Rooms, kept: dict[tuple[int, int], Queue]
    ) -> None:
        self.adviser = adviser
        self.profile = profile
        self.rooms = rooms
        self.kept = kept
        self.idle_since = adviser.idle_since
        self.takes_offers = adviser.presence.takes_offers
        load = adviser.load
        self.calls, self.chats, self.mails = load.calls, load.chats, load.mails
        self.room = 0
        self.ranked = 0  # the room under which the person stands in the orders
        self.rank: Rank = (0, 0, 0)

    @property
    def load(self) -> Load:
        """What they hold."""
        return Load(self.calls, self.chats, self.mails)

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

    def head(self, room: int, weighed_at: Instant | None) -> Item | None:
        """The most urgent item this person may take with this room; weighed by line at an instant, or by due time."""
        heads = [heap[0] for heap in self.profile.heaps[room] if heap]
        if self.kept:
            heads += [queue.heap[0] for queue in self.kept.values() if queue.heap and queue.bit & room]
        if not heads:
            return None
        best = min(heads) if weighed_at is None else min(heads, key=lambda item: order(item, weighed_at))
        if best[5].excluded and self.adviser.id in best[5].excluded:
            return self._head_not_excluded(room, weighed_at)
        return best

    def _head_not_excluded(self, room: int, weighed_at: Instant | None) -> Item | None:
        heaps = list(self.profile.heaps[room])
        heaps += [queue.heap for queue in self.kept.values() if queue.bit & room]
        firsts = [item for heap in heaps if (item := first_for(heap, self.adviser.id)) is not None]
        if weighed_at is None:
            return min(firsts, default=None)
        return min(firsts, key=lambda item: order(item, weighed_at), default=None)
