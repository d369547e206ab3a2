"""The channels of a contact and the kind of work each one is for the person who takes it."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Channel(StrEnum):
    """How a contact comes. The values are those of the ``contact.channel`` column."""

    CALLBACK = "callback"
    CHAT = "chat"
    MAIL = "mail"
    MESSENGER = "messenger"
    PHONE = "phone"
    RELAY = "relay"


class Work(StrEnum):
    """What a contact asks of a person's attention."""

    WHOLE = "whole"  # a voice: all of a person, nothing else beside it
    LIVE = "live"  # somebody is waiting at the other end, but several can be held at once
    DEFERRED = "deferred"  # nobody is waiting on the line: it pauses when a voice comes


WORK: Final[Mapping[Channel, Work]] = MappingProxyType(
    {
        Channel.CALLBACK: Work.WHOLE,
        Channel.CHAT: Work.LIVE,
        Channel.MAIL: Work.DEFERRED,
        Channel.MESSENGER: Work.LIVE,
        Channel.PHONE: Work.WHOLE,
        Channel.RELAY: Work.WHOLE,
    }
)
