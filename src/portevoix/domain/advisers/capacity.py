"""How much one person can hold at once: a rule in whole numbers, no clock and no state.

A voice (call, call-back, relay call) takes a whole person: one at most, beside no chat. Chats and messages
share a person: each weighs ``1/chats``, up to ``chats``. Mails weigh ``1/mails`` each, up to ``mails``, and
pause: while a call is held they weigh nothing, are kept, and weigh again when it ends. The weights of
what is not paused never add up to more than 1. A centre that does not want mails interrupted says so
(``mails_block_calls``): then a voice needs empty hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portevoix.domain.channels import WORK, Channel, Work


@dataclass(frozen=True, slots=True)
class Limits:
    """What one adviser can hold: 0 means none of that kind.

    ``mails_pause_for_chats``: a chat interrupts mails as a call does, instead of sharing with them.
    ``mails_block_calls``: a mail is finished before a call is taken.
    """

    calls: int = 1
    chats: int = 3
    mails: int = 3
    mails_pause_for_chats: bool = False
    mails_block_calls: bool = False

    def __post_init__(self) -> None:
        if self.calls not in (0, 1) or self.chats < 0 or self.mails < 0:
            msg = f"limits must be 0 or more, and at most one call: {self}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Load:
    """What one adviser holds or is offered, by kind of work. Parked contacts do not count."""

    calls: int = 0
    chats: int = 0
    mails: int = 0

    @property
    def held(self) -> int:
        """How many contacts in all."""
        return self.calls + self.chats + self.mails

    def plus(self, channel: Channel, count: int = 1) -> Load:
        """The load with ``count`` more (fewer if negative) of a channel; raises ``ValueError`` below 0."""
        work = WORK[channel]
        load = Load(
            self.calls + count * (work is Work.WHOLE),
            self.chats + count * (work is Work.LIVE),
            self.mails + count * (work is Work.DEFERRED),
        )
        if min(load.calls, load.chats, load.mails) < 0:
            msg = f"{self} holds no {channel} to give back"
            raise ValueError(msg)
        return load


NOTHING: Final = Load()
USUAL: Final = Limits()


def room_for(load: Load, channel: Channel, limits: Limits) -> bool:
    """Whether one more contact of ``channel`` can be offered to somebody who holds ``load``."""
    if load.calls:
        return False
    match WORK[channel]:
        case Work.WHOLE:
            return limits.calls > 0 and not load.chats and not (load.mails and limits.mails_block_calls)
        case Work.LIVE:
            mails = 0 if limits.mails_pause_for_chats else load.mails
            return load.chats < limits.chats and _fits(load.chats + 1, mails, limits)
        case Work.DEFERRED:
            if load.chats and limits.mails_pause_for_chats:
                return False
            return load.mails < limits.mails and _fits(load.chats, load.mails + 1, limits)


def channels_with_room(load: Load, limits: Limits) -> frozenset[Channel]:
    """All the channels for which there is room."""
    return frozenset(channel for channel in Channel if room_for(load, channel, limits))


def paused_mails(load: Load, limits: Limits) -> int:
    """How many of the mails held are paused by a call (or a chat) right now."""
    interrupted = load.calls or (load.chats and limits.mails_pause_for_chats)
    return load.mails if interrupted else 0


def is_within(load: Load, limits: Limits) -> bool:
    """Whether ``load`` is possible under ``limits``: what ``doctor`` checks and every test upholds."""
    if load.calls > limits.calls or (load.calls and load.chats):
        return False
    if load.calls and load.mails and limits.mails_block_calls:
        return False
    if load.chats > limits.chats or load.mails > limits.mails:
        return False
    return _fits(load.chats, load.mails - paused_mails(load, limits), limits)


def _fits(chats: int, mails: int, limits: Limits) -> bool:
    """chats/limits.chats + mails/limits.mails <= 1, without division."""
    per_chat, per_mail = max(limits.mails, 1), max(limits.chats, 1)
    return chats * per_chat + mails * per_mail <= per_chat * per_mail
