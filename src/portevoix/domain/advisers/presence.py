"""Whether an adviser can be offered work, as one table of moves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Presence(StrEnum):
    """``AWAY`` is what the centre decides (missed offers, a browser that vanished); the rest is declared."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"
    PAUSED = "paused"
    WRAP_UP = "wrap-up"

    @property
    def takes_offers(self) -> bool:
        """Whether new work may be offered."""
        return self is Presence.AVAILABLE

    @property
    def is_here(self) -> bool:
        """Whether the adviser is at work and will soon take offers: worth waiting for a while."""
        return self in _HERE


class Cause(StrEnum):
    """Who or what changed somebody's presence."""

    SELF = "self"
    SUPERVISOR = "supervisor"
    SIGNED_OUT = "signed-out"
    MISSED_OFFER = "missed-offer"
    VANISHED = "vanished"
    WRAP_UP = "wrap-up"


_HERE: Final = frozenset({Presence.AVAILABLE, Presence.PAUSED, Presence.WRAP_UP})

_P = Presence

#: From where to where: anything else is refused. Pausing again gives another reason for the pause; wrapping
#: up again prolongs it.
MOVES: Final[Mapping[Presence, frozenset[Presence]]] = MappingProxyType(
    {
        _P.AVAILABLE: frozenset({_P.PAUSED, _P.WRAP_UP, _P.AWAY, _P.OFFLINE}),
        _P.AWAY: frozenset({_P.AVAILABLE, _P.PAUSED, _P.OFFLINE}),
        _P.OFFLINE: frozenset({_P.AVAILABLE, _P.PAUSED}),
        _P.PAUSED: frozenset({_P.AVAILABLE, _P.PAUSED, _P.AWAY, _P.OFFLINE}),
        _P.WRAP_UP: frozenset({_P.AVAILABLE, _P.PAUSED, _P.WRAP_UP, _P.AWAY, _P.OFFLINE}),
    }
)


class PresenceError(Exception):
    """The move is not in the table, or a pause has no reason. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class PresenceState:
    """What an adviser's presence is, since when and why (the reason of a pause, of being away)."""

    presence: Presence
    since: datetime
    reason: str = ""

    def move(self, to: Presence, at: datetime, reason: str = "") -> PresenceState:
        """The state after the move; raises ``PresenceError`` if it is not allowed."""
        if to not in MOVES[self.presence]:
            msg = f"cannot go from {self.presence} to {to}"
            raise PresenceError(msg)
        reason = reason.strip()
        if to is Presence.PAUSED and not reason:
            msg = "a pause needs a reason"
            raise PresenceError(msg)
        return PresenceState(to, at, reason)
