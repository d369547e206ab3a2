"""A mail of ours, as bytes: made once, before the first try to send it, and never made again.

The client sees one centre (DESIGN.md, promise 6): nothing here names a person's organisation, site or machine,
and the mail carries no Received line or User-Agent of ours.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

import idna
from typing_extensions import override

from portevoix.channels.mail.automatic import LOOP_HEADER
from portevoix.channels.mail.files import safe_name
from portevoix.channels.mail.texthtml import as_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

#: Beyond these, References adds length and no thread (RFC 5322 3.6.4 asks for the first and the latest).
MAX_REFERENCES: Final = 30

_TYPE: Final = re.compile(r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}$")
_LOCAL: Final = re.compile(r"^[^\s\x00-\x20\x7f-\xa0()<>\[\]:;@\\,\"]{1,64}$")
_ID: Final = re.compile(r"^[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+$")
_REPLY_MARK: Final = re.compile(
    r"^(?:(?:re|ré|réf|rép|aw|sv|antw|tr|fw|fwd)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)


class BadAddress(ValueError):
    """This cannot be a mail address; the text of the error is the address."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody the mail goes to; ``role`` is to, cc or bcc (bcc stands only in the envelope)."""

    address: str
    name: str = ""
    role: str = "to"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file sent along."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be said, to whom. ``message_id``, ``in_reply_to`` and ``references`` with or without ``<>``."""

    message_id: str
    sender: str  # the door's address
    recipients: Sequence[Recipient]
    subject: str
    text: str
    date: datetime  # in the line's time zone
    sender_name: str = ""
    reply_to: str | None = None
    in_reply_to: str | None = None
    references: Sequence[str] = field(default_factory=tuple)  # oldest first
    language: str = "fr"
    automatic: str | None = None  # the Auto-Submitted value of a mail that no person wrote (RFC 3834)
    files: Sequence[Enclosure] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The bytes and the SMTP envelope. ``sender`` is empty for automatic mail, so that nothing answers it."""

    content: bytes
    sender: str
    recipients: tuple[str, ...]


class _Policy(EmailPolicy):
    """Never wraps message identifiers in encoded words, as the library does for those longer than a line."""

    def _plain(self, name: str, value: str) -> str | None:
        if name.lower() not in ("message-id", "in-reply-to", "references"):
            return None
        return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"

    @override
    def fold(self, name: str, value: str) -> str:
        return self._plain(name, value) or super().fold(name, value)

    @override
    def fold_binary(self, name: str, value: str) -> bytes:
        plain = self._plain(name, value)
        return plain.encode() if plain else super().fold_binary(name, value)


_SMTP: Final = _Policy(linesep="\r\n", cte_type="7bit")
_SMTPUTF8: Final = _Policy(linesep="\r\n", cte_type="7bit", utf8=True)


def one_line(text: str) -> str:
    """The text for a header: control characters and line ends of every kind become spaces (no header injection)."""
    text = text.encode("utf-8", "replace").decode()
    spaced = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(word for word in spaced.split(" ") if word)


def ascii_address(address: str) -> str:
    """The address as it travels: its domain in ASCII (IDNA 2008, UTS 46). Raises ``BadAddress``.

    A local part beyond ASCII stays as it is and needs a relay with SMTPUTF8 (RFC 6531). Quoted local parts are refused:
    no provider met gives them, and they are the usual way to smuggle something into a header.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not _LOCAL.match(local) or local[0] == "." or local[-1] == "." or ".." in local:
        raise BadAddress(address)
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs") for char in local):
        raise BadAddress(address)
    try:
        name = idna.encode(domain, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        name = _plain_domain(domain)
    if not name or len(local.encode()) + len(name) > 253:
        raise BadAddress(address)
    return f"{local}@{name}"


def _plain_domain(domain: str) -> str:
    """Domains that IDNA refuses though they work (underscores, a single label inside a network)."""
    ok = re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?", domain) and ".." not in domain
    return domain.lower() if ok else ""


def reply_subject(subject: str) -> str:
    """The subject of an answer: one "Re:", whatever stood before it; a transfer mark is not kept either."""
    bare = _REPLY_MARK.sub("", one_line(subject)).strip()
    return f"Re: {bare}".strip() if bare else "Re:"


def compose(letter: Letter) -> Envelope:
    """The mail as bytes, 7-bit clean with CRLF line ends. Raises ``BadAddress``; nothing else for any text."""
    sender = ascii_address(letter.sender)
    told = [(one, ascii_address(one.address)) for one in letter.recipients]
    if not told:
        raise BadAddress("")
    addresses = tuple(dict.fromkeys(address for _, address in told))
    wide = not all(address.isascii() for address in (sender, *addresses, letter.reply_to or ""))
    mail = EmailMessage(policy=_SMTPUTF8 if wide else _SMTP)
    mail["From"] = _address(letter.sender_name, sender)
    for header, role in (("To", "to"), ("Cc", "cc")):
        if people := [_address(one.name, address) for one, address in told if one.role == role]:
            mail[header] = people
    if letter.reply_to and letter.reply_to != sender:
        mail["Reply-To"] = _address(letter.sender_name, ascii_address(letter.reply_to))
    mail["Subject"] = one_line(letter.subject)
    mail["Date"] = format_datetime(letter.date)
    mail["Message-ID"] = f"<{letter.message_id.strip('<>')}>"
    _thread(mail, letter)
    _marks(mail, letter)
    _content(mail, letter)
    return Envelope(mail.as_bytes(), "" if letter.automatic else sender, addresses)


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(one_line(name)[:200], local, domain)


def _brackets(values: Iterable[str]) -> list[str]:
    bare = (value.strip().strip("<>") for value in values)
    return list(dict.fromkeys(f"<{value}>" for value in bare if _ID.match(value) and len(value) < 900))


def _thread(mail: EmailMessage, letter: Letter) -> None:
    parent = _brackets([letter.in_reply_to or ""])
    references = [value for value in _brackets(letter.references) if value not in parent] + parent
    if len(references) > MAX_REFERENCES:
        references = references[:1] + references[1 - MAX_REFERENCES :]
    if parent:
        mail["In-Reply-To"] = parent[0]
    if references:
        mail["References"] = " ".join(references)


def _marks(mail: EmailMessage, letter: Letter) -> None:
    """What tells other machines, and ourselves, what this is."""
    mail["Content-Language"] = letter.language if re.fullmatch(r"[a-z]{2,3}", letter.language) else "fr"
    if letter.automatic:
        mail["Auto-Submitted"] = letter.automatic
        mail["X-Auto-Response-Suppress"] = "All"
        mail[LOOP_HEADER] = "1"


def _content(mail: EmailMessage, letter: Letter) -> None:
    text = plain(letter.text)
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(as_html(text, letter.language), subtype="html", cte="quoted-printable")
    for file in letter.files:
        kind = file.type.lower()
        if not _TYPE.match(kind) or kind.startswith(("multipart/", "message/")):
            kind = "application/octet-stream"
        maintype, subtype = kind.split("/")
        mail.add_attachment(
            file.content, maintype=maintype, subtype=subtype, filename=safe_name(file.name) or "document"
        )


def plain(text: str) -> str:
    """The text as it is sent: LF line ends, no control characters, typographic spaces and quotes kept."""
    text = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")
    return kept.strip("\n") + "\n"
