"""The life of a contact, as one table of moves.

Everything about which move is allowed stands here and nowhere else; the diagram in
docs/generated/contact-life.md is made from this table. A move that the table does not know raises
``IllegalMove`` and changes nothing.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Where a contact stands. The last three are final."""

    RECEIVED = "received"
    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    PARKED = "parked"
    WRAP_UP = "wrap-up"
    CLOSED = "closed"
    ABANDONED = "abandoned"
    CALLED_BACK = "called-back"


class Move(StrEnum):
    """What can happen to a contact. Each value is the kind of the event that records it."""

    WAITED = "contact-waited"  # in the queue for the first time
    OFFERED = "contact-offered"
    ACCEPTED = "contact-accepted"
    DECLINED = "contact-declined"
    EXPIRED = "contact-expired"  # nobody answered the offer
    RELEASED = "contact-released"  # the adviser is gone
    TRANSFERRED = "contact-transferred"
    PARKED = "contact-parked"
    WOKEN = "contact-woken"  # the hour has come, or the client wrote: back to its holder
    RETURNED = "contact-returned"  # woken, and its holder is not here: back to the queue
    TAKEN = "contact-taken"  # picked from the queue by hand
    WRAPPED = "contact-wrapped"
    RESUMED = "contact-resumed"  # out of wrap-up: there was more to do
    CLOSED = "contact-closed"
    ABANDONED = "contact-abandoned"
    CALLED_BACK = "contact-called-back"


OPEN: Final = frozenset(
    {State.RECEIVED, State.WAITING, State.OFFERED, State.ACTIVE, State.PARKED, State.WRAP_UP}
)
FINAL: Final = frozenset(State) - OPEN
HELD: Final = frozenset({State.ACTIVE, State.PARKED, State.WRAP_UP})

_S = State
_M = Move

#: state -> move -> next state.
MOVES: Final[Mapping[State, Mapping[Move, State]]] = MappingProxyType(
    {
        _S.RECEIVED: {_M.WAITED: _S.WAITING, _M.CLOSED: _S.CLOSED},
        _S.WAITING: {
            _M.OFFERED: _S.OFFERED,
            _M.TAKEN: _S.ACTIVE,
            _M.TRANSFERRED: _S.WAITING,
            _M.PARKED: _S.PARKED,
            _M.CLOSED: _S.CLOSED,
            _M.ABANDONED: _S.ABANDONED,
            _M.CALLED_BACK: _S.CALLED_BACK,
        },
        _S.OFFERED: {
            _M.ACCEPTED: _S.ACTIVE,
            _M.DECLINED: _S.WAITING,
            _M.EXPIRED: _S.WAITING,
            _M.RELEASED: _S.WAITING,
            _M.CLOSED: _S.CLOSED,
            _M.ABANDONED: _S.ABANDONED,
        },
        _S.ACTIVE: {
            _M.PARKED: _S.PARKED,
            _M.TRANSFERRED: _S.WAITING,
            _M.RELEASED: _S.WAITING,
            _M.WRAPPED: _S.WRAP_UP,
            _M.CLOSED: _S.CLOSED,
        },
        _S.PARKED: {
            _M.WOKEN: _S.ACTIVE,
            _M.RETURNED: _S.WAITING,
            _M.TRANSFERRED: _S.WAITING,
            _M.CLOSED: _S.CLOSED,
        },
        _S.WRAP_UP: {
            _M.RESUMED: _S.ACTIVE,
            _M.TRANSFERRED: _S.WAITING,
            _M.RELEASED: _S.WAITING,
            _M.CLOSED: _S.CLOSED,
        },
        _S.CLOSED: {},
        _S.ABANDONED: {},
        _S.CALLED_BACK: {},
    }
)


class IllegalMove(Exception):
    """That move is not allowed from that state: somebody else was first, or the caller is wrong."""

    def __init__(self, state: State, move: Move) -> None:
        super().__init__(f"{move.value} is not allowed from {state.value}")
        self.state = state
        self.move = move


def after(state: State, move: Move) -> State:
    """The state after ``move``; raises ``IllegalMove`` where the table has none."""
    try:
        return MOVES[state][move]
    except KeyError:
        raise IllegalMove(state, move) from None


def origins(move: Move) -> tuple[State, ...]:
    """The states from which ``move`` is allowed: what the SQL fence of that move tests."""
    return tuple(state for state, moves in MOVES.items() if move in moves)
