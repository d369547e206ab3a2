"""The signature at the end of a text: "-- ", and what telephones and web mails add by themselves."""

from __future__ import annotations

import re

_MAX_SIGNATURE_LINES = 40
_DASHES = re.compile(r"--[ \t\xa0]?\r?$")
_DEVICE = re.compile(
    r"[*_\s]{0,4}(?:envoy[ée]e? (?:de|depuis|par|avec|à partir d[eu’']|a partir d[eu’'])|t[ée]l[ée]charge[zr] outlook"
    r"|obtenez outlook|sent (?:from|via|with|using)|get outlook|provenance\s?: courrier|sent by my"
    r"|envoy[ée] de mon|von meinem|enviado desde|inviato da|gesendet von|yahoo mail\s?: )",
    re.IGNORECASE,
)
# Words that make "Envoyé de …" a device line rather than a sentence of the client.
_DEVICE_WORD = re.compile(
    r"iphone|ipad|android|samsung|galaxy|huawei|xiaomi|redmi|oppo|honor|t[ée]l[ée]phone|smartphone|mobile|portable"
    r"|tablette|phone|outlook|courrier|mail\b|yahoo|gmail|proton|orange|sfr|bouygues|free|laposte|thunderbird"
    r"|blackberry|windows|app\b|appareil|device|mon pixel|my pixel",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_\-=*]{5,80}\s*$")


def split_signature(text: str) -> tuple[str, str]:
    """`text` as (body, signature); the signature is empty where none is surely one."""
    lines = text.split("\n")
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    dashes = _dashes_at(lines, last)
    if dashes is not None:
        device = _device_at(lines, dashes)
        at = device if device is not None else dashes
        return "\n".join(lines[:at]), "\n".join(lines[at:])
    device = _device_at(lines, last)
    if device is None:
        return text, ""
    return "\n".join(lines[:device]), "\n".join(lines[device:])


def _dashes_at(lines: list[str], last: int) -> int | None:
    """The first "-- " line near the end (RFC 3676 4.3); some programs drop the space."""
    for number in range(max(0, last - _MAX_SIGNATURE_LINES), last):
        if len(lines[number]) <= 4 and _DASHES.match(lines[number]):
            return number
    return None


def _device_at(lines: list[str], last: int) -> int | None:
    """A device line among the last few lines that say something, with the rule or blank lines above it."""
    seen = 0
    for number in range(last - 1, max(-1, last - 12), -1):
        line = lines[number]
        if not line.strip():
            continue
        seen += 1
        if seen > 4:
            return None
        if len(line) <= 200 and _DEVICE.match(line) and _DEVICE_WORD.search(line):
            above = number
            while above and (not lines[above - 1].strip() or _RULE.match(lines[above - 1][:100])):
                above -= 1
            return above
    return None
