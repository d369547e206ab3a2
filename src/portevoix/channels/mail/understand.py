"""Understand a mail: any bytes in, one `Mail` out, never an exception and always within bounded time.

mail = understand(raw)
content = extract(raw, mail.attachments[0].part)
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from portevoix.channels.mail import bounce as bounces
from portevoix.channels.mail.addresses import parse_addresses
from portevoix.channels.mail.authentication import authentication_results
from portevoix.channels.mail.automatic import automatic_reason, no_answer_reason
from portevoix.channels.mail.body import Body, content_of, gather, inner_text, readable
from portevoix.channels.mail.charsets import clean, decode
from portevoix.channels.mail.headers import Headers
from portevoix.channels.mail.ids import first_id, ids, message_id
from portevoix.channels.mail.language import language_of
from portevoix.channels.mail.limits import DEFAULT, Limits
from portevoix.channels.mail.model import Address, Bounce, Mail
from portevoix.channels.mail.quoting import split
from portevoix.channels.mail.structure import outline
from portevoix.channels.mail.tnef import open_tnef

_FORWARDED = re.compile(r"\s*(?:fwd?|tr|tf|i|wg|rv|enc)\s?:", re.IGNORECASE)
_NOBODY = Address("", "")
_SINGLE = ("from", "subject", "date", "message-id", "content-type", "reply-to")
_MAX_SUBJECT = 2000


def understand(
    raw: bytes,
    *,
    limits: Limits = DEFAULT,
    trusted: Collection[str] = (),
    return_path: str | None = None,
    own_lists: Collection[str] = (),
) -> Mail:
    """What `raw` says.

    `trusted`: names of our own receiving servers, whose Authentication-Results count.
    `return_path`: the envelope sender when known; "" is the null sender of RFC 5321 4.5.5.
    `own_lists`: list ids of group mailboxes of ours, whose list headers do not make a mail automatic.
    """
    try:
        return read(raw, limits, trusted, return_path, own_lists)
    except Exception as error:  # noqa: BLE001 - the last net: one bad mail never holds up the next
        return _not_understood(raw, error)


def read(
    raw: bytes,
    limits: Limits = DEFAULT,
    trusted: Collection[str] = (),
    return_path: str | None = None,
    own_lists: Collection[str] = (),
) -> Mail:
    """As `understand`, without its net: what it may raise is a defect of ours. For tests and fuzzers."""
    found = outline(raw, limits)
    headers, body = found.root.headers, gather(found)
    text, html, history_line = readable(body)
    if not text.strip() and body.attached_mail is not None:
        text = inner_text(found, body, lambda inner: _inner(inner, limits))
    subject = _subject(headers, body)
    from_ = _from(headers, body)
    to = _addresses(headers, "to")
    forwarded = _FORWARDED.match(subject) is not None
    parts = split(text, forwarded=forwarded, history_line=history_line)
    null_sender = return_path == "" or (return_path is None and headers.raw("return-path").strip() == "<>")
    bounce = _bounce(headers, body, from_, to, subject, text, null_sender)
    reason = automatic_reason(
        headers,
        subject,
        found.root.type,
        found.root.params.get("report-type", "").lower(),
        null_sender=null_sender,
        own_lists=own_lists,
    )
    _note_repeats(headers, body)
    return Mail(
        from_=from_,
        reply_to=_addresses(headers, "reply-to"),
        to=to,
        cc=_addresses(headers, "cc"),
        subject=subject,
        date=_date(headers, body),
        text=text,
        new_text=parts.new,
        quoted_text=parts.quoted,
        signature=parts.signature,
        html=html,
        attachments=tuple(body.attachments),
        message_id=message_id(headers.raw("message-id") or headers.raw("message-id:")),
        in_reply_to=first_id(headers.raw("in-reply-to")),
        references=ids(" ".join(headers.all("references"))),
        automatic="bounce" if bounce is not None else reason,
        no_answer=no_answer_reason(headers, subject, from_.address),
        bounce=bounce,
        meetings=tuple(body.meetings[:10]),
        signed=body.signed,
        encrypted=body.encrypted,
        language=language_of(parts.new) or language_of(text) or _declared_language(headers),
        authentication=authentication_results(headers, trusted),
        priority=_priority(headers),
        forwarded=forwarded or parts.style == "forward",
        problems=tuple(body.problems),
    )


def extract(raw: bytes, part: str, *, limits: Limits = DEFAULT) -> bytes:
    """The bytes of the attachment at `part`; `limits` must be those with which the mail was understood.

    Raises KeyError when the mail has no such part.
    """
    found = outline(raw, limits)
    path, _, inner = part.partition(".tnef.")
    for candidate in found.root.walk():
        if (candidate.path or "0") == path and not candidate.children:
            content, _ = content_of(found, candidate)
            if not inner:
                return content
            opened = open_tnef(content)
            if opened is not None and inner.isdecimal() and 0 < int(inner) <= len(opened.files):
                return opened.files[int(inner) - 1].content
    raise KeyError(part)


def _inner(raw: bytes, limits: Limits) -> tuple[Headers, str]:
    found = outline(raw, limits)
    return found.root.headers, readable(gather(found))[0]


def _addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    return parse_addresses(", ".join(headers.all(name)))


def _from(headers: Headers, body: Body) -> Address:
    found = _addresses(headers, "from")
    if len(found) > 1:
        body.problems["from-several"] = None
        return next((a for a in found if a.address), found[0])
    if found and found[0].address:
        if "@" not in found[0].address:
            body.problems["from-broken"] = None
        return found[0]
    body.problems["from-broken" if headers.raw("from") else "from-missing"] = None
    for name in ("sender", "reply-to", "return-path"):
        other = next((a for a in _addresses(headers, name) if a.address), None)
        if other:
            return Address(found[0].name if found else other.name, other.address)
    return found[0] if found else _NOBODY


def _subject(headers: Headers, body: Body) -> str:
    subject = headers.text("subject")
    if len(subject) > _MAX_SUBJECT:
        body.problems["subject-cut"] = None
        return subject[:_MAX_SUBJECT]
    return subject


def _date(headers: Headers, body: Body) -> datetime | None:
    """The Date header in UTC; one without a zone counts as UTC."""
    value = headers.text("date")[:200]
    if not value:
        body.problems["date-missing"] = None
        return None
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        body.problems["date-broken"] = None
        return None


def _bounce(
    headers: Headers,
    body: Body,
    from_: Address,
    to: tuple[Address, ...],
    subject: str,
    text: str,
    null_sender: bool,
) -> Bounce | None:
    if body.report_status is not None:
        found = bounces.from_report(body.report_status, body.returned)
        if found is not None or b"action:" in body.report_status[:100_000].lower():
            return found  # a readable report that tells of no failure is none, whatever its wording
    own = to[0].address if to else ""
    return bounces.from_wording(
        headers, from_.address, subject, text, body.returned, null_sender=null_sender, own=own
    )


def _priority(headers: Headers) -> str | None:
    number = headers.raw("x-priority").strip()[:1]
    word = (
        (headers.raw("importance") or headers.raw("x-msmail-priority") or headers.raw("priority"))
        .strip()
        .lower()
    )
    if number in ("1", "2") or word in ("high", "urgent"):
        return "high"
    return "low" if number in ("4", "5") or word in ("low", "non-urgent") else None


def _declared_language(headers: Headers) -> str | None:
    declared = headers.raw("content-language").strip().lower()[:2]
    return declared if declared.isascii() and declared.isalpha() and len(declared) == 2 else None


def _note_repeats(headers: Headers, body: Body) -> None:
    """A header that may stand once stands twice: programs then disagree, which forgers use."""
    for name in _SINGLE:
        if len(headers.all(name)) > 1:
            body.problems[f"header-twice: {name}"] = None


def _not_understood(raw: bytes, error: Exception) -> Mail:
    text = clean(decode(raw[:100_000], None)[0])
    return Mail(
        from_=_NOBODY, reply_to=(), to=(), cc=(), subject="", date=None, text=text, new_text=text, quoted_text="",
        signature="", html=None, attachments=(), message_id=None, in_reply_to=None, references=(), automatic=None,
        no_answer="not-understood", bounce=None, meetings=(), signed=None, encrypted=None, language=None,
        authentication=(), priority=None, forwarded=False, problems=(f"not-understood: {type(error).__name__}",),
    )  # fmt: skip
