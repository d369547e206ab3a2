"""The header of a mail or of a part: split, unfolded, and its parameters, in one linear pass over the lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from portevoix.channels.mail.charsets import clean, decode_header_bytes
from portevoix.channels.mail.words import decode_words, extended_value, one_line

_NAME = re.compile(r"[!-9;-~]{1,200}[ \t]{0,20}")
# Lines that prove the header goes on although the line before them was not a header line.
_GOES_ON = re.compile(r"(?:from|to|subject|date|content-[a-z-]+|mime-version|message-id):", re.IGNORECASE)
_MAX_LINES = 20_000
# name=value; name="va\"lue"; a lone quote without end takes the rest.
_PARAM = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"?|[^;]*+)', re.DOTALL)
_CONTINUED = re.compile(r"^(.+?)\*(\d{1,4})(\*?)$")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


@dataclass(slots=True)
class Headers:
    """Every value of every header, unfolded but not decoded; names in lower case, in order of appearance."""

    values: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def raw(self, name: str) -> str:
        """The first value of `name`, unfolded, or an empty string."""
        found = self.values.get(name)
        return found[0] if found else ""

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def text(self, name: str) -> str:
        """The first value of `name` decoded to one clean line."""
        return one_line(clean(decode_words(self.raw(name))))


def parse_head(raw: bytes, start: int, end: int, limit: int) -> tuple[Headers, int]:
    """The header that begins at `start`, and where the body begins. Looks at no more than `limit` bytes."""
    headers = Headers()
    stop = min(end, start + limit)
    lines_end, body = _find_blank_line(raw, start, stop)
    if lines_end == stop and stop < end:
        headers.problems.append("header-too-big")
        lines_end = body = raw.rfind(b"\n", start, stop) + 1 or stop
    text = raw[start:lines_end].decode("latin-1")
    if not text:
        return headers, body
    taken = _read_lines(text, headers)
    if taken is not None:  # a line that is no header: from there on it is body
        body = start + taken
        headers.problems.append("header-broken")
    if "\x00" in text:
        for found in headers.values.values():
            found[:] = [value.replace("\x00", "") for value in found]
    if not text.isascii():
        for found in headers.values.values():
            found[:] = [v if v.isascii() else decode_header_bytes(v.encode("latin-1")) for v in found]
    return headers, body


def _find_blank_line(raw: bytes, start: int, stop: int) -> tuple[int, int]:
    """Where the header lines end and where the body begins."""
    if raw.startswith(b"\n", start, stop):
        return start, start + 1
    if raw.startswith(b"\r\n", start, stop):
        return start, start + 2
    window = start + 8192  # a header is short: look near before looking far
    while True:
        near = min(window, stop)
        unix = raw.find(b"\n\n", start, near)
        crlf = raw.find(b"\n\r\n", start, unix if unix >= 0 else near)
        if crlf >= 0:
            return crlf + 1, crlf + 3
        if unix >= 0:
            return unix + 1, unix + 2
        if near == stop:
            return stop, stop
        window = start + (window - start) * 8


def _read_lines(text: str, headers: Headers) -> int | None:
    """Fill `headers`; returns the offset of the first line that belongs to no header, if there is one."""
    lines = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", "\t").split("\n")
    if len(lines) > _MAX_LINES:
        headers.problems.append("header-flood")
        del lines[_MAX_LINES:]
    values: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = _header_name(name) if colon else None
        if key is not None:
            values.setdefault(key, []).append(value.strip())
        elif line:
            return _read_broken_lines(text, headers)
    headers.values = values
    return None


@lru_cache(maxsize=4096)
def _header_name(name: str) -> str | None:
    """`name` in lower case, or None when it can name no header."""
    return name.rstrip().lower() if _NAME.fullmatch(name) else None


def _read_broken_lines(text: str, headers: Headers) -> int | None:
    """As `_read_lines`, for a header with lines that are none: they belong to the line before, or begin the body."""
    values: dict[str, list[list[str]]] = {}
    current: list[str] | None = None
    offset = 0
    lines = text.split("\n")
    for number, line in enumerate(lines[:_MAX_LINES]):
        name, colon, value = line.partition(":")
        key = _header_name(name) if colon else None
        if line[:1] in (" ", "\t"):
            if current is not None:
                current.append(line.rstrip("\r"))
        elif key is not None:
            current = [value.rstrip("\r")]
            values.setdefault(key, []).append(current)
        elif line.strip("\r") and not (number == 0 and line.startswith(("From ", ">From "))):
            if not any(_GOES_ON.match(after) for after in lines[number + 1 : number + 60]):
                headers.values = _join(values)
                return offset
            if current is not None:
                current.append(" " + line.rstrip("\r"))
            headers.problems.append("header-line-broken")
        offset += len(line) + 1
    headers.values = _join(values)
    return None


def _join(values: dict[str, list[list[str]]]) -> dict[str, list[str]]:
    return {name: ["".join(lines).strip() for lines in found] for name, found in values.items()}


def parse_params(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=x; name*0*=...` as the lower-case first word and its decoded parameters.

    The result may be shared: do not change it.
    """
    if len(value) < 60 and "boundary" not in value:
        return _parse_common(value)
    return _parse_params(value)


def _parse_params(value: str) -> tuple[str, dict[str, str]]:
    main = value.partition(";")[0]
    rest = value[len(main) :]
    main = main.strip().lower()
    if len(rest) < 2:
        return main, {}
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAM.finditer(rest[:20_000]):
        name, given = match.group(1).lower(), _unquote(match.group(2))
        if "*" not in name:
            plain.setdefault(name, decode_words(given))
            continue
        continued = _CONTINUED.match(name)
        if continued:
            base, index, star = continued.groups()
            pieces.setdefault(base, {})[int(index)] = (given, bool(star))
        else:
            plain[name.rstrip("*")] = extended_value(given)
    for base, found in pieces.items():
        plain[base] = _assemble(found)
    return main, plain


# "text/plain; charset=utf-8" and its few friends make up nearly all values seen.
_parse_common = lru_cache(maxsize=1024)(_parse_params)


def _assemble(pieces: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 3: the pieces in order; only the starred ones are percent-encoded."""
    ordered = [pieces[index] for index in sorted(pieces)]
    if not any(star for _, star in ordered):
        return decode_words("".join(given for given, _ in ordered))
    if not ordered[0][1]:
        return "".join(given for given, _ in ordered)
    escaped = [given if star else given.replace("%", "%25") for given, star in ordered]
    return extended_value("".join(escaped))


def _unquote(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        value = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
        return _QUOTED_PAIR.sub(r"\1", value) if "\\" in value else value
    return value
