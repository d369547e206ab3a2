"""Acknowledging receipt (CRPA L.112-11): once for each conversation that a person opens by mail.

Follows the log, so that intake owes nothing to it and a crash repeats nothing: the acknowledgement's row has the
conversation in its key. Never to a machine, a list, a bounce, a forged sender or one of our own doors (RFC 3834), and at
most three automatic mails an hour to one address, whatever loops (RELIABILITY.md F36).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg

from portevoix.actions import filing, letters
from portevoix.channels.mail import identity, receipt
from portevoix.channels.mail.compose import BadAddress, Letter, Recipient, ascii_address, compose
from portevoix.domain.answers import fill, reference, without
from portevoix.domain.contacts.events import Acknowledged, ContactReceived
from portevoix.domain.lines import acknowledgement as law
from portevoix.store import log
from portevoix.store import messages as store
from portevoix.store.log import About, Cursor

if TYPE_CHECKING:
    from datetime import datetime

    from portevoix.store.db import Connection

_log = logging.getLogger(__name__)

READER: Final = "acknowledger"
AN_HOUR: Final = 3  # automatic mails to one address
#: Older arrivals get none any more: the ten working days of R.112-11-1 are over, or history was brought in.
TOO_OLD: Final = timedelta(days=15)

_SILENCE: Final = {"accept": law.Silence.ACCEPTANCE, "reject": law.Silence.REJECTION}


def follow(conn: Connection, *, secret: bytes, domain: str, at: datetime, limit: int = 500) -> list[int]:
    """Read on in the log and acknowledge what is owed. Gives the messages made.

    Each is committed by itself, the place in the log after them all: a crash repeats events, not mails.
    """
    begun = log.load_cursor(conn, READER) or Cursor()
    follower = log.Follower(begun)
    made = []
    for told in follower.news(conn, limit=limit):
        if not isinstance(told.event, ContactReceived) or told.at < at - TOO_OLD:
            continue
        try:
            message_id = _acknowledge(conn, told.event, secret, domain, at, told.at)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - one that cannot be acknowledged must not hold up the others
            _log.exception("conversation %s: not acknowledged", told.conversation_id)
            continue
        if message_id is not None:
            made.append(message_id)
    if follower.safe != begun:
        log.save_cursor(conn, READER, follower.safe)
    return made


def _acknowledge(
    conn: Connection,
    event: ContactReceived,
    secret: bytes,
    domain: str,
    at: datetime,
    received: datetime,
) -> int | None:
    if event.message_id is None or event.carries is not None or event.channel != "mail":
        return None
    with conn.transaction():
        first = store.one(
            conn, "owed", message_id=event.message_id, since=received - timedelta(hours=1)
        )  # not from now: read again later, no is still no
        if first is None or first["recent"] >= AN_HOUR or not _wants(first):
            return None
        place = store.one(conn, "conversation", id=first["conversation_id"])
        source_id = f"ack:{first['conversation_id']}"
        if place is None or place["door"] is None or place["id"] != first["conversation_id"]:
            return None
        if store.one(conn, "by_token", conversation_id=place["id"], source_id=source_id):
            return None
        return _write(conn, place, first, source_id, secret, domain, at)


def _wants(first: dict[str, Any]) -> bool:
    facts = first["facts"]
    if any(facts.get(key) for key in ("no_answer", "automatic", "bounce", "stranger")):
        return False
    dmarc = [one for one in facts.get("authentication") or [] if one.get("method") == "dmarc"]
    if any(one.get("trusted") and one.get("result") == "fail" for one in dmarc):
        return False
    try:
        ascii_address(first["sender"])
    except BadAddress:
        return False
    return True


def content(place: dict[str, Any], line: dict[str, Any], received: datetime) -> law.Acknowledgement:
    """What the law asks to be said, for a mail that the line received then."""
    silence = _SILENCE.get(line["silence"], law.Silence.NONE)
    matter = law.Matter.INFORMATION if silence is law.Silence.NONE else law.Matter.REQUEST
    return law.compose(
        reference(place["id"]),
        letters.local(place, received).date(),
        law.Service(
            line["service_name"] or place["line_name"],
            line["service_address"],
            place["door"],
            line["service_phone"],
        ),
        law.Procedure(matter, silence, line["silence_months"], line["appeal_text"]),
    )


def _write(
    conn: Connection,
    place: dict[str, Any],
    first: dict[str, Any],
    source_id: str,
    secret: bytes,
    domain: str,
    at: datetime,
) -> int:
    language = "en" if first["facts"].get("language") == "en" else place["language"]
    ack = content(place, first, first["at"])
    values = letters.values(place, "", at)
    own, missing = fill(first["ack_text"] or "", values)
    words = receipt.text(ack, language, without(own, missing) if place["language"] == language else "")
    message_id = filing.next_id(conn)
    letter = Letter(
        message_id=identity.message_id(secret, place["id"], message_id, domain),
        sender=place["door"],
        sender_name=place["sender_name"] or place["line_name"],
        reply_to=identity.reply_address(secret, place["id"], place["door"]) if place["reply_token"] else None,
        # Without the name that came with it: whoever forged the sender would have us hand a line of theirs to the victim.
        recipients=[Recipient(first["sender"], "")],
        subject=receipt.subject(ack, language),
        text=words,
        date=letters.local(place, at),
        in_reply_to=first["external_id"],
        references=letters.references(first),
        language=language,
        automatic="auto-replied",
    )
    lacking = law.missing_mentions(ack)
    facts: dict[str, Any] = {"automatic": "acknowledgement"}
    if lacking:
        facts["warnings"] = ["acknowledgement-incomplete", *lacking]
    filing.add(
        conn, place, message_id, kind="automatic", letter=letter, typed=words, files=[], author_id=None,
        source_id=source_id, facts=facts, at=at,
    )  # fmt: skip
    filing.put(conn, message_id, compose(letter), state="due", at=at, not_before=at)
    about = About(place["contact_id"], place["id"], place["line_id"], None)
    log.append(conn, Acknowledged(message_id=message_id), about, at)
    return message_id
