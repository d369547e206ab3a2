"""Names and records of attached files."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import unicodedata

from portevoix.channels.mail.charsets import clean
from portevoix.channels.mail.model import Attachment
from portevoix.channels.mail.structure import Part

# Path separators, controls, and the marks that turn the writing direction round ("fdp.exe" shown as "exe.pdf").
_UNSAFE = re.compile("[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]+")
_MAX_NAME = 200


def safe_name(name: str) -> str:
    """A file name without folders, control characters and direction tricks; empty when nothing is left."""
    name = _UNSAFE.sub("", clean(name[:2000]))
    name = name.replace("\\", "/").rsplit("/", 1)[-1].strip(" .")
    name = unicodedata.normalize("NFC", name)
    if len(name) > _MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: _MAX_NAME - 21]}.{ending[:20]}" if dot else name[:_MAX_NAME]
    return name


def name_of(part: Part, disposition_params: dict[str, str]) -> str:
    """The file name that a part gives itself, or an empty string."""
    return safe_name(disposition_params.get("filename") or part.params.get("name") or "")


def default_name(type_: str, path: str) -> str:
    """A name for a part that has none: "attachment-2.1.pdf"."""
    ending = {
        "message/rfc822": ".eml",
        "image/jpeg": ".jpg",
        "text/plain": ".txt",
        "text/calendar": ".ics",
    }.get(type_)
    if ending is None:
        ending = mimetypes.guess_extension(type_, strict=False) or ".bin"
    return f"attachment-{path or '0'}{ending}".replace("/", "-")


def attachment(
    content: bytes, name: str, type_: str, path: str, *, inline: bool = False, content_id: str | None = None
) -> Attachment:
    """The record of a file; its bytes stay in the mail."""
    return Attachment(
        name=name or default_name(type_, path),
        type=type_[:200],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        part=path,
        inline=inline,
        content_id=content_id,
    )
