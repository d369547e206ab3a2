"""One person of the waiting room: what they hold, what they may take next."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from portevoix.domain.advisers.capacity import Load
from portevoix.domain.routing.policy import MOST
from portevoix.domain.routing.shelves import EMPTY, LIVE, WHOLE, Item, Profile, Queue, Rooms

if TYPE_CHECKING:
    from portevoix.domain.routing.policy import Rank
    from portevoix.domain.routing.types import Adviser, Instant


def order(item: Item, now: Instant) -> tuple[float, Item]:
    """The order of service at one moment where lines are not alike: as ``policy.pull`` reckons it."""
    queue = item[5].queue
    pull = (item[0] - now) / queue.scale - queue.log_weight
    return max(pull, -MOST), item


class Desk:
    """One person, with what they hold now. Internal to ``Floor``."""

    __slots__ = (
        "adviser",
        "calls",
        "chats",
        "id",
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
        self.id = adviser.id
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
        queues = self.profile.by_room[room]
        if self.kept:
            queues = queues + [queue for queue in self.kept.values() if queue.bit & room]
        if weighed_at is None:
            best = _first_due(queues)
        else:
            best = _most_urgent([queue.head for queue in queues], weighed_at)
        if best is not None and best[5].excluded and self.adviser.id in best[5].excluded:
            return _most_urgent([queue.first_for(self.adviser.id) for queue in queues], weighed_at)
        return best


def _first_due(queues: list[Queue]) -> Item | None:
    """The smallest head: most differ in their due times, so that the items themselves are hardly looked at."""
    first: Queue | None = None
    due = inf
    for queue in queues:
        if queue.due < due or (queue.due == due and first is not None and queue.head < first.head):
            first = queue
            due = queue.due
    return None if first is None else first.head


def _most_urgent(heads: list[Item], weighed_at: Instant | None) -> Item | None:
    if weighed_at is None:
        best = min(heads)
        return None if best is EMPTY else best
    full = [item for item in heads if item is not EMPTY]
    return min(full, key=lambda item: order(item, weighed_at), default=None)
