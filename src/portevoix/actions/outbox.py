"""What leaves: claimed under a lease, handed to the relay, the result written by who still holds the lease.

**Never twice** is held by four things. (1) The message, its bytes and its Message-ID are one transaction, so a form
posted twice or a page killed half way makes one row. (2) A claim is one conditional statement that sets a fresh
lease (a fencing token); a mail is with one worker at a time. (3) Right before the mail's bytes go to the relay the
lease is asked for once more and made longer than the relay may take to answer: a worker that was stopped and woke up
too late sends nothing. (4) Results are written only under the same lease.

**What SMTP itself leaves**: between the relay's "250" and our commit nobody can make both happen or neither. A process
or machine that dies there leaves a mail that the relay has and we do not know of. It is sent once more when its lease
ends, with the same bytes and the same Message-ID, by which mailboxes recognise a double. So: at most one extra per
crash in that window, and none from a crash anywhere else. A database that is away is no crash: the worker keeps the
result and writes it when it is back (runners/outbox.py). See docs/decisions/0005-outbox.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from portevoix.domain.contacts.events import MessageStatus
from portevoix.store import outbox as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from portevoix.store.db import Connection

#: From claim to the relay's "go ahead": connecting and naming recipients; renewed while that goes on. Seconds.
LEASE_SECONDS: Final = 180.0
#: From there to the relay's last word: longer than the ten minutes it may take (relay.ACCEPT_SECONDS).
SENDING_SECONDS: Final = 660.0
#: Minutes between tries, the last one again and again, until too old.
_STEPS: Final = (1, 5, 15, 60, 120, 240)
GIVE_UP: Final = timedelta(days=5)
#: A relay that cannot be reached says nothing about the mail; how often it is asked is the runner's matter.
_RELAY_AWAY: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours to send until the lease ends."""

    message_id: int
    lease: UUID
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    attempts: int
    created_at: datetime
    conversation_id: int
    contact_id: int | None
    line_id: int


def claim(
    conn: Connection,
    at: datetime,
    *,
    limit: int,
    busy: Sequence[str] = (),
    flying: Sequence[int] = (),
    lease_seconds: float = LEASE_SECONDS,
) -> list[Claimed]:
    """Up to ``limit`` mails whose time has come, none for a domain in ``busy``; those left behind by the dead first.

    ``flying`` are those that the caller itself is sending: their lease may have run out on a clock that was set
    forward (F28), they are not left behind."""
    values = {
        "at": at,
        "limit": limit,
        "busy": list(busy),
        "flying": list(flying),
        "lease_seconds": lease_seconds,
    }
    with conn.transaction():
        rows = store.many(conn, "claim", **values)
        claimed = []
        for row in rows:
            was = row.pop("was")
            row |= {"recipients": tuple(row["recipients"]), "content": bytes(row["content"])}
            one = Claimed(**row)
            claimed.append(one)
            if was == "held":
                _told(conn, one, "queued", "", at)
    return claimed


def renew(conn: Connection, mails: Sequence[Claimed], at: datetime, *, seconds: float = LEASE_SECONDS) -> int:
    """Hold on to what is being handed over and is not yet fenced; how many leases were getting short.

    Without it a relay that needs longer than a lease to hear all recipients would make two processes take a mail from
    each other for ever, and it would never leave. Who was stopped renews nothing, so its lease ends."""
    if not mails:
        return 0
    ids, leases = [one.message_id for one in mails], [one.lease for one in mails]
    return store.run(conn, "renew", ids=ids, leases=leases, at=at, seconds=seconds)


def fence(conn: Connection, one: Claimed, at: datetime, *, seconds: float = SENDING_SECONDS) -> bool:
    """Whether it is still ours to send; if so, for ``seconds`` more. Asked right before the bytes leave."""
    return store.one(conn, "fence", id=one.message_id, lease=one.lease, at=at, seconds=seconds) is not None


def done(
    conn: Connection,
    one: Claimed,
    at: datetime,
    *,
    refused: Mapping[str, str],
    later: Mapping[str, str],
    reply: str,
    reached: bool = True,
) -> bool:
    """Write what became of one attempt. False: the lease is another's by now, and nothing was written.

    Whoever is neither ``refused`` nor ``later`` has it and is never told again; who refused is named with the relay's
    words; who may take it later is tried again, alone, for five days.
    """
    with conn.transaction():
        if later and at - one.created_at < GIVE_UP:
            return _later(conn, one, at, refused, later, reply, reached=reached)
        known = _before(conn, one)["refused"] | dict(refused) | dict(later)
        gone = not known
        state = "sent" if gone else "failed"
        if not _finish(conn, one, state, reply, list(known)):
            return False
        detail = reply if gone else _sentence(known)
        facts: dict[str, Any] = {} if gone else {"refused": known}
        _status(conn, one, state, detail, facts, at)
    return True


def _later(
    conn: Connection,
    one: Claimed,
    at: datetime,
    refused: Mapping[str, str],
    later: Mapping[str, str],
    reply: str,
    *,
    reached: bool,
) -> bool:
    wait = back_off(one.attempts) if reached else _RELAY_AWAY
    before = _before(conn, one)
    known = before["refused"] | dict(refused)
    if not _finish(conn, one, "due", reply, list(later), not_before=at + wait, free=not reached):
        return False
    facts: dict[str, Any] = {"refused": known} if known else {}
    news = bool(refused) or not before["status_detail"]  # a relay that stays away is told of once
    _status(conn, one, "queued", _sentence(dict(later)), facts, at, tell=news)
    return True


def back_off(attempts: int) -> timedelta:
    """How long to wait after the given number of tries."""
    return timedelta(minutes=_STEPS[min(attempts, len(_STEPS)) - 1])


def _before(conn: Connection, one: Claimed) -> dict[str, Any]:
    row = store.one(conn, "before", id=one.message_id)
    assert row is not None
    return row


def _sentence(said: Mapping[str, str]) -> str:
    return "; ".join(f"{address}: {words}" for address, words in said.items())[:1000]


def _finish(
    conn: Connection,
    one: Claimed,
    state: str,
    reply: str,
    recipients: Sequence[str],
    *,
    not_before: datetime | None = None,
    free: bool = False,
) -> bool:
    row = store.one(
        conn,
        "finish",
        id=one.message_id,
        lease=one.lease,
        state=state,
        reply=reply[:1000],
        recipients=list(recipients),
        not_before=not_before,
        free=free,
    )
    return row is not None


def _status(
    conn: Connection,
    one: Claimed,
    status: str,
    detail: str,
    facts: dict[str, Any],
    at: datetime,
    *,
    tell: bool = True,
) -> None:
    row = store.one(
        conn, "status", id=one.message_id, status=status, detail=detail[:1000], facts=Jsonb(facts)
    )
    assert row is not None
    if tell and row["status"] == status:
        _told(conn, one, status, detail, at)


def _told(conn: Connection, one: Claimed, status: str, detail: str, at: datetime) -> None:
    about = About(one.contact_id, one.conversation_id, one.line_id, None)
    append(conn, MessageStatus(message_id=one.message_id, status=status, detail=detail[:500]), about, at)
