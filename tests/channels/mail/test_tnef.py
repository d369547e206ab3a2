"""winmail.dat built byte by byte: body and files come out, damage is told."""

from __future__ import annotations

import base64
import struct

from hypothesis import given
from hypothesis import strategies as st

from portevoix.channels.mail.rtf import decompress_rtf, read_rtf
from portevoix.channels.mail.tnef import open_tnef
from portevoix.channels.mail.understand import extract, read


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def prop(type_: int, tag: int, value: bytes) -> bytes:
    return struct.pack("<HHII", type_, tag, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def props(*items: bytes) -> bytes:
    return struct.pack("<I", len(items)) + b"".join(items)


def wide(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


PDF = b"%PDF-1.4 fin\0\0\0"  # zero bytes at the end belong to the file
HTML = "<p>Bonjour, voici le relevé</p>"
WINMAIL = (
    b"\x78\x9f\x3e\x22\x01\x00"
    + attribute(1, 0x9007, struct.pack("<II", 1252, 0))
    + attribute(1, 0x9003, props(struct.pack("<HHI", 3, 0x3FDE, 65001), prop(258, 0x1013, HTML.encode())))
    + attribute(2, 0x9002, b"\0" * 14)
    + attribute(2, 0x8010, b"RELEVE~1.PDF\0")
    + attribute(2, 0x800F, PDF)
    + attribute(2, 0x9005, props(prop(31, 0x3707, wide("relevé de notes.pdf"))))
)
RTF = (
    b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 "
    b"Voil\\'e0 \\u8364?\\htmlrtf\\par}\\htmlrtf0 {\\*\\htmltag72 </p>}}"
)


def uncompressed(rtf: bytes) -> bytes:
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def test_body_and_file_come_out():
    raw = (
        b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(WINMAIL)
    )
    mail = read(raw)
    assert mail.text == "Bonjour, voici le relevé"
    assert [(a.name, a.type, a.size) for a in mail.attachments] == [
        ("relevé de notes.pdf", "application/pdf", len(PDF))
    ]
    assert extract(raw, mail.attachments[0].part) == PDF
    assert "tnef-broken" not in mail.problems


def test_html_wrapped_in_rtf():
    assert read_rtf(RTF).html == "<p>Voilà €</p>"
    winmail = b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x9003, props(prop(258, 0x1009, uncompressed(RTF))))
    assert open_tnef(winmail).html == "<p>Voilà €</p>"


def test_compressed_rtf_of_the_specification():
    """The two worked examples of [MS-OXRTFCP] 4.1: a plain stream, and one whose reference runs into itself."""
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompress_rtf(simple) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompress_rtf(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@given(st.integers(0, len(WINMAIL)), st.binary(max_size=8))
def test_damage_never_raises(at, junk):
    opened = open_tnef(WINMAIL[:at] + junk + WINMAIL[at + len(junk) :])
    assert opened is None or len(opened.files) <= 500
    open_tnef(WINMAIL[:at])


def test_a_cut_file_is_told():
    assert open_tnef(WINMAIL[:-40]).damaged


def test_what_cannot_be_opened_stays_as_it_came():
    for content in (WINMAIL[:6], WINMAIL[:-40]):
        mail = read(
            b"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(content)
        )
        assert "tnef-broken" in mail.problems
        assert mail.attachments[0].size == len(content)
