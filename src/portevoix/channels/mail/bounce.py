"""Mails that say that one of ours did not arrive: RFC 3464 reports, and the usual home-made forms."""

from __future__ import annotations

import re

from portevoix.channels.mail.headers import Headers, parse_head
from portevoix.channels.mail.ids import first_id
from portevoix.channels.mail.model import Bounce, FailedRecipient
from portevoix.channels.mail.words import one_line

_MAX_RECIPIENTS = 100
_MAX_REPORT = 200_000
_SENDER = re.compile(
    r"(?:mailer-daemon|mail-daemon|postmaster|mailerdaemon|bounces?|microsoftexchange[0-9a-f]*)@?",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|delivery (?:status notification|failure|has failed|problem|report)|mail delivery|returned mail|failure notice"
    r"|non remis|non distribu|[ée]chec de (?:la )?(?:remise|distribution|livraison)|message non d[ée]livr|impossible de remettre"
    r"|mail system error|message status|warning: (?:message|could not send)|delayed|retard[ée]",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"delayed|retard[ée]|warning:|will (?:be retried|continue|keep trying)|not yet been delivered",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+='/-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<!\d)([45]\d\d)[ -]")
_BODY_ID = re.compile(
    r"^[ >\t]{0,4}message-id:[ \t]{0,4}(?:\r?\n[ \t]{1,4})?(<[^<>\s]{3,500}>)", re.IGNORECASE | re.MULTILINE
)
_BODY_SUBJECT = re.compile(
    r"^[ >\t]{0,4}(?:subject|objet)[ \xa0]?:[ \t]*([^\r\n]{1,500})", re.IGNORECASE | re.MULTILINE
)


def from_report(status: bytes, original: bytes | None) -> Bounce | None:
    """A bounce from the machine-readable part (RFC 3464) and the returned mail or its header; None when the
    report tells of no failure (a delivery receipt)."""
    recipients: list[FailedRecipient] = []
    for block in _blocks(status[:_MAX_REPORT]):
        action = block.raw("action").strip().lower()
        who = block.raw("original-recipient") or block.raw("final-recipient")
        if not who or action in ("delivered", "relayed", "expanded"):
            continue
        final = block.raw("final-recipient") or who
        recipients.append(
            FailedRecipient(
                address=_typed(final)[:320],
                action=one_line(action)[:40] or "failed",
                status=_status(block.raw("status") + " " + block.raw("diagnostic-code")),
                diagnostic=one_line(_typed(block.raw("diagnostic-code")))[:1000],
            )
        )
    if not recipients:
        return None
    message_id, subject = _original(original)
    permanent = any(r.action == "failed" and not r.status.startswith("4") for r in recipients)
    return Bounce(tuple(recipients[:_MAX_RECIPIENTS]), message_id, subject, permanent, standard=True)


def from_wording(
    headers: Headers,
    sender: str,
    subject: str,
    text: str,
    original: bytes | None,
    *,
    null_sender: bool,
    own: str,
) -> Bounce | None:
    """A bounce without a machine-readable part. Two signs must meet: who sends it, and what it says.

    `own`: the address it was sent to, which is not the one that failed.
    """
    failed_header = headers.text("x-failed-recipients")
    local = sender.partition("@")[0]
    from_daemon = null_sender or _SENDER.fullmatch(local) is not None
    if not failed_header and not (from_daemon and _says_so(subject, text)):
        return None
    told = text[:20_000]
    head, _, _ = _before_original(told)
    addresses = _ADDRESS.findall(failed_header) or [
        a for a in dict.fromkeys(_ADDRESS.findall(head)) if a.lower() not in (own.lower(), sender.lower())
    ]
    permanent = _DELAY.search(subject + "\n" + head[:2000]) is None
    status = (
        _status(head) if _STATUS.search(head) or _CODE.search(head) else ("5.0.0" if permanent else "4.0.0")
    )
    diagnostic = _diagnostic(head)
    message_id, original_subject = _original(original)
    if message_id is None:
        found = _BODY_ID.search(text[:_MAX_REPORT])
        message_id = (
            found.group(1) if found else first_id(headers.raw("in-reply-to") or headers.raw("references"))
        )
    if original_subject is None:
        named = _BODY_SUBJECT.search(text[len(head) : _MAX_REPORT])
        original_subject = one_line(named.group(1)) if named else None
    recipients = tuple(
        FailedRecipient(a[:320], "failed" if permanent else "delayed", status, diagnostic)
        for a in addresses[:5]
    )
    return Bounce(
        recipients, message_id, original_subject, permanent and not status.startswith("4"), standard=False
    )


def _says_so(subject: str, text: str) -> bool:
    return _SUBJECT.search(subject) is not None or text.startswith("Hi. This is the")


def _before_original(text: str) -> tuple[str, str, str]:
    """What the far server says, before the copy of our own mail."""
    for mark in (
        "--- Below this line",
        "------ This is a copy",
        "----- Original message",
        "Received:",
        "Return-Path:",
    ):
        at = text.find(mark)
        if at >= 0:
            return text[:at], mark, text[at:]
    return text, "", ""


def _diagnostic(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return next((line[:1000] for line in lines if _CODE.search(line) or _STATUS.search(line)), "")


def _blocks(status: bytes) -> list[Headers]:
    """The groups of fields of a message/delivery-status: one about the mail, then one for each recipient."""
    blocks: list[Headers] = []
    for chunk in re.split(rb"\r?\n[ \t]*\r?\n", status):
        if chunk.strip():
            headers, _ = parse_head(chunk.strip() + b"\n", 0, len(chunk.strip()) + 1, _MAX_REPORT)
            blocks.append(headers)
        if len(blocks) > _MAX_RECIPIENTS:
            break
    return blocks


def _original(original: bytes | None) -> tuple[str | None, str | None]:
    if not original:
        return None, None
    headers, _ = parse_head(original.lstrip(), 0, len(original.lstrip()), _MAX_REPORT)
    return first_id(headers.raw("message-id")), headers.text("subject")[:500] or None


def _typed(value: str) -> str:
    """`rfc822; marie@exemple.fr` without its type."""
    _, semicolon, rest = value.partition(";")
    return one_line(rest if semicolon else value).strip("<> ")


def _status(text: str) -> str:
    found = _STATUS.search(text)
    if found:
        return found.group()
    code = _CODE.search(text)
    return f"{code.group(1)[0]}.0.0" if code else "5.0.0"
