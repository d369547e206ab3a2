"""Rich text in winmail.dat: decompressed ([MS-OXRTFCP]) and read as text or as the HTML it wraps ([MS-OXRTFEX])."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portevoix.channels.mail.charsets import clean, decode

_MAX_OUT = 4 * 1024 * 1024
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,9})?[ ]?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\",
    re.DOTALL,
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer generator listtable listoverridetable rsidtbl "
    b"themedata colorschememapping latentstyles datastore xmlnstbl mmathPr bkmkstart bkmkend".split()
)
_CHARACTERS = {
    b"par": "\n", b"line": "\n", b"tab": "\t", b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c",
    b"rdblquote": "\u201d", b"bullet": "\u2022", b"endash": "\u2013", b"emdash": "\u2014", b"cell": "\t", b"row": "\n",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rtf:
    """`html` when the RTF only wraps HTML, else `text`."""

    text: str = ""
    html: str = ""


def decompress_rtf(data: bytes) -> bytes:
    """The RTF in a compressed stream; what can be read of a broken one. At most 4 MB come out."""
    if len(data) < 16:
        return b""
    body = data[16:]
    if data[8:12] == b"MELA":
        return body[:_MAX_OUT]
    window = bytearray(_START.ljust(4096, b" "))
    write, at, size = len(_START), 0, len(body)
    out = bytearray()
    while at < size and len(out) < _MAX_OUT:
        flags = body[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                if at >= size:
                    return bytes(out)
                piece = body[at : at + 1]
                at += 1
            else:
                if at + 2 > size:
                    return bytes(out)
                reference = body[at] << 8 | body[at + 1]
                at += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == write:  # the end mark
                    return bytes(out)
                piece = _copied(window, offset, length, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) & 4095
            out += piece
    return bytes(out)


def _copied(window: bytearray, offset: int, length: int, write: int) -> bytes:
    """`length` bytes from `offset`; when they run into the place being written, they repeat."""
    distance = (write - offset) & 4095
    return bytes(window[(offset + i % distance) & 4095] for i in range(length))


def read_rtf(data: bytes) -> Rtf:
    """Text or HTML out of RTF."""
    if not data:
        return Rtf()
    reader = _RtfReader(wraps_html=b"\\fromhtml" in data[:2000])
    reader.read(data)
    text = clean("".join(reader.out))
    if reader.wraps_html:
        return Rtf(html=text)
    return Rtf(text=text.strip("\n"))


class _RtfReader:
    r"""State per group: (skipped, inside an HTML tag group, in RTF-only content, skip after \\u)."""

    def __init__(self, *, wraps_html: bool) -> None:
        self.wraps_html = wraps_html
        self.out: list[str] = []
        self.pending = b""
        self.codepage = "cp1252"
        self.skipped = False
        self.html_tag = False
        self.rtf_only = False
        self.unicode_skip = 1
        self.to_skip = 0
        self.group_start = False
        self.stack: list[tuple[bool, bool, bool, int]] = []

    def read(self, data: bytes) -> None:
        for match in _TOKEN.finditer(data):
            word, number, code, symbol, brace, text = match.groups()
            if code:
                self.bytes_in(bytes.fromhex(code.decode()))
                continue
            if text:
                self.bytes_in(text)
                self.group_start = False
                continue
            self.flush()
            if brace == b"{":
                if len(self.stack) < 1000:
                    self.stack.append((self.skipped, self.html_tag, self.rtf_only, self.unicode_skip))
                self.group_start = True
            elif brace == b"}":
                if self.stack:
                    self.skipped, self.html_tag, self.rtf_only, self.unicode_skip = self.stack.pop()
            elif word:
                self.word(word, int(number) if number else None)
            elif symbol:
                self.symbol(symbol)
        self.flush()

    def word(self, word: bytes, number: int | None) -> None:
        if word == b"htmltag":
            self.skipped, self.html_tag = False, True
        elif word == b"htmlrtf":
            self.rtf_only = number != 0
        elif word in _SKIPPED:
            self.skipped = True
        elif word == b"ansicpg" and number:
            self.codepage = f"cp{number}"
        elif word == b"uc":
            self.unicode_skip = min(max(number or 0, 0), 10)
        elif word == b"u" and number is not None:
            self.character(chr(number & 0xFFFF))
            self.to_skip = self.unicode_skip
        elif word in _CHARACTERS and not (self.wraps_html and self.html_tag):
            self.character(_CHARACTERS[word])
        self.group_start = False

    def symbol(self, symbol: bytes) -> None:
        if symbol == b"*" and self.group_start:
            self.skipped = True  # an optional group; \htmltag wakes it up again
            return
        if symbol in b"\\{}":
            self.character(symbol.decode("ascii"))
        elif symbol == b"~":
            self.character("\xa0")
        elif symbol in b"\r\n":
            self.character("\n")
        self.group_start = False

    def visible(self) -> bool:
        return not self.skipped and not (self.wraps_html and self.rtf_only and not self.html_tag)

    def character(self, text: str) -> None:
        if self.visible():
            self.out.append(text)

    def bytes_in(self, data: bytes) -> None:
        if self.to_skip:
            taken = min(self.to_skip, len(data))
            self.to_skip -= taken
            data = data[taken:]
        if data and self.visible():
            self.pending += data

    def flush(self) -> None:
        self.to_skip = 0
        if self.pending:
            self.out.append(decode(self.pending, self.codepage)[0])
            self.pending = b""
