"""winmail.dat: the body and the files that Outlook hides in TNEF ([MS-OXTNEF])."""
from __future__ import annotations
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class TnefFile:
    name: str
    type: str
    content: bytes

@dataclass(frozen=True, slots=True)
class Tnef:
    text: str
    html: str
    files: tuple[TnefFile, ...]

def is_tnef(type_: str, name: str, content: bytes) -> bool:
    return content[:4] == b"\x78\x9f\x3e\x22"

def open_tnef(content: bytes) -> Tnef | None:
    return None
