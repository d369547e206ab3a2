"""Message identifiers (RFC 5322 3.6.4), always with their angle brackets."""

from __future__ import annotations

import re

from portevoix.channels.mail.charsets import clean
from portevoix.channels.mail.words import decode_words

_ID = re.compile(r"<([^<>]{1,990})>")
_SPACE = re.compile(r"[\x00-\x20\x7f]+")
MAX_REFERENCES = 100


def first_id(value: str) -> str | None:
    """The first identifier in a raw header value; one without brackets gets them."""
    found = ids(value)
    return found[0] if found else None


def ids(value: str) -> tuple[str, ...]:
    """All identifiers in a raw header value, each once, in order; of very many, the first and the latest ones."""
    if not value:
        return ()
    if "=?" in value:
        value = decode_words(value)
    value = clean(value[:200_000])
    bracketed = [inner for inner in (_SPACE.sub("", found) for found in _ID.findall(value)) if inner]
    if not bracketed:
        # Without brackets only a word with an "@" is taken: In-Reply-To once also held phrases.
        bracketed = [w.strip("<>\"',;") for w in value.split() if "@" in w and len(w) < 1000]
    unique = list(dict.fromkeys(f"<{inner}>" for inner in bracketed if inner))
    if len(unique) > MAX_REFERENCES:
        unique = unique[:1] + unique[1 - MAX_REFERENCES :]
    return tuple(unique)


def message_id(value: str) -> str | None:
    """The identifier of a mail: bracketed or bare, and any non-empty text rather than none at all."""
    found = first_id(value)
    if found:
        return found
    bare = _SPACE.sub("", clean(value)).strip("<>")[:990]
    return f"<{bare}>" if bare else None
