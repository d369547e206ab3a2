"""What the client newly wrote, apart from quoted history and signature. Linear in the length of the text.

French and English mail programs first; the marks of German, Spanish, Italian and Portuguese ones where they are
one word each. An answer written between the quoted lines is kept together with them: without the questions it
would make no sense. The result is never empty when the client wrote something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portevoix.channels.mail.signature import split_signature

_MAX_LINES = 20_000
_LONG = 1000  # no attribution line is longer

_QUOTE = re.compile(r"[ \t\xa0]{0,3}>")
_DATE_START = re.compile(
    r"(?:le|on|am|el|il|em|op|den|data|at|mon|tue|wed|thu|fri|sat|sun|\d{1,4}[-/.]\d)(?=[\s\d/.,-])",
    re.IGNORECASE,
)
_ADDRESS_START = re.compile(r"[^@<>]{0,80}<[^<>\s]{1,200}@")
_ATTRIBUTION_END = re.compile(
    r"(?:a[\s\xa0]+(?:é|e\u0301|e)crit|wrote|schrieb(?:[^:]{0,100})|escribi(?:ó|o)|ha scritto|escreveu|schreef)"
    r"[\s\xa0]*:?[\s\xa0]*$",
    re.IGNORECASE,
)
_ATTRIBUTION_WORD = re.compile(r"crit|wrote|schrieb|escribi|scritto|escreveu|schreef", re.IGNORECASE)
_RULER = re.compile(
    r"[-_=*\s]{0,80}(?:message d['’]origine|mail d['’]origine|message initial|message original|mail original"
    r"|original message|original appointment|original-nachricht|ursprüngliche nachricht|mensaje original"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht|reply message|replied message"
    r"|message pr[ée]c[ée]dent)[-_=*\s]{0,80}:?[-_=*\s]{0,80}$",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"[-_=*\s]{0,80}(?:forwarded message|message transf[ée]r[ée]|message r[ée]exp[ée]di[ée]|"
    r"d[ée]but du message (?:r[ée]exp[ée]di[ée]|transf[ée]r[ée])|begin forwarded message|weitergeleitete nachricht)"
    r"[\s:]{0,4}[-_=*\s]{0,80}$",
    re.IGNORECASE,
)
_IS_FORWARD = (-1, -1)
_RULER_STARTS = ("-", "_", "=", "*", ">")
_FORWARD_STARTS = ("-", "_", "=", "*", "b", "B", "d", "D", "w", "W")
_FIELD = re.compile(
    r"[*_>\s]{0,6}(de|from|von|exp[ée]diteur|envoy[ée](?: le)?|sent|date|gesendet|[àa]|to|an|destinataire"
    r"|cc|copie|objet|subject|betreff|sujet)[*_]{0,2}[ \xa0\u202f]{0,2}:[*_]{0,2}(?:\s|$)",
    re.IGNORECASE,
)
_SENDER_FIELDS = frozenset({"de", "from", "von", "expéditeur", "expediteur"})
_MAIL_OF = re.compile(r"> ?(?:Message du|De :|Date :)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Split:
    """`new`, `quoted` and `signature` of a text; `style` tells how the answer was written."""

    new: str
    quoted: str
    signature: str
    style: str  # "alone", "top", "bottom", "interleaved", "forward"


def split(text: str, *, forwarded: bool = False, history_line: int | None = None) -> Split:
    """Split `text`. `forwarded`: the subject says so, and then what follows is what the client wants us to read.
    `history_line`: where the mail program itself marked the history in HTML, if it did."""
    lines = text.split("\n", _MAX_LINES)
    start = None if forwarded else _history_start(lines, history_line)
    new, quoted, style = _cut(lines, start, forwarded or start == _IS_FORWARD)
    body, signature = split_signature(new)
    if not body.strip():
        body, signature = new, ""
    if not body.strip():
        body, quoted, signature, style = text, "", "", "alone"
    return Split(body.strip("\n\r").rstrip(), quoted.strip("\n\r").rstrip(), signature.strip("\n\r"), style)


def _history_start(lines: list[str], hint: int | None) -> tuple[int, int] | None:
    """The first line of the head of the history, and the first line behind that head."""
    for number, line in enumerate(lines):
        if number == hint:
            return number, _head_end(lines, number)
        if ":" not in line and line[:1] not in _RULER_STARTS:  # nearly every line: nothing more to look at
            continue
        if len(line) <= _LONG:
            found = _head_at(lines, number, line.strip())
            if found is not None:
                return found
    return None


def _head_at(lines: list[str], number: int, line: str) -> tuple[int, int] | None:
    """(first line, line behind) of the head of a history to which this line belongs, if it does."""
    if line[:1] in _RULER_STARTS and line:
        if _RULER.match(line):
            return number, _block_end(lines, number + 1)
        if line[0] == ">" and _MAIL_OF.match(line):
            return number, number
    if line[:1] in _FORWARD_STARTS and _FORWARD.match(line):
        return _IS_FORWARD
    if ":" not in line:
        return None
    if _ATTRIBUTION_WORD.search(line):
        before = lines[number - 1].strip()[-100:] if number else ""  # "… a" may stand there, "écrit :" here
        if _ATTRIBUTION_END.search(f"{before} {line[-200:]}"):
            return _attribution(lines, number)
    field = _FIELD.match(line)
    if field and field.group(1).lower() in _SENDER_FIELDS and _is_block(lines, number):
        return number, _block_end(lines, number)
    return None


def _head_end(lines: list[str], number: int) -> int:
    """Behind a place marked in HTML: skip the attribution or header block that stands there."""
    for at in range(number, min(number + 4, len(lines))):
        found = _head_at(lines, at, lines[at].strip()) if len(lines[at]) <= _LONG else None
        if found is not None and found != _IS_FORWARD:
            return found[1]
    return number


def _attribution(lines: list[str], last: int) -> tuple[int, int] | None:
    """`Le … a écrit :` that ends on line `last`: on one line, or wrapped over up to four."""
    joined = ""
    by_address = None
    for number in range(last, max(-1, last - 4), -1):
        line = lines[number].strip().lstrip("> ") if number < last else lines[number].strip()
        if not line or len(line) + len(joined) > _LONG:
            break
        joined = f"{line} {joined}"
        if _DATE_START.match(line) and _is_dated(joined):
            return number, last + 1
        if by_address is None and _ADDRESS_START.match(line):
            by_address = number, last + 1
    return by_address


def _is_dated(line: str) -> bool:
    """An attribution names a date or an address; "le maire m'a écrit :" in running text does not."""
    return any(c.isdigit() for c in line) or "@" in line


def _is_block(lines: list[str], number: int) -> bool:
    """De : / Envoyé : / À : / Objet : - at least two more fields in the next lines."""
    names = set()
    for line in lines[number : number + 12]:
        field = _FIELD.match(line) if len(line) <= 5000 else None
        if field:
            names.add(field.group(1).lower())
    return len(names) >= 3


def _block_end(lines: list[str], number: int) -> int:
    """Behind the header block that begins here (after blank lines), or `number` where there is none."""
    at = number
    while at < len(lines) and at < number + 3 and not lines[at].strip():
        at += 1
    seen = 0
    while at < len(lines) and at < number + 25 and lines[at].strip() and len(lines[at]) <= 5000:
        if _FIELD.match(lines[at]):
            seen += 1
        elif not seen:
            break
        at += 1
    return at if seen else number


def _cut(lines: list[str], start: tuple[int, int] | None, forwarded: bool) -> tuple[str, str, str]:
    whole = "\n".join(lines)
    if forwarded:
        return whole, "", "forward"
    head_at, tail_at = start if start is not None else (_first_quote(lines), -1)
    if head_at < 0:
        return whole, "", "alone"
    tail_at = head_at if tail_at < 0 else tail_at
    top = lines[:head_at]
    tail = lines[tail_at:]
    if not any(_QUOTE.match(line) for line in tail):  # a history without ">" (Outlook) runs to the end
        return ("\n".join(top), "\n".join(lines[head_at:]), "top") if _says(top) else (whole, "", "alone")
    return _cut_marked(lines, head_at, tail_at, tail)


def _cut_marked(lines: list[str], head_at: int, tail_at: int, tail: list[str]) -> tuple[str, str, str]:
    """History marked with ">": what stands between or below the marked lines was written by the client."""
    top = lines[:head_at]
    last_quote = max(i for i, line in enumerate(tail) if _QUOTE.match(line))
    between = _unmarked(tail[:last_quote])
    below = tail[last_quote + 1 :]
    if between:
        return "\n".join(lines), "", "interleaved"
    quoted = "\n".join(lines[head_at : tail_at + last_quote + 1])
    body, signature = split_signature("\n".join(below))
    if body.strip():
        new = "\n".join((*top, *below)) if _says(top) else "\n".join(below)
        return new, quoted, "bottom"
    if _says(top):
        return "\n".join(top), quoted + ("\n" + signature if signature.strip() else ""), "top"
    return "\n".join(lines), "", "alone"


def _unmarked(lines: list[str]) -> bool:
    """Is there text of the client between the quoted lines? A single line right behind a quoted one may be the
    rest of a line that a mail program wrapped, so one short line does not count."""
    started = False
    for number, line in enumerate(lines):
        if _QUOTE.match(line):
            started = True
        elif started and line.strip():
            follows_quote = bool(_QUOTE.match(lines[number - 1]))
            next_is_quote = number + 1 < len(lines) and bool(_QUOTE.match(lines[number + 1]))
            if not (follows_quote and next_is_quote and len(line) < 25 and len(lines[number - 1]) > 60):
                return True
    return False


def _first_quote(lines: list[str]) -> int:
    return next((i for i, line in enumerate(lines) if _QUOTE.match(line)), -1)


def _says(lines: list[str]) -> bool:
    """Do these lines say anything besides a signature?"""
    return any(line.strip(" \t\xa0\r*_-") for line in lines)
