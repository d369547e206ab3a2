"""What is told about contacts, conversations, people and presence: one frozen dataclass per kind.

An event says what happened, never what somebody should do. ``v`` is the version of its shape: a shape that
changes gets a new version and keeps a reader for the old one. The time, the actor and the ids of the contact,
conversation and line stand in the row of the log (``Recorded``), not in the body.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final

from portevoix.domain.contacts.machine import Move, State

REGISTRY: Final[dict[tuple[str, int], type[Event]]] = {}


class UnknownEvent(Exception):
    """The log holds a kind or a version that this code does not know: the code is older than the data."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact. ``kind`` and ``v`` name its shape in the log; ``move`` is set where it moves a contact."""

    kind: ClassVar[str] = ""
    v: ClassVar[int] = 1
    move: ClassVar[Move | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if (cls.kind, cls.v) in REGISTRY:
            msg = f"two events of the kind {cls.kind} v{cls.v}"
            raise TypeError(msg)
        REGISTRY[cls.kind, cls.v] = cls

    def body(self) -> dict[str, Any]:
        """The JSON body of the row."""
        return asdict(self)


def read(kind: str, v: int, body: dict[str, Any]) -> Event:
    """The event of a row of the log; raises ``UnknownEvent``."""
    cls = REGISTRY.get((kind, v))
    if cls is None:
        msg = f"{kind} v{v}"
        raise UnknownEvent(msg)
    return cls(**body)


# --- the life of a contact -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ContactReceived(Event):
    """A contact began; mail waits from its first moment, a call is first ``received`` (menu)."""

    kind = "contact-received"
    channel: str
    state: str = State.WAITING.value
    message_id: int | None = None  # what it began with
    preferred_id: int | None = None
    carries: int | None = None  # the contact whose place it takes (split, call-back)


@dataclass(frozen=True, kw_only=True)
class ContactWaited(Event):
    kind = Move.WAITED.value
    move = Move.WAITED


@dataclass(frozen=True, kw_only=True)
class ContactOffered(Event):
    kind = Move.OFFERED.value
    move = Move.OFFERED
    account_id: int
    role: str = "adviser"
    reason: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ContactAccepted(Event):
    kind = Move.ACCEPTED.value
    move = Move.ACCEPTED
    account_id: int


@dataclass(frozen=True, kw_only=True)
class ContactTaken(Event):
    """Picked from the queue by hand."""

    kind = Move.TAKEN.value
    move = Move.TAKEN
    account_id: int


@dataclass(frozen=True, kw_only=True)
class ContactDeclined(Event):
    kind = Move.DECLINED.value
    move = Move.DECLINED
    account_id: int


@dataclass(frozen=True, kw_only=True)
class ContactExpired(Event):
    """The offer ran out: nobody answered it."""

    kind = Move.EXPIRED.value
    move = Move.EXPIRED
    account_id: int


@dataclass(frozen=True, kw_only=True)
class ContactReleased(Event):
    """The adviser is gone (signed out, browser vanished, account closed): the work is free again."""

    kind = Move.RELEASED.value
    move = Move.RELEASED
    account_id: int
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class ContactTransferred(Event):
    """Handed to a line, or to a named adviser of a line."""

    kind = Move.TRANSFERRED.value
    move = Move.TRANSFERRED
    line_id: int
    from_line_id: int
    to_account_id: int | None = None
    from_account_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ContactParked(Event):
    kind = Move.PARKED.value
    move = Move.PARKED
    account_id: int | None
    wake_at: str


@dataclass(frozen=True, kw_only=True)
class ContactWoken(Event):
    """The hour came, or the client wrote: back with its holder."""

    kind = Move.WOKEN.value
    move = Move.WOKEN
    account_id: int
    cause: str


@dataclass(frozen=True, kw_only=True)
class ContactReturned(Event):
    """Woken while its holder is not here: back in the queue."""

    kind = Move.RETURNED.value
    move = Move.RETURNED
    cause: str
    account_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ContactWrapped(Event):
    kind = Move.WRAPPED.value
    move = Move.WRAPPED
    account_id: int


@dataclass(frozen=True, kw_only=True)
class ContactResumed(Event):
    kind = Move.RESUMED.value
    move = Move.RESUMED
    account_id: int


@dataclass(frozen=True, kw_only=True)
class ContactClosed(Event):
    kind = Move.CLOSED.value
    move = Move.CLOSED
    account_id: int | None = None
    subject_id: int | None = None
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class ContactAbandoned(Event):
    kind = Move.ABANDONED.value
    move = Move.ABANDONED


@dataclass(frozen=True, kw_only=True)
class ContactCalledBack(Event):
    kind = Move.CALLED_BACK.value
    move = Move.CALLED_BACK
    successor_id: int


# --- what is said and noted ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class MessageAdded(Event):
    """Something was said in a conversation: ``said`` is in, out, note, automatic or bounce."""

    kind = "message-added"
    message_id: int
    said: str


@dataclass(frozen=True, kw_only=True)
class MessageStatus(Event):
    """What became of a message of ours: queued, sent, failed, bounced, cancelled."""

    kind = "message-status"
    message_id: int
    status: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Acknowledged(Event):
    """The acknowledgement of receipt was put in the outbox."""

    kind = "acknowledged"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class SubjectChosen(Event):
    kind = "subject-chosen"
    subject_id: int | None


@dataclass(frozen=True, kw_only=True)
class ConversationMerged(Event):
    """``other_id`` was merged into the conversation of the row."""

    kind = "conversation-merged"
    other_id: int


@dataclass(frozen=True, kw_only=True)
class ConversationAbsorbed(Event):
    """The other half of a merge, told to whoever looks at the conversation of the row: it goes on in ``into_id``."""

    kind = "conversation-absorbed"
    into_id: int


@dataclass(frozen=True, kw_only=True)
class ConversationSplit(Event):
    """From ``message_id`` on, the matter goes on in ``other_id``."""

    kind = "conversation-split"
    other_id: int
    message_id: int


@dataclass(frozen=True, kw_only=True)
class ConversationRenamed(Event):
    """Another title among colleagues; mails keep their subject."""

    kind = "conversation-renamed"
    subject: str
    before: str = ""


@dataclass(frozen=True, kw_only=True)
class AddressAdded(Event):
    """A further way to reach a person; the conversation of the row is where it was noted. ``way``: mail or phone."""

    kind = "address-added"
    person_id: int
    way: str
    value: str


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Event):
    """Name or note of a person's sheet. ``name``: the new one, None when it stayed; what a note says is not told."""

    kind = "person-changed"
    person_id: int
    name: str | None = None
    noted: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonMerged(Event):
    kind = "person-merged"
    person_id: int
    other_id: int


@dataclass(frozen=True, kw_only=True)
class PersonUnmerged(Event):
    kind = "person-unmerged"
    person_id: int
    other_id: int


@dataclass(frozen=True, kw_only=True)
class AddressBounced(Event):
    kind = "address-bounced"
    address: str
    detail: str = ""
    permanent: bool = True


# --- people and rules ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PresenceChanged(Event):
    """An adviser's declared state; the actor of the row may be another (supervisor, sweeper)."""

    kind = "presence-changed"
    account_id: int
    state: str
    reason: str = ""
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class ConfigurationChanged(Event):
    """Lines, doors, hours, skills or people changed: whoever keeps a copy reads it again."""

    kind = "configuration-changed"
    what: str
    ref: int | None = None


@dataclass(frozen=True, kw_only=True)
class MailSetAside(Event):
    """A mail could not be taken in; it is kept whole and can be tried again."""

    kind = "mail-set-aside"
    set_aside_id: int
    reason: str


# Its kinds are known wherever these are.
import portevoix.domain.contacts.events_floor  # noqa: E402, F401
