"""Was this mail written by a machine, and may it get an automatic answer?

RFC 3834 (Auto-Submitted, null return path), RFC 2369 and 2919 (lists), and the headers that mail systems use
without a standard. A subject such as "Absence du bureau" alone is never enough: clients write such words too.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from portevoix.channels.mail.headers import Headers
from portevoix.channels.mail.words import one_line

LOOP_HEADER = "X-Portevoix-Loop"

_MACHINE_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply",
    "x-autoresponder",
    "x-mail-autoreply",
    "x-vacation",
    "x-ms-exchange-generated-message-source",
    "x-failed-recipients",
    "x-amazon-auto-response",
)
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe", "list-help", "list-subscribe", "list-owner")
_PRECEDENCE = ("bulk", "junk", "list", "auto_reply", "auto-reply")
_VACATION = re.compile(
    r"(?:(?:absen(?:t|te|ce)\b.{0,20}(?:du bureau|bureau|:)|r[ée]ponse automatique|message d['’]absence"
    r"|notification d['’]absence|automatic reply|auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office"
    r"|vacation (?:reply|notice)|i am (?:away|on vacation))\b|\[?ooo\]?\s*:|autosvar|abwesenheits)",
    re.IGNORECASE,
)


def automatic_reason(
    headers: Headers,
    subject: str,
    type_: str,
    report_type: str,
    *,
    null_sender: bool,
    own_lists: Collection[str],
) -> str | None:
    """Why no person wrote this mail, as a short code with the deciding value, or None."""
    if headers.raw(LOOP_HEADER.lower()):
        return "loop"
    submitted = headers.text("auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return f"auto-submitted: {submitted[:40]}"
    if type_ in ("multipart/report", "message/disposition-notification"):
        return f"report: {one_line(report_type) or 'unknown'}"[:60]
    machine = next((name for name in _MACHINE_HEADERS if _is_set(headers.raw(name))), None)
    if machine:
        return machine
    listed = _list_reason(headers, own_lists)
    if listed:
        return listed
    suppress = headers.text("x-auto-response-suppress").lower()
    if any(word in suppress for word in ("all", "oof", "autoreply")):
        return f"x-auto-response-suppress: {suppress[:40]}"
    if null_sender:
        return "null-return-path"
    if is_vacation_subject(subject) and (headers.raw("in-reply-to") or headers.raw("references")):
        return "vacation-subject"
    return None


def _list_reason(headers: Headers, own_lists: Collection[str]) -> str | None:
    """A mailing list or a mass mailing. `own_lists`: list ids of our own addresses (a group mailbox), through
    which clients write to us: these say nothing."""
    list_id = headers.text("list-id").lower()
    if any(own.lower() in list_id for own in own_lists if list_id):
        return None
    name = next((name for name in _LIST_HEADERS if headers.raw(name)), None)
    if name:
        return name
    precedence = headers.raw("precedence").strip().lower()
    return f"precedence: {precedence}" if precedence in _PRECEDENCE else None


def no_answer_reason(headers: Headers, subject: str, sender: str) -> str | None:
    """Why a mail that a person may well have written must get no automatic answer all the same."""
    suppress = headers.raw("x-auto-response-suppress").strip().lower()
    if suppress and suppress != "none":
        return "x-auto-response-suppress"
    if not sender or "@" not in sender:
        return "no-sender"
    local = sender.partition("@")[0].lower()
    if re.match(r"(?:no-?reply|ne-?pas-?repondre|do-?not-?reply|mailer-daemon|postmaster|bounces?)\b", local):
        return "sender-takes-no-answer"
    return "vacation-subject" if is_vacation_subject(subject) else None


def is_vacation_subject(subject: str) -> bool:
    """Weak evidence only. "Re: Réponse automatique" is a person who answers a machine."""
    return _VACATION.match(subject) is not None


def _is_set(value: str) -> bool:
    return value.strip().lower() not in ("", "no", "false", "0", "none")
