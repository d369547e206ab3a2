"""The one door in: everything said from outside becomes rows here, and only then is it acknowledged.

``take_in`` stores a batch in one transaction. It may run in several processes at once: an advisory lock on
every Message-ID and sender of the batch puts whoever touches the same matter in a line, so a reply that is handled
before its parent has committed waits for it, and two copies of a mail make one contact.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

import psycopg

from portevoix.actions import conversations
from portevoix.actions.errors import Refused
from portevoix.actions.inbound import Outcome, Taken
from portevoix.actions.placing import Placing
from portevoix.domain.contacts.events import MailSetAside
from portevoix.store import intake as store
from portevoix.store.log import About, append

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portevoix.actions.inbound import Inbound
    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

#: References beyond these add nothing but locks.
_REFERENCES = 20


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def _sought(batch: Sequence[Inbound]) -> store.Sought:
    keys: set[int] = set()
    ids: set[str] = set()
    sources: list[tuple[int, str]] = []
    for item in batch:
        keys.add(_key(f"sender {item.sender}"))
        keys.add(_key(f"source {item.door_id} {item.source_id}"))
        ids.update(item.references[:_REFERENCES])
        if item.external_id:
            ids.add(item.external_id)
        sources.append((item.door_id, item.source_id))
        sources.append((item.door_id, f"{item.source_id}#{item.digest.hex()[:24]}"))
    keys.update(_key(f"mail {name}") for name in ids)
    return store.Sought(
        keys=sorted(keys),
        doors=[door for door, _ in sources],
        sources=[source for _, source in sources],
        ids=sorted(ids),
        own_ids=sorted({item.external_id for item in batch if item.external_id}),
        addresses=sorted({item.sender for item in batch if item.sender}),
        bounced=sorted({item.bounce.message_id for item in batch if item.bounce}),
        tokens=sorted({item.token for item in batch if item.token is not None}),
        count=len(batch),
    )


def take_in(conn: Connection, batch: Sequence[Inbound]) -> list[Taken]:
    """Store a batch; when this returns, all of it is committed. Answers come in the order of the batch.

    Raises ``psycopg.OperationalError`` or ``psycopg.InterfaceError`` when the database is away: nothing
    may be acknowledged, the sender must try again. An item that the database refuses for its content is put aside
    whole, and the others are stored.
    """
    try:
        return _together(conn, batch)
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError):
        raise  # the last one is a mistake of ours, not of the mail: the sender keeps it
    except (psycopg.Error, ValueError, KeyError, TypeError) as error:
        if len(batch) == 1:
            return [aside(conn, batch[0], f"{type(error).__name__}: {error}"[:1000])]
    return [one for item in batch for one in take_in(conn, [item])]


def _together(conn: Connection, batch: Sequence[Inbound]) -> list[Taken]:
    with conn.transaction():
        placing = Placing(store.look_up(conn, _sought(batch)))
        taken = [placing.place(item) for item in batch]
        store.write(conn, placing.rows)
        _make_one(conn, placing.one, batch)
    return taken


def _make_one(conn: Connection, pairs: Sequence[tuple[int, int]], batch: Sequence[Inbound]) -> None:
    """A mail between two conversations (its answer came first): they go on as the one it belongs to."""
    became: dict[int, int] = {}
    at = max(item.at for item in batch)
    for pair in pairs:
        into, other = (_last(became, one) for one in pair)
        if into == other:
            continue
        try:
            conversations.merge(conn, into_id=into, other_id=other, account_id=None, at=at)
        except Refused as why:  # whatever stands against it: they stay two, the mail is taken
            log.info("conversations %s and %s stay two: %s", into, other, why)
        else:
            became[other] = into


def _last(became: dict[int, int], conversation_id: int) -> int:
    while conversation_id in became:
        conversation_id = became[conversation_id]
    return conversation_id


def aside(conn: Connection, item: Inbound, reason: str) -> Taken:
    """Keep an item that cannot be stored as a message: whole, visible, retriable."""
    recipient = item.recipients[0]["address"] if item.recipients else ""
    return put_aside(
        conn,
        raw=item.raw,
        door_id=item.door_id,
        sender=item.sender,
        recipient=recipient,
        reason=reason,
        at=item.at,
    )


def put_aside(
    conn: Connection,
    *,
    raw: bytes,
    door_id: int | None,
    sender: str,
    recipient: str,
    reason: str,
    at: datetime,
) -> Taken:
    """Keep a mail that could not even be understood. Once per mail and door."""
    with conn.transaction():
        set_aside_id = store.set_aside(
            conn,
            door_id=door_id,
            at=at,
            sender=_clean(sender),
            recipient=_clean(recipient),
            reason=_clean(reason),
            sha256=hashlib.sha256(raw).digest(),
            content=raw,
        )
        append(conn, MailSetAside(set_aside_id=set_aside_id, reason=_clean(reason)), About(), at)
    return Taken(outcome=Outcome.ASIDE, set_aside_id=set_aside_id)


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "�")[:1000]
