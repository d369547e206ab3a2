"""From the parts of a mail to what is read and what is kept as a file."""

from __future__ import annotations

import html as stdlib_html
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from portevoix.channels.mail import files
from portevoix.channels.mail.charsets import decode
from portevoix.channels.mail.headers import Headers, parse_head, parse_params
from portevoix.channels.mail.html import convert, words_of
from portevoix.channels.mail.meetings import meetings_of
from portevoix.channels.mail.model import Attachment, Meeting
from portevoix.channels.mail.structure import Outline, Part
from portevoix.channels.mail.tnef import Tnef, is_tnef, open_tnef
from portevoix.channels.mail.transfer import decode_transfer

_READABLE = frozenset(
    [
        "text/plain",
        "text/html",
        "text/enriched",
        "text/richtext",
        "text/markdown",
        "text/x-markdown",
        "text/amp",
    ]
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,3}=\s{0,3}[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_WORD = re.compile(r"\w+")
_LINK = re.compile(r"https?://\S+|mailto:\S+|\[(?:image|cid):[^\]]{0,200}\]")
_MIME_NOTICE = re.compile(rb"mime|multi-?part", re.IGNORECASE)
_PGP_BEGIN = "-----BEGIN PGP "
MAX_LOOSE = 100_000
_MAX_COMPARED = 1_000_000  # characters; beyond, the plain form is taken as it is


@dataclass(slots=True)
class Piece:
    """One readable stretch of a mail, in one or two forms of the same words."""

    plain: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Body:
    """What was gathered from all parts."""

    pieces: list[Piece] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    problems: dict[str, None] = field(default_factory=dict)
    signed: str | None = None
    encrypted: str | None = None
    report_status: bytes | None = None
    returned: bytes | None = None  # the mail (or its header) that a bounce gives back
    attached_mail: tuple[int, int] | None = None


def content_of(found: Outline, part: Part) -> tuple[bytes, str | None]:
    """The decoded bytes of a leaf, with a problem code when its coding was broken."""
    coding = part.headers.raw("content-transfer-encoding")
    return decode_transfer(found.raw[part.start : part.end], coding)


def gather(found: Outline) -> Body:
    """Read every part of a mail once."""
    body = Body(problems=dict.fromkeys(found.problems))
    body.pieces = _Gatherer(found, body).read(found.root)
    _read_loose(found, body)
    return body


class _Gatherer:
    def __init__(self, found: Outline, body: Body) -> None:
        self.found = found
        self.body = body
        self.texts = 0

    def read(self, part: Part) -> list[Piece]:
        """The pieces below `part`. Recursion is as deep as parts may nest, which is limited."""
        if not part.type.startswith("multipart/") or not part.children:
            return self.leaf(part)
        self.note_protection(part)
        below = [self.read(child) for child in part.children]
        if part.type == "multipart/alternative":
            return _alternatives([piece for pieces in below for piece in pieces])
        return [piece for pieces in below for piece in pieces]

    def note_protection(self, part: Part) -> None:
        protocol = part.params.get("protocol", "").lower()
        if part.type == "multipart/signed":
            self.body.signed = "pgp" if "pgp" in protocol else "smime"
        elif part.type == "multipart/encrypted":
            self.body.encrypted = "pgp"

    def leaf(self, part: Part) -> list[Piece]:
        disposition, params = parse_params(part.headers.raw("content-disposition"))
        name = files.name_of(part, params)
        content, problem = content_of(self.found, part)
        if problem:
            self.body.problems[problem] = None
        if self.is_text(part, disposition, name):
            self.texts += 1
            return self.text(part, content)
        return self.file(part, content, name, disposition)

    def is_text(self, part: Part, disposition: str, name: str) -> bool:
        if part.type not in _READABLE and not (
            part.type.startswith("text/") and not disposition and not name
        ):
            return False
        if part.type in ("text/calendar", "text/rfc822-headers", "text/vcard", "text/x-vcard", "text/rtf"):
            return False
        if disposition == "attachment":
            return False
        # A few programs give their only text a name; a second named text is a file.
        return not name or (not disposition and not self.texts)

    def text(self, part: Part, content: bytes) -> list[Piece]:
        label = part.params.get("charset")
        if part.type == "text/html":
            if not label and (declared := _META_CHARSET.search(content[:2000])):
                label = declared.group(1).decode("ascii")
            return [Piece(html=self.decoded(content, label))]
        text = self.decoded(content, label)
        if part.type in ("text/enriched", "text/richtext"):
            return [Piece(plain=convert(text.replace("\n\n", "<br>").replace("<<", "&lt;")).text)]
        if part.params.get("format", "").lower() == "flowed":
            text = _unflow(text, part.params.get("delsp", "").lower() == "yes")
        if _PGP_BEGIN in text:
            self.note_inline_pgp(text)
        return [Piece(plain=text)]

    def decoded(self, content: bytes, label: str | None) -> str:
        text, problem = decode(content, label)
        if problem:
            self.body.problems[problem] = None
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def note_inline_pgp(self, text: str) -> None:
        if "-----BEGIN PGP MESSAGE-----" in text:
            self.body.encrypted = "pgp"
        elif "-----BEGIN PGP SIGNED MESSAGE-----" in text:
            self.body.signed = "pgp"

    def file(self, part: Part, content: bytes, name: str, disposition: str) -> list[Piece]:
        path = part.path or "0"
        if not content and not part.path and not name:
            return []  # an empty mail is not a file
        if is_tnef(content):
            return self.tnef(content, name, path)
        self.note_special(part, content, name)
        if part.type in ("message/rfc822", "message/global"):
            name = name or files.safe_name(_inner_subject(content) + ".eml")
        cid = part.headers.raw("content-id").strip().strip("<>")[:500] or None
        inline = disposition != "attachment" and cid is not None and part.type.startswith("image/")
        self.body.attachments.append(
            files.attachment(
                content, name, part.type, path, inline=inline or disposition == "inline", content_id=cid
            )
        )
        return []

    def note_special(self, part: Part, content: bytes, name: str) -> None:
        body, type_ = self.body, part.type
        if type_ == "text/calendar" or name.lower().endswith(".ics"):
            body.meetings.extend(meetings_of(decode(content, part.params.get("charset") or "utf-8")[0]))
        elif type_ in ("message/delivery-status", "message/global-delivery-status"):
            body.report_status = content
        elif type_ in ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"):
            body.returned = content
            if type_ in ("message/rfc822", "message/global") and body.attached_mail is None:
                body.attached_mail = (part.start, part.end)
        elif type_ in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            if "signed" in part.params.get("smime-type", "").lower() or name.lower().endswith(".p7s"):
                body.signed = body.signed or "smime"
            else:
                body.encrypted = body.encrypted or "smime"

    def tnef(self, content: bytes, name: str, path: str) -> list[Piece]:
        opened = open_tnef(content) or Tnef(damaged=True)
        if opened.damaged or not (opened.files or opened.html or opened.text):
            # What could not be opened, or not to its end, also stays as it came.
            self.body.problems["tnef-broken"] = None
            self.body.attachments.append(
                files.attachment(content, name or "winmail.dat", "application/ms-tnef", path)
            )
        for number, inner in enumerate(opened.files, 1):
            inner_name = files.safe_name(inner.name)
            self.body.attachments.append(
                files.attachment(
                    inner.content,
                    inner_name,
                    inner.type,
                    f"{path}.tnef.{number}",
                    content_id=inner.content_id,
                )
            )
        if opened.html or opened.text:
            return [Piece(plain=opened.text or None, html=opened.html or None)]
        return []


def _alternatives(pieces: list[Piece]) -> list[Piece]:
    """Several forms of the same words become one piece."""
    plains = [p.plain for p in pieces if p.plain is not None]
    htmls = [p.html for p in pieces if p.html is not None]
    if not plains and not htmls:
        return []
    return [Piece("\n".join(plains) if plains else None, "\n".join(htmls) if htmls else None)]


def readable(body: Body) -> tuple[str, str | None, int | None]:
    """(text, html, history line) of all pieces together."""
    pieces = body.pieces
    if len(pieces) == 1:
        plain, hint = _text_of(pieces[0], body.problems)
        return plain, pieces[0].html, hint
    text = "\n\n".join(t for t in (_text_of(piece, body.problems)[0] for piece in pieces) if t.strip())
    if not any(piece.html for piece in pieces):
        return text, None, None
    return text, "\n".join(_html_of(piece) for piece in pieces), None


def _html_of(piece: Piece) -> str:
    if piece.html is not None:
        return piece.html
    return (
        f"<pre>{stdlib_html.escape(piece.plain or '')}</pre>" if piece.plain and piece.plain.strip() else ""
    )


def _text_of(piece: Piece, problems: dict[str, None]) -> tuple[str, int | None]:
    """The plain form when it says what the HTML says; the HTML form when it says more; else the plain
    form and the lines of the HTML that say something else: no word is lost and nothing stands there twice."""
    plain = piece.plain.strip("\n") if piece.plain else ""
    if piece.html is None:
        return plain, None
    if not plain or plain.isspace():
        converted = convert(piece.html)
        return converted.text, converted.history_line
    if len(piece.html) > _MAX_COMPARED or len(plain) > _MAX_COMPARED:
        return plain, None
    if set(plain.split()).issuperset(words_of(piece.html)):  # the cheap look, right for nearly every mail
        return plain, None
    converted = convert(piece.html)
    plain_words, html_words = set(_WORD.findall(plain)), set(_WORD.findall(converted.text))
    missing = html_words - plain_words
    if not missing:
        return plain, None
    if set(_WORD.findall(_LINK.sub("", plain))) <= html_words:
        return converted.text, converted.history_line
    if len(missing) > 3 + len(html_words) // 10:
        problems["alternatives-differ"] = None
    lines = (line for line in converted.text.split("\n") if not missing.isdisjoint(_WORD.findall(line)))
    return plain + "\n\n" + "\n".join(lines), None


def _unflow(text: str, delsp: bool) -> str:
    """format=flowed (RFC 3676): a line that ends in a space goes on in the next of the same quote depth."""
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        content = bare.removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        kept = content[:-1] if flows and delsp else content
        if open_depth == depth and content != "-- ":
            out.append(kept)
        else:
            out.append(("\n" if out else "") + (">" * depth + " " if depth else "") + kept)
        open_depth = depth if flows else -1
    return "".join(out)


def _inner_subject(content: bytes) -> str:
    headers, _ = parse_head(content.lstrip(), 0, len(content), 100_000)
    return headers.text("subject")[:100] or "message"


def _read_loose(found: Outline, body: Body) -> None:
    """Text before the first and behind the last part belongs to nobody; shown when it says something."""
    for number, (start, end) in enumerate(found.loose):
        data = found.raw[start : min(end, start + MAX_LOOSE)].strip()
        if not data or (number == 0 and _MIME_NOTICE.search(data[:1000])):
            continue
        body.problems["text-outside-parts"] = None
        text = decode(data, None)[0].replace("\r\n", "\n")
        piece = Piece(plain=text)
        body.pieces.insert(0, piece) if number == 0 else body.pieces.append(piece)


def inner_text(found: Outline, body: Body, read: Callable[[bytes], tuple[Headers, str]]) -> str:
    """For a mail that says nothing itself and only carries another one: the words of that other mail."""
    if body.attached_mail is None:
        return ""
    headers, text = read(found.raw[body.attached_mail[0] : body.attached_mail[1]])
    lines = [
        f"{name}: {headers.text(name.lower())}"
        for name in ("From", "Date", "Subject")
        if headers.raw(name.lower())
    ]
    return "\n".join((*lines, "", text)).strip()
