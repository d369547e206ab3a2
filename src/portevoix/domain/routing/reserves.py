"""The people kept free for calls, counted as they come and go. Internal to ``Floor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.domain.routing.shelves import WHOLE

if TYPE_CHECKING:
    from portevoix.domain.routing.desk import Desk
    from portevoix.domain.routing.types import Reserve


class Pool:
    """One reserve: how many of its people are free for a call now, and who was refused a mail because of it."""

    __slots__ = ("free", "keep", "lines", "refused")

    def __init__(self, reserve: Reserve) -> None:
        self.lines = reserve.lines
        self.keep = reserve.keep
        self.free = 0
        self.refused: dict[int, Desk] = {}


class Reserves:
    """All reserves of a policy. ``seat`` must be told of every change of a person's room."""

    __slots__ = ("_of", "_pools")

    def __init__(self, reserves: tuple[Reserve, ...]) -> None:
        self._pools = tuple(Pool(reserve) for reserve in reserves)
        self._of: dict[frozenset[int], tuple[Pool, ...]] = {}

    def _pools_of(self, desk: Desk) -> tuple[Pool, ...]:
        lines = desk.profile.lines
        found = self._of.get(lines)
        if found is None:
            found = tuple(pool for pool in self._pools if not lines.isdisjoint(pool.lines))
            self._of[lines] = found
        return found

    def seat(self, desk: Desk, before: int) -> list[Desk]:
        """The person's room was ``before``. Gives those who may now get the mail they were refused."""
        if (before ^ desk.room) & WHOLE == 0:
            return []
        free = bool(desk.room & WHOLE)
        waking: list[Desk] = []
        for pool in self._pools_of(desk):
            pool.free += 1 if free else -1
            if free and pool.free > pool.keep:
                waking += pool.refused.values()
                pool.refused.clear()
        return waking

    def refuses(self, desk: Desk) -> bool:
        """Whether this person must stay free for a call, so gets no deferred work. Remembers whom it refused."""
        if not desk.room & WHOLE or not desk.adviser.limits.mails_block_calls:
            return False
        for pool in self._pools_of(desk):
            if pool.free <= pool.keep:
                pool.refused[desk.adviser.id] = desk
                return True
        return False
