"""What a batch of mails knows: what the tables said, and what the batch itself adds to it as it is placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portevoix.store.intake import Found


@dataclass(slots=True)
class Matter:
    """A conversation the batch may join, or one that begins in it. ``writers`` have written there; ``participants`` are
    they and whom somebody wrote to. Both are normalised addresses without our own doors."""

    id: int
    line_id: int
    person_id: int
    last_adviser_id: int | None
    participants: set[str]
    writers: set[str]
    contact_id: int | None = None
    state: str | None = None
    holder_id: int | None = None
    row: dict[str, Any] | None = None  # of one that begins in this batch
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Where the message of a Message-ID is, and a digest of what it says."""

    message_id: int
    conversation_id: int
    digest: bytes | None


@dataclass(slots=True)
class Known:
    """By what a mail may be recognised."""

    #: (door, idempotency key) -> the message's row
    sources: dict[tuple[int, str], Any] = field(default_factory=dict)
    #: Message-ID -> the messages that bear it
    messages: dict[str, list[Message]] = field(default_factory=dict)
    #: Message-ID -> conversations that refer to it before it came
    awaiting: dict[str, list[int]] = field(default_factory=dict)
    #: address -> (person, name)
    persons: dict[str, tuple[int, str]] = field(default_factory=dict)
    #: message of ours -> its row, for delivery reports
    bounced: dict[int, dict[str, Any]] = field(default_factory=dict)
    conversations: dict[int, Matter] = field(default_factory=dict)
    #: a conversation that was merged -> what it became
    became: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Found) -> Known:
        """From what the tables said."""
        known = cls(
            sources={(row["door_id"], row["source_id"]): row for row in found.sources},
            persons={row["value"]: (row["person_id"], row["name"]) for row in found.persons},
            bounced={row["id"]: row for row in found.bounced},
        )
        for row in found.known:
            message = Message(row["message_id"], row["conversation_id"], row["digest"])
            known.messages.setdefault(row["external_id"], []).append(message)
        for row in found.awaiting:
            known.awaiting.setdefault(row["external_id"], []).append(row["conversation_id"])
        doors = set(found.doors)
        for row in found.conversations:
            known._learn(row, doors)
        return known

    def _learn(self, row: dict[str, Any], doors: set[str]) -> None:
        """A conversation the batch may join. Our own doors take no part in it."""
        writers = {*row["addresses"]}
        part: set[str] = set()
        for sender, recipients in row["written"] or ():
            part.update(recipient["address"].lower() for recipient in recipients)
            if sender is not None:
                writers.add(sender)
        self.conversations[row["id"]] = Matter(
            row["id"],
            row["line_id"],
            row["person_id"],
            row["last_adviser_id"],
            (part | writers) - doors,
            writers - doors,
            row["contact_id"],
            row["state"],
            row["holder_id"],
        )
        for former in row["former"]:
            self.became[former] = row["id"]
