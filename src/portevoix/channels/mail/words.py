"""Encoded words in headers (RFC 2047) and extended parameters (RFC 2231), as mail programs really write them."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from portevoix.channels.mail.charsets import clean, codec_of, decode

# A run of encoded words, with or without the white space that RFC 2047 6.2 says to ignore between them.
# The text part forbids "?" but allows spaces, since many senders leave them in.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=([ \t\r\n]*)(?==\?)?")
_CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029]+")


def decode_words(value: str) -> str:
    """A header value with its encoded words decoded. Neighbours of one charset are joined as bytes first,
    since some senders cut a character in two."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending = b""
    pending_charset = ""
    position = 0
    for match in _WORD.finditer(value):
        charset, coding, text, space = match.groups()
        if match.start() > position and pending:
            out.append(decode(pending, pending_charset)[0])
            pending = b""
        out.append(value[position : match.start()])
        position = match.end() if value.startswith("=?", match.end()) else match.end() - len(space)
        charset = charset.split("*", 1)[0].lower()  # RFC 2231 5: a language may follow the charset
        if charset != pending_charset and pending:
            out.append(decode(pending, pending_charset)[0])
            pending = b""
        pending_charset = charset
        data = _word_bytes(coding, text)
        if charset.startswith(("utf-16", "iso-2022")) or codec_of(charset) is None:
            out.append(decode(data, charset)[0])  # each word stands alone: state or marks do not carry over
        else:
            pending += data
    if pending:
        out.append(decode(pending, pending_charset)[0])
    out.append(value[position:])
    return "".join(out)


def one_line(value: str) -> str:
    """`value` on one line and without control characters, so that it can never open a header of its own."""
    if value.isprintable():
        return value.strip()
    return _CONTROL.sub(" ", clean(value)).strip()


def _word_bytes(coding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if coding in "qQ":
        return binascii.a2b_qp(data.replace(b"_", b"=20"), header=False)
    return lenient_base64(data)


def lenient_base64(data: bytes) -> bytes:
    """Base64 with what is not base64 ignored, and a broken tail cut rather than everything lost."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    kept = _NOT_BASE64.sub(b"", data)
    kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
    try:
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:  # pragma: no cover - the repair above leaves nothing to complain about
        return b""


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def extended_value(value: str) -> str:
    """charset'language'percent-encoded (RFC 2231 4) as text."""
    charset, quote, rest = value.partition("'")
    if not quote or "'" not in rest:
        return decode(unquote_to_bytes(value), None)[0]
    return decode(unquote_to_bytes(rest.partition("'")[2]), charset or None)[0]
