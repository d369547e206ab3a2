"""What a channel hands to intake: one thing said by somebody outside, already understood.

Channels fill it, intake stores it; neither knows the other's insides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery report about message ``message_id`` of ours (its signature was checked)."""

    message_id: int
    recipients: Sequence[str]
    detail: str
    permanent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One message from outside. All texts are valid UTF-8 without NUL."""

    channel: str
    door_id: int
    line_id: int
    at: datetime  # when it reached us
    due_at: datetime  # the line's target, in its opening hours
    preferred_until: datetime  # how long a known conversation waits for its last adviser
    raw: bytes
    source_id: str  # idempotency key within the door
    digest: bytes  # of what was said: tells a copy from another message under the same id
    sender: str  # normalised address, "" when there is none
    sender_name: str
    recipients: Sequence[dict[str, str]]
    subject: str
    body: str
    new_body: str | None
    html: bool
    attachments: Sequence[dict[str, Any]]
    external_id: str | None
    references: Sequence[str]  # Message-IDs, nearest parent first
    token: int | None  # conversation named by a signed token of ours
    token_id: str | None = (
        None  # the Message-ID of ours that carried it: after a split its message is elsewhere
    )
    automatic: bool
    bounce: Bounce | None = None
    language: str = ""
    forged: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


class Outcome(StrEnum):
    """The one end state of each input (RELIABILITY.md 4.2, 4)."""

    CONTACT = "contact"  # a new contact
    JOINED = "joined"  # a further message of an open contact
    DUPLICATE = "duplicate"
    AUTOMATIC = "automatic"  # kept, never adviser work
    BOUNCE = "bounce"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of an input."""

    outcome: Outcome
    message_id: int | None = None
    conversation_id: int | None = None
    contact_id: int | None = None
    set_aside_id: int | None = None
