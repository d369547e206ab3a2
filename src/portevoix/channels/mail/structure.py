"""The tree of parts of a mail, as ranges of its bytes. Nothing is decoded and nothing is copied here.

Own code rather than a library, after measuring: Python's `email` reads line by line and needs seconds on a part
bomb; the fast Rust parser raises on broken mail, so that two parsers with two opinions would be needed. Ranges
give one opinion for every mail, in time linear in its size, and a part can be cut out again by its path alone.
Python's `email` is the reference that the tests compare with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from portevoix.channels.mail.headers import Headers, parse_head, parse_params
from portevoix.channels.mail.limits import DEFAULT, Limits

_TYPE = re.compile(r"[!#$&^_.+a-z0-9-]{1,100}/[!#$&^_.+a-z0-9-]{1,100}")
_DELIMITER_END = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\Z)")
_ANY_DELIMITER = re.compile(rb"\n--([^\r\n]{1,200}?)[ \t]*+\r?\n(?=[A-Za-z-]{1,80}:)")
_MAX_FALSE_DELIMITERS = 50_000  # lines that begin like the boundary and are none; only attacks have so many


@dataclass(slots=True)
class Part:
    """One part: `path` is "" for the mail itself, else numbers from 1 as in IMAP ("2.1")."""

    path: str
    headers: Headers
    type: str
    params: dict[str, str]
    start: int
    end: int
    depth: int
    children: list[Part] = field(default_factory=list)

    def walk(self) -> Iterator[Part]:
        """This part and all below it in reading order, without recursion; an attached mail is a leaf."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


@dataclass(slots=True)
class Outline:
    """What a mail is made of: `raw` (line ends repaired if need be), its parts and the problems met."""

    raw: bytes
    root: Part
    problems: tuple[str, ...]
    loose: list[tuple[int, int]]  # text that lies outside every part


def outline(raw: bytes, limits: Limits = DEFAULT) -> Outline:
    """Split `raw` into its parts. Never raises; stops at the limits and says so in `problems`."""
    problems: dict[str, None] = {}
    if len(raw) > limits.size:
        raw = raw[: limits.size]
        problems["too-big"] = None
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
        problems["line-ends-broken"] = None
    return _Splitter(raw, limits, problems).run()


class _Splitter:
    def __init__(self, raw: bytes, limits: Limits, problems: dict[str, None]) -> None:
        self.raw = raw
        self.limits = limits
        self.problems = problems
        self.count = 0
        self.loose: list[tuple[int, int]] = []

    def run(self) -> Outline:
        root = self.read("", 0, len(self.raw), 0, "text/plain")
        waiting = [root]
        while waiting:
            part = waiting.pop()
            if part.type.startswith("multipart/"):
                self.split(part)
            waiting.extend(reversed(part.children))
        return Outline(self.raw, root, tuple(self.problems), self.loose)

    def read(self, path: str, start: int, end: int, depth: int, default: str) -> Part:
        """One part with its header; a type that makes no sense is read as the default (RFC 2045 5.2)."""
        self.count += 1
        if depth == 0:
            start += len(self.raw) - len(self.raw.lstrip(b"\r\n")) if self.raw[:1] in b"\r\n" else 0
        headers, body = parse_head(self.raw, start, end, self.limits.header)
        for problem in headers.problems:
            self.problems[problem] = None
        type_, params = parse_params(headers.raw("content-type"))
        if not type_:
            type_ = default
        elif _TYPE.fullmatch(type_) is None:
            type_ = "text/plain" if type_ in ("text", "plain") else self.mended_type(type_, default)
        return Part(path, headers, type_, params, body, max(body, end), depth)

    def mended_type(self, type_: str, default: str) -> str:
        self.problems["content-type-broken"] = None
        found = _TYPE.search(type_)
        if found:
            return found.group()
        return default

    def split(self, part: Part) -> None:
        boundary = part.params.get("boundary", "").rstrip().encode("latin-1", "replace")
        spans, closed, loose = self.spans(boundary, part.start, part.end) if boundary else ([], False, [])
        if not spans:
            spans, closed, loose = self.guessed_spans(part)
        if not spans:
            self.problems["boundary-missing"] = None
            part.type = "text/plain"
            return
        if not closed:
            self.problems["boundary-unclosed"] = None
        if part.depth == 0:
            self.loose.extend(loose)
        if part.depth + 1 > self.limits.nesting:
            self.problems["too-deep"] = None
            part.type = "application/octet-stream"
            return
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        for number, (start, end) in enumerate(spans, 1):
            if self.count >= self.limits.parts:
                self.problems["too-many-parts"] = None
                part.children.append(self.rest(part, number, start))
                return
            part.children.append(self.read(_below(part.path, number), start, end, part.depth + 1, default))

    def rest(self, part: Part, number: int, start: int) -> Part:
        """Everything behind the last part that the limit allows, as one attachment: nothing is lost."""
        path = _below(part.path, number)
        return Part(path, Headers(), "application/octet-stream", {}, start, part.end, part.depth + 1)

    def spans(
        self, boundary: bytes, start: int, end: int
    ) -> tuple[list[tuple[int, int]], bool, list[tuple[int, int]]]:
        """Where the parts between the delimiter lines lie; whether they are closed; the text around them."""
        raw, mark = self.raw, b"--" + boundary
        spans: list[tuple[int, int]] = []
        opened = -1
        first = -1
        false_ones = 0
        at = start if raw.startswith(mark, start, end) else self.next_mark(mark, start, end)
        while at >= 0:
            match = _DELIMITER_END.match(raw, at + len(mark), end)
            if match is None:
                false_ones += 1
                if false_ones > _MAX_FALSE_DELIMITERS:
                    self.problems["boundary-flood"] = None
                    break
            else:
                if opened >= 0:
                    spans.append((opened, self.before(at, opened)))
                else:
                    first = at
                opened = match.end()
                if match.group(1):
                    return spans, True, [(start, first), (opened, end)]
                if len(spans) > self.limits.parts:
                    break
            at = self.next_mark(mark, at + len(mark), end)
        if opened >= 0:
            spans.append((opened, end))
        return spans, False, [(start, first)] if first > start else []

    def next_mark(self, mark: bytes, start: int, end: int) -> int:
        # From one byte before, since the line end that comes before a delimiter belongs to it.
        found = self.raw.find(b"\n" + mark, max(start - 1, 0), end)
        return found + 1 if found >= 0 else -1

    def before(self, at: int, floor: int) -> int:
        """The end of a part: the line end before its delimiter is not part of it (RFC 2046 5.1.1)."""
        at -= 1 if at > floor and self.raw[at - 1 : at] == b"\n" else 0
        at -= 1 if at > floor and self.raw[at - 1 : at] == b"\r" else 0
        return at

    def guessed_spans(self, part: Part) -> tuple[list[tuple[int, int]], bool, list[tuple[int, int]]]:
        """The boundary is not named, or named wrongly: the first line that looks like one is taken."""
        match = _ANY_DELIMITER.search(self.raw, max(part.start - 1, 0), min(part.end, part.start + 200_000))
        if match is None:
            return [], False, []
        self.problems["boundary-guessed"] = None
        return self.spans(match.group(1).rstrip(), part.start, part.end)


def _below(path: str, number: int) -> str:
    return f"{path}.{number}" if path else str(number)
