"""The transfer codings of RFC 2045 6, decoded leniently: what can be saved of a broken body is saved."""

from __future__ import annotations

import binascii
import re

from portevoix.channels.mail.words import lenient_base64

_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_MAX_BROKEN_LINES = 100_000
_BASE64_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"


def decode_transfer(data: bytes, coding: str) -> tuple[bytes, str | None]:
    """The content of a part, with a problem code when the coding was unknown or broken."""
    coding = coding.partition(";")[0].strip().strip("\"'").lower()
    if coding in ("", "7bit", "8bit", "binary", "none"):
        return data, None
    if coding == "base64":
        return _base64(data)
    if coding in ("quoted-printable", "quoted_printable", "qp"):
        return binascii.a2b_qp(data), None
    if coding in ("x-uuencode", "x-uue", "uuencode", "uue"):
        return _uuencode(data)
    # "7 bit", "8bits" and the like mean no coding; for the rest the bytes are shown as they stand.
    return data, None if re.fullmatch(r"[78][ -]?bits?", coding) else "transfer-coding-unknown"


def _base64(data: bytes) -> tuple[bytes, str | None]:
    stripped = data.rstrip()
    padding = stripped.find(b"=")
    # Text behind the end (a footer that a server put there), two bodies in a row, or dirt in between?
    goes_on = padding >= 0 and stripped[padding:].strip(b"=\r\n\t ")
    if goes_on or stripped.translate(None, _BASE64_CHARACTERS):
        return _broken_base64(stripped)
    try:
        return binascii.a2b_base64(stripped), None
    except binascii.Error:
        return lenient_base64(stripped), "base64-broken"


def _broken_base64(data: bytes) -> tuple[bytes, str]:
    """Base64 runs as long as the lines are base64; what follows is plain text and stays readable."""
    if data.count(b"\n") > _MAX_BROKEN_LINES:
        return lenient_base64(data), "base64-broken"
    out: list[bytes] = []
    pending: list[bytes] = []
    for line in data.splitlines():
        stripped = line.strip()
        if stripped and not _looks_like_base64(stripped):
            out.extend((lenient_base64(b"".join(pending)), b"\n", line, b"\n"))
            pending = []
        elif stripped.endswith(b"="):
            out.append(lenient_base64(b"".join((*pending, stripped))))
            pending = []
        else:
            pending.append(stripped)
    out.append(lenient_base64(b"".join(pending)))
    return b"".join(out), "base64-broken"


def _looks_like_base64(line: bytes) -> bool:
    """A little dirt in a line is transport damage; spaces or much of it mean that it is text."""
    return b" " not in line and len(line.translate(None, _BASE64_CHARACTERS)) * 10 < len(line)


def _uuencode(data: bytes) -> tuple[bytes, str | None]:
    begin = _BEGIN.search(data)
    problem = None if begin else "uuencode-broken"
    out: list[bytes] = []
    for line in data[begin.end() if begin else 0 :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            if line.strip() == b"end":
                break
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders write too many characters on a line: take as many as its length byte says.
            needed = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:needed]))
            except binascii.Error:
                problem = "uuencode-broken"
    return b"".join(out), problem
