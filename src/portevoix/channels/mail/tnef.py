"""winmail.dat: the body and the files that Outlook hides in TNEF ([MS-OXTNEF]).

Own reader: the library `tnefparse` cuts the zero bytes off the end of files, loses everything at the first broken
attribute, and a count of four thousand million properties in the data keeps it busy for minutes.
"""

from __future__ import annotations

import mimetypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from portevoix.channels.mail.charsets import clean, decode
from portevoix.channels.mail.rtf import Rtf, decompress_rtf, read_rtf

_SIGNATURE = b"\x78\x9f\x3e\x22"
_BODY, _ATTACH_DATA, _ATTACH_TITLE = 0x800C, 0x800F, 0x8010
_ATTACH_START, _MAPI_PROPS, _ATTACHMENT, _CODEPAGE = 0x9002, 0x9003, 0x9005, 0x9007
_PR_BODY, _PR_HTML, _PR_RTF = 0x1000, 0x1013, 0x1009
_PR_DISPLAY_NAME, _PR_DATA, _PR_FILENAME, _PR_LONG_FILENAME = 0x3001, 0x3701, 0x3704, 0x3707
_PR_MIME_TAG, _PR_CONTENT_ID, _PR_INTERNET_CODEPAGE = 0x370E, 0x3712, 0x3FDE
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_VARIABLE = (0, 13, 30, 31, 258)
_EMBEDDED_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
_MAX_FILES = 500
_MAX_PROPERTIES = 5000
_U32 = struct.Struct("<I")


@dataclass(slots=True)
class TnefFile:
    """One file inside; an attached Outlook message comes out as another winmail.dat."""

    name: str = ""
    type: str = "application/octet-stream"
    content: bytes = b""
    content_id: str | None = None


@dataclass(slots=True)
class Tnef:
    """What was inside; `damaged` when reading stopped before the end."""

    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)
    damaged: bool = False


def is_tnef(content: bytes) -> bool:
    """Told by the content; the type and the name are often wrong."""
    return content[:4] == _SIGNATURE


def open_tnef(content: bytes) -> Tnef | None:
    """The body and files in `content`, or None when it is not TNEF. Never raises: damage ends the reading."""
    if content[:4] != _SIGNATURE:
        return None
    reader = _Reader()
    end = len(content)
    at = 6
    while at + 11 <= end:
        name = int.from_bytes(content[at + 1 : at + 3], "little")
        length = _U32.unpack_from(content, at + 5)[0]
        start = at + 9
        if start + length > end:
            reader.result.damaged = True
        reader.take(name, content[start : start + length])
        at = start + length + 2
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self.result = Tnef()
        self.codepage = "cp1252"
        self.rtf = b""
        self.html = b""
        self.html_codepage: str | None = None

    def take(self, name: int, data: bytes) -> None:
        files = self.result.files
        if name == _ATTACH_START:
            if len(files) < _MAX_FILES:
                files.append(TnefFile())
            else:
                self.result.damaged = True
        elif name == _CODEPAGE and len(data) >= 4:
            self.codepage = f"cp{_U32.unpack_from(data)[0]}"
        elif name == _BODY:
            self.result.text = self.text(data)
        elif name == _MAPI_PROPS:
            self.message_properties(data)
        elif files and name == _ATTACH_TITLE:
            files[-1].name = files[-1].name or self.text(data)
        elif files and name == _ATTACH_DATA:
            files[-1].content = data
        elif files and name == _ATTACHMENT:
            self.file_properties(files[-1], data)

    def text(self, data: bytes) -> str:
        return decode(data.split(b"\x00", 1)[0], self.codepage)[0]

    def message_properties(self, data: bytes) -> None:
        for tag, type_, value in _properties(data, self.result):
            if tag == _PR_BODY:
                self.result.text = self.string(type_, value) or self.result.text
            elif tag == _PR_HTML:
                self.html = value if type_ != 31 else self.string(31, value).encode()
                self.html_codepage = "utf-8" if type_ == 31 else self.html_codepage
            elif tag == _PR_RTF:
                self.rtf = value
            elif tag == _PR_INTERNET_CODEPAGE and len(value) >= 4:
                number = _U32.unpack_from(value)[0]
                self.html_codepage = "utf-8" if number == 65001 else f"cp{number}"

    def file_properties(self, file: TnefFile, data: bytes) -> None:
        names: dict[int, str] = {}
        for tag, type_, value in _properties(data, self.result):
            if tag in (_PR_LONG_FILENAME, _PR_FILENAME, _PR_DISPLAY_NAME):
                names[tag] = self.string(type_, value)
            elif tag == _PR_DATA and value:
                file.content = value[16:] if value.startswith(_EMBEDDED_MESSAGE) else value
            elif tag == _PR_MIME_TAG:
                file.type = self.string(type_, value).lower()[:200] or file.type
            elif tag == _PR_CONTENT_ID:
                file.content_id = self.string(type_, value)[:500] or None
        long_name = names.get(_PR_LONG_FILENAME) or names.get(_PR_FILENAME)
        file.name = long_name or file.name or names.get(_PR_DISPLAY_NAME, "")

    def string(self, type_: int, value: bytes) -> str:
        if type_ == 31:
            return clean(value.decode("utf-16-le", "replace").split("\x00", 1)[0])
        return self.text(value)

    def finish(self) -> Tnef:
        result = self.result
        for file in result.files:
            if file.content[:4] == _SIGNATURE:
                file.type = "application/ms-tnef"
            if file.type == "application/octet-stream":
                file.type = mimetypes.guess_type(file.name)[0] or file.type
        if self.html:
            result.html = decode(self.html, self.html_codepage)[0]
        elif self.rtf:
            rtf: Rtf = read_rtf(decompress_rtf(self.rtf))
            result.html = rtf.html
            result.text = result.text or rtf.text
        return result


def _properties(data: bytes, result: Tnef) -> Iterator[tuple[int, int, bytes]]:
    """(tag, type, value) of a MAPI property list; multi-valued ones give their first value."""
    try:
        yield from _read_properties(data)
    except (struct.error, IndexError):
        result.damaged = True


def _read_properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    u32 = _U32.unpack_from
    count = min(u32(data, 0)[0], _MAX_PROPERTIES)
    at = 4
    for _ in range(count):
        if at >= len(data):
            return
        type_, tag = struct.unpack_from("<HH", data, at)
        at += 4
        if tag >= 0x8000:  # a named property: its GUID, then a number or a name
            kind = u32(data, at + 16)[0]
            at += 20 + (4 if kind == 0 else 4 + _padded(u32(data, at + 20)[0]))
        values = 1
        several = type_ & 0x1000
        type_ &= 0x0FFF
        if several or type_ in _VARIABLE:
            values = u32(data, at)[0]
            at += 4
        first: bytes | None = None
        for _ in range(min(values, len(data))):
            if type_ in _VARIABLE:
                length = u32(data, at)[0]
                at += 4
                value, at = data[at : at + length], at + _padded(length)
            elif type_ in _FIXED:
                size = 2 if several and type_ in (2, 11) else _FIXED[type_]
                value, at = data[at : at + size], at + size
            else:
                return  # an unknown type has an unknown length: nothing behind it can be found
            first = value if first is None else first
            if at > len(data):
                break
        if first is not None:
            yield tag, type_, first


def _padded(length: int) -> int:
    return (length + 3) & ~3
