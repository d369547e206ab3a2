"""What a browser may listen to, signed by the pages: an account, its topics, until when.

The process that holds the connections asks no database; it believes this signature. A token is short-lived, so
rights that were taken away end soon even for a connection that stays open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

LIFETIME: Final = 600  # seconds


class BadToken(Exception):
    """Not ours, damaged, or over."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows. ``until`` is in seconds since the epoch."""

    account_id: int
    topics: frozenset[str]
    until: float


def _sign(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, b"live:" + body, hashlib.sha256).digest()


def make(secret: bytes, account_id: int, topics: Iterable[str], now: float) -> str:
    """A token for the browser of ``account_id``. ``now`` is in seconds since the epoch."""
    body = orjson.dumps({"a": account_id, "t": sorted(topics), "u": int(now) + LIFETIME})
    return ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (body, _sign(secret, body))
    )


def read(secret: bytes, token: str, now: float) -> Grant:
    """What the token allows; raises ``BadToken``."""
    try:
        body, signature = (
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
        )
        if not hmac.compare_digest(signature, _sign(secret, body)):
            raise BadToken
        known = orjson.loads(body)
        grant = Grant(int(known["a"]), frozenset(known["t"]), float(known["u"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadToken from error
    if grant.until < now:
        raise BadToken
    return grant
