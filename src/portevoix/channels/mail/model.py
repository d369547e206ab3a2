"""What a mail is once understood. Every text is valid UTF-8 without NUL, so that any store can hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """A name as shown and an address as written; either may be empty when the header was broken."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is kept as a file. `part` is its path, by which `extract` cuts its bytes out again."""

    name: str
    type: str
    size: int  # bytes, decoded
    sha256: str
    part: str
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """One address that a bounce names: RFC 3464 action and status, and the words of the far server."""

    address: str
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that our mail did not arrive (RFC 3464, or one of the usual home-made forms)."""

    recipients: tuple[FailedRecipient, ...]
    original_message_id: str | None
    original_subject: str | None
    permanent: bool
    standard: bool  # True: a machine-readable report; False: found by its wording


@dataclass(frozen=True, slots=True)
class Meeting:
    """The gist of a calendar part (RFC 5545); `start` and `end` as written, since zones may be the sender's own."""

    method: str
    summary: str
    start: str
    end: str
    place: str
    organiser: str
    uid: str


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One result in an Authentication-Results header (RFC 8601)."""

    authserv_id: str
    method: str  # spf, dkim, dmarc, arc, ...
    result: str  # pass, fail, softfail, none, ...
    properties: tuple[tuple[str, str], ...]
    trusted: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the centre understands it.

    `text` is everything readable; `new_text`, `quoted_text` and `signature` are what the client newly wrote, the
    history below it and the signature. `automatic` and `no_answer` are reasons: the first says that no person
    wrote this, the second that no automatic answer may be sent although a person did. `problems` are codes of
    what could not be understood.
    """

    from_: Address
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    date: datetime | None
    text: str
    new_text: str
    quoted_text: str
    signature: str
    html: str | None
    attachments: tuple[Attachment, ...]
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    automatic: str | None
    no_answer: str | None
    bounce: Bounce | None
    meetings: tuple[Meeting, ...]
    signed: str | None  # "smime" or "pgp"
    encrypted: str | None  # "smime" or "pgp"
    language: str | None
    authentication: tuple[AuthResult, ...]
    priority: str | None  # "high" or "low"
    forwarded: bool
    problems: tuple[str, ...]

    def verdict(self, method: str) -> str | None:
        """The result of `method` ("spf", "dkim", "dmarc", "arc") as told by a server we trust, else None."""
        return next((r.result for r in self.authentication if r.trusted and r.method == method), None)
