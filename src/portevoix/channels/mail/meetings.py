"""The gist of calendar parts (RFC 5545): enough to tell an adviser what is proposed."""

from __future__ import annotations

import re

from portevoix.channels.mail.model import Meeting

_MAX_CHARS = 200_000
_MAX_MEETINGS = 10
_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPE = re.compile(r"\\([\\;,nN])")


def meetings_of(text: str) -> tuple[Meeting, ...]:
    """The events and tasks of one text/calendar part."""
    method = ""
    found: list[Meeting] = []
    current: dict[str, str] | None = None
    nested = 0
    for line in _FOLD.sub("", text[:_MAX_CHARS]).splitlines():
        name, value = _field(line)
        if name == "METHOD":
            method = value.strip().lower()
        elif name == "BEGIN" and value.upper() in ("VEVENT", "VTODO"):
            current, nested = {}, 0
        elif name == "BEGIN" and current is not None:
            nested += 1
        elif name == "END" and current is not None:
            if nested:
                nested -= 1
            else:
                found.append(_meeting(method, current))
                current = None
        elif current is not None and not nested:
            current.setdefault(name, value)
        if len(found) >= _MAX_MEETINGS:
            break
    return tuple(found)


def _field(line: str) -> tuple[str, str]:
    """NAME;PARAM="a:b":VALUE as name and value: the colon that counts stands outside quotation marks."""
    head, colon, value = line.partition(":")
    while colon and head.count('"') % 2:
        more, colon, value = value.partition(":")
        head += ":" + more
        if len(head) > 2000:
            break
    return head.partition(";")[0].strip().upper(), value


def _meeting(method: str, fields: dict[str, str]) -> Meeting:
    def text(name: str) -> str:
        return _ESCAPE.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), fields.get(name, ""))[
            :1000
        ].strip()

    organiser = text("ORGANIZER")
    return Meeting(
        method=method[:40],
        summary=text("SUMMARY"),
        start=text("DTSTART"),
        end=text("DTEND") or text("DUE"),
        place=text("LOCATION"),
        organiser=organiser[7:] if organiser.lower().startswith("mailto:") else organiser,
        uid=text("UID"),
    )
