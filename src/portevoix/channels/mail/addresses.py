"""Addresses out of address headers (RFC 5322 3.4), tolerant of what programs and forgers write, in linear time."""

from __future__ import annotations

import re

from portevoix.channels.mail.charsets import clean
from portevoix.channels.mail.model import Address
from portevoix.channels.mail.words import decode_words, one_line

_PIECE = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*+"?)|(?P<special>[,;:<>()])|(?P<space>\s++)|(?P<atom>[^\s,;:<>()"]++)""",
    re.DOTALL,
)
# What most mails hold: one address of plain characters, with or without a plain name.
_SIMPLE = re.compile(r"(?:(\w[\w .-]{0,98}\w) ++<(?=.*>))?([\w.+-]{1,64}@[\w.-]{1,250})>?")
_PAIR = re.compile(r"\\(.)", re.DOTALL)
MAX_ADDRESSES = 500
_MAX_CHARS = 100_000


def parse_addresses(value: str) -> tuple[Address, ...]:
    """The addresses in a raw (unfolded, not decoded) header value, at most `MAX_ADDRESSES`.

    Encoded words are decoded only after the value was cut up, so that a name such as
    "=?utf-8?q?=3Cboss=40x=3E?=" stays a name and never becomes the address.
    """
    if not value:
        return ()
    simple = _SIMPLE.fullmatch(value)
    if simple:
        return (Address(simple.group(1) or "", simple.group(2)),)
    reader = _Reader()
    for match in _PIECE.finditer(value[:_MAX_CHARS]):
        kind = match.lastgroup or ""
        reader.take(kind, match.group())
        if len(reader.found) >= MAX_ADDRESSES:
            break
    reader.finish()
    return tuple(reader.found)


class _Reader:
    def __init__(self) -> None:
        self.found: list[Address] = []
        self.comment_depth = 0
        self.in_angle = False
        self.reset()

    def reset(self) -> None:
        self.words: list[str] = []
        self.words_before = 0  # how many words stand before the <address>
        self.angle: list[str] | None = None
        self.comments: list[str] = []
        self.in_angle = False

    def take(self, kind: str, piece: str) -> None:
        if piece == "(":
            self.comment_depth += 1
        elif piece == ")":
            self.comment_depth = max(0, self.comment_depth - 1)
        elif self.comment_depth:
            self.comments.append(piece)
        elif self.in_angle:
            self.take_in_angle(kind, piece)
        elif piece == "<":
            if self.angle is not None:
                self.finish_without_comma()
            self.in_angle, self.angle, self.words_before = True, [], len(self.words)
        elif piece in ",;":
            self.finish()
        elif piece == ":" and not any("@" in word for word in self.words):
            self.reset()  # the name of a group: "undisclosed-recipients:;"
        elif piece not in "<>":
            self.words.append(_unquoted(piece) if kind == "quoted" else (" " if kind == "space" else piece))

    def take_in_angle(self, kind: str, piece: str) -> None:
        assert self.angle is not None
        if piece == ">":
            self.in_angle = False
        elif piece == ":":
            self.angle.clear()  # an old source route: <@a,@b:real@address>
        elif kind != "space":
            self.angle.append(piece)

    def finish_without_comma(self) -> None:
        """A second <address> begins: what stands behind the first one is its name. (Python before 3.13 writes
        the comma between the two as an encoded word.)"""
        behind = self.words[self.words_before :]
        del self.words[self.words_before :]
        self.finish()
        self.words = behind

    def finish(self) -> None:
        name = "".join(self.words)
        if self.angle is not None:
            address = "".join(self.angle)
        elif "@" in name:
            name, address = _bare(name)
        else:
            address = ""
        if not name.strip() and self.comments:
            name = "".join(self.comments)
        address = one_line(clean(decode_words(address))).replace(" ", "")
        name = one_line(clean(decode_words(name.strip()))).strip(" ,")
        if len(name) > 1 and name[0] == name[-1] == "'":
            name = name[1:-1]
        if name or address:
            self.found.append(Address(name=name[:500], address=address[:500]))
        self.reset()


def _bare(text: str) -> tuple[str, str]:
    """`Jean Dupont jean@x.fr` without angle brackets: the last word with an @ is the address."""
    words = text.split()
    at = next((i for i in range(len(words) - 1, -1, -1) if "@" in words[i]), 0)
    return " ".join(words[:at] + words[at + 1 :]), words[at]


def _unquoted(piece: str) -> str:
    inner = piece[1:-1] if len(piece) > 1 and piece.endswith('"') else piece[1:]
    return _PAIR.sub(r"\1", inner) if "\\" in inner else inner
