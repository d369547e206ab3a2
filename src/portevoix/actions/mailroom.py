"""From a mail as it came to what intake stores: which door, which words, which evidence.

Used by every way a mail comes in (SMTP, LMTP, IMAP) and by the retry of a mail set aside.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portevoix.actions.inbound import Bounce, Inbound
from portevoix.actions.targets import Targets
from portevoix.channels.mail import identity
from portevoix.channels.mail.understand import understand
from portevoix.store import live

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portevoix.channels.mail.model import Mail
    from portevoix.store.db import Connection

_ID_LENGTH = 300
#: A test plays a mail that kills whoever reads it.
_TESTING = os.environ.get("PORTEVOIX_TESTING") == "1"
_ABORT = b"\nX-Portevoix-Test: abort"


@dataclass(frozen=True, slots=True)
class Door:
    """A mail door that is open."""

    id: int
    line_id: int
    address: str


@dataclass(frozen=True, slots=True)
class Centre:
    """What of the configuration the mail room needs; read anew every few seconds."""

    doors: dict[str, Door]
    targets: Targets

    @classmethod
    def read(cls, conn: Connection) -> Centre:
        """Read it."""
        doors = {
            row["address"]: Door(row["id"], row["line_id"], row["address"])
            for row in live.rows(conn, "doors")
        }
        return cls(doors, Targets.read(conn))

    def door(self, recipient: str) -> Door | None:
        """The door a recipient address means, with or without our token; None: not ours."""
        return self.doors.get(identity.plain_address(recipient))


def addressed(door: Door, recipients: Sequence[str]) -> str:
    """Of the addresses a mail was delivered to the one that means this door, with its token if it has one."""
    ours = [address for address in recipients if identity.plain_address(address) == door.address]
    return max(ours, key=len, default=door.address)


def read(raw: bytes, return_path: str | None) -> Mail:
    """Understand a mail. Everything that takes mail in goes through here."""
    if _TESTING and _ABORT in raw[:4096]:
        os.abort()
    return understand(raw, trusted=trusted_servers(), return_path=return_path)


def survives(raw: bytes, *, seconds: float = 120) -> bool:
    """Whether a process of its own lives through understanding this mail."""
    child = "import sys; from portevoix.actions.mailroom import read; read(sys.stdin.buffer.read(), None)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", child], input=raw, timeout=seconds, check=False, capture_output=True
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def trusted_servers() -> frozenset[str]:
    """Names of our own receiving servers, whose Authentication-Results count (RFC 8601)."""
    return frozenset(os.environ.get("PORTEVOIX_AUTHSERV", "").split())


def inbound(
    raw: bytes,
    door: Door,
    centre: Centre,
    *,
    secret: bytes,
    at: datetime,
    recipient: str = "",
    return_path: str | None = None,
) -> Inbound:
    """What intake stores for one mail at one door."""
    mail = read(raw, return_path)
    return from_mail(mail, raw, door, centre, secret=secret, at=at, recipient=recipient)


def from_mail(
    mail: Mail, raw: bytes, door: Door, centre: Centre, *, secret: bytes, at: datetime, recipient: str = ""
) -> Inbound:
    """The same for a mail that was understood already (one mail at several doors)."""
    sender = _address(mail.from_.address)
    external_id = _name(mail.message_id)
    references = [name for ref in _parents(mail) if (name := _name(ref))]
    digest = _digest(mail)
    own_loop = sender in centre.doors
    token, token_id = _token(secret, mail, references, recipient)
    return Inbound(
        channel="mail",
        door_id=door.id,
        line_id=door.line_id,
        at=at,
        due_at=centre.targets.due_at(door.line_id, at),
        preferred_until=centre.targets.preferred_until(door.line_id, at),
        raw=raw,
        source_id=external_id or hashlib.sha256(raw).hexdigest(),
        digest=digest,
        sender=sender,
        sender_name=mail.from_.name[:200],
        recipients=_recipients(mail),
        subject=mail.subject[:1000],
        body=mail.text,
        new_body=mail.new_text if mail.new_text != mail.text else None,
        html=mail.html is not None,
        attachments=[_attachment(attachment) for attachment in mail.attachments],
        external_id=external_id,
        references=references,
        token=token,
        token_id=token_id,
        automatic=mail.automatic is not None or mail.bounce is not None or own_loop,
        bounce=_bounce(secret, mail),
        language=mail.language or "",
        forged=mail.verdict("dmarc") == "fail",
        facts=_facts(mail, own_loop=own_loop),
    )


def _address(address: str) -> str:
    return address.strip().lower()[:320]


def _name(message_id: str | None) -> str | None:
    """A Message-ID as a key: without brackets; a monstrous one is replaced by its hash."""
    if not message_id:
        return None
    name = message_id.strip().strip("<>")
    if len(name) > _ID_LENGTH:
        return "sha256." + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    return name or None


def _parents(mail: Mail) -> list[str]:
    """Message-IDs this mail answers, nearest first."""
    nearest = [mail.in_reply_to] if mail.in_reply_to else []
    return list(dict.fromkeys([*nearest, *reversed(mail.references)]))[:20]


def _token(
    secret: bytes, mail: Mail, references: Sequence[str], recipient: str
) -> tuple[int | None, str | None]:
    """The conversation a signed token of ours names (in what is answered, or in the address written to), and the
    Message-ID that carried it."""
    for name in references:
        if ours := identity.read_message_id(secret, name):
            return ours.conversation_id, name
    addresses = [recipient, *(address.address for address in (*mail.to, *mail.cc))]
    for address in addresses:
        if found := identity.read_reply_address(secret, address):
            return found[1].conversation_id, None
    return None, None


def _bounce(secret: bytes, mail: Mail) -> Bounce | None:
    if mail.bounce is None or not mail.bounce.original_message_id:
        return None
    ours = identity.read_message_id(secret, mail.bounce.original_message_id)
    if ours is None or ours.message_id is None:
        return None
    words = "; ".join(
        dict.fromkeys(f"{failed.status} {failed.diagnostic}".strip() for failed in mail.bounce.recipients)
    )
    return Bounce(
        message_id=ours.message_id,
        recipients=[_address(failed.address) for failed in mail.bounce.recipients],
        detail=words,
        permanent=mail.bounce.permanent,
    )


def _digest(mail: Mail) -> bytes:
    """Of what was said: the same for a copy that travelled another way or was sent anew (other Received and Date lines)."""
    hashed = hashlib.sha256()
    files = (attachment.sha256 for attachment in mail.attachments)
    for piece in (_address(mail.from_.address), mail.subject, mail.text, *files):
        hashed.update(piece.encode("utf-8", "replace"))
        hashed.update(b"\0")
    return hashed.digest()


def _recipients(mail: Mail) -> list[dict[str, str]]:
    return [
        {"name": address.name[:200], "address": _address(address.address), "as": kind}
        for kind, many in (("to", mail.to), ("cc", mail.cc))
        for address in many[:100]
    ]


def _attachment(attachment: Any) -> dict[str, Any]:
    return {
        "part": attachment.part,
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "inline": attachment.inline,
        "cid": attachment.content_id,
    }


def _facts(mail: Mail, *, own_loop: bool) -> dict[str, Any]:
    """What is worth knowing beside the text; empty values are left out."""
    reply_to = [_address(address.address) for address in mail.reply_to]
    facts: dict[str, Any] = {
        "automatic": mail.automatic or ("own-address" if own_loop else None),
        "no_answer": mail.no_answer,
        "references": [name for ref in mail.references[-20:] if (name := _name(ref))],
        "in_reply_to": _name(mail.in_reply_to),
        "reply_to": [address for address in reply_to if address != _address(mail.from_.address)],
        "date": mail.date.isoformat() if mail.date else None,
        "language": mail.language,
        "signed": mail.signed,
        "encrypted": mail.encrypted,
        "priority": mail.priority,
        "problems": list(mail.problems)[:50],
        "authentication": [
            {"by": r.authserv_id, "method": r.method, "result": r.result, "trusted": r.trusted}
            for r in mail.authentication[:20]
        ],
        "meetings": [
            {"summary": m.summary, "start": m.start, "end": m.end, "place": m.place, "method": m.method}
            for m in mail.meetings[:5]
        ],
        "bounce": _bounce_fact(mail),
    }
    return {key: value for key, value in facts.items() if value not in (None, [], "")}


def _bounce_fact(mail: Mail) -> dict[str, Any] | None:
    if mail.bounce is None:
        return None
    return {
        "permanent": mail.bounce.permanent,
        "subject": mail.bounce.original_subject,
        "recipients": [
            {"address": r.address, "status": r.status, "diagnostic": r.diagnostic[:500]}
            for r in mail.bounce.recipients[:20]
        ],
    }
