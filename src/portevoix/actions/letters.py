"""From rows to a letter: what an answer of a line looks like. No I/O; channels/mail/compose.py makes the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portevoix.channels.mail.compose import (
    Enclosure,
    Letter,
    Recipient,
    ascii_address,
    one_line,
    reply_subject,
)
from portevoix.domain import answers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "Letter",
    "Recipient",
    "Said",
    "answer",
    "local",
    "recipients",
    "references",
    "signature",
    "values",
]

_ROLES = ("to", "cc", "bcc")
#: Quoted below an answer at most; the client's own program has the rest.
_QUOTED_LINES = 40
_QUOTED_CHARS = 4000


@dataclass(frozen=True, slots=True)
class Said:
    """What the adviser says, and to whom."""

    text: str
    adviser: str  # the name shown to the public
    people: Sequence[Recipient]
    files: Sequence[Enclosure] = field(default_factory=tuple)
    quote: bool = False


def local(place: dict[str, Any], at: datetime) -> datetime:
    """The moment in the line's time zone: the mail's date tells nothing of where its writer sits."""
    try:
        return at.astimezone(ZoneInfo(place["time_zone"]))
    except (ZoneInfoNotFoundError, ValueError):
        return at.astimezone(ZoneInfo("Europe/Paris"))


def values(place: dict[str, Any], adviser: str, at: datetime) -> dict[str, str]:
    """The variables of saved answers and signatures in this conversation."""
    first, family = answers.names(place["person_name"] or "")
    today = local(place, at)
    return {
        "prenom": first,
        "nom": family,
        "conseiller": adviser,
        "ligne": place["line_name"],
        "date": answers.day(today.year, today.month, today.day, place["language"]),
        "reference": answers.reference(place["id"]),
    }


def signature(place: dict[str, Any], filling: dict[str, str]) -> str:
    """The line's signature, filled; a variable without a value is left out, it must not stop the answer."""
    text, missing = answers.fill(place["signature"] or "", filling)
    return answers.without(text, missing).strip("\r\n")


def recipients(told: Sequence[dict[str, str]]) -> list[Recipient]:
    """The recipients of a form, each address once. Raises ``BadAddress``."""
    people: dict[str, Recipient] = {}
    for one in told:
        if not one.get("address", "").strip():
            continue
        address = ascii_address(one["address"]).lower()
        role = one.get("as", "to")
        people.setdefault(
            address, Recipient(address, one_line(one.get("name", ""))[:200], role if role in _ROLES else "to")
        )
    return list(people.values())


def answer(
    place: dict[str, Any],
    parent: dict[str, Any] | None,
    said: Said,
    *,
    message_id: str,
    reply_to: str | None,
    at: datetime,
) -> Letter:
    """The letter that answers ``parent`` (the client's last mail), or that opens a thread when there is none."""
    signed = signature(place, values(place, said.adviser, at))
    pieces = [said.text, signed and f"-- \n{signed}", quoted(place, parent) if said.quote and parent else ""]
    subject = (parent or {}).get("subject") or place["subject"]
    return Letter(
        message_id=message_id,
        sender=place["door"],
        sender_name=place["sender_name"] or place["line_name"],
        reply_to=reply_to,
        recipients=said.people,
        subject=reply_subject(subject),
        text="\n\n".join(piece for piece in pieces if piece),
        date=local(place, at),
        in_reply_to=parent["external_id"] if parent else None,
        references=references(parent),
        language=place["language"],
        files=said.files,
    )


def references(parent: dict[str, Any] | None) -> list[str]:
    """The thread of a mail from outside, oldest first; its own Message-ID comes on top (Letter.in_reply_to)."""
    if parent is None:
        return []
    known = parent["facts"].get("references") or []
    # RFC 5322 3.6.4: a parent without References gives its In-Reply-To.
    nearest = [parent["facts"]["in_reply_to"]] if not known and parent["facts"].get("in_reply_to") else []
    return [str(name) for name in (*known, *nearest)]


def quoted(place: dict[str, Any], parent: dict[str, Any]) -> str:
    """What the client wrote, as mail programs quote it."""
    when = local(place, parent["at"])
    day = answers.day(when.year, when.month, when.day, place["language"])
    who = parent["sender_name"] or parent["sender"]
    text = parent["text"].strip()[:_QUOTED_CHARS]
    lines = text.split("\n")[:_QUOTED_LINES]
    head = f"Le {day} à {when:%H:%M}, {who} a écrit :"
    if place["language"] == "en":
        head = f"On {day} at {when:%H:%M}, {who} wrote:"
    return "\n".join([head, *(f"> {line}".rstrip() for line in lines)])
