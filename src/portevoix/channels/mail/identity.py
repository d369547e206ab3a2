"""Our own names for our mails: a Message-ID and a reply address that only we can make.

Both carry the conversation and a signature (HMAC-SHA256, 128 bits), so an answer finds its conversation even
when the client's program drops ``References``, and nobody can make up a token for a conversation they
never received a mail of.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

# ASCII: without it [a-z] also takes "ſ" and the Kelvin sign, which compare_digest() refuses by an exception.
_MESSAGE_ID: Final = re.compile(r"^pv\.(\d{1,18})\.(\d{1,18})\.([a-z2-7]{26})@", re.IGNORECASE | re.ASCII)
_REPLY: Final = re.compile(r"^([^+@]+)\+pv(\d{1,18})\.([a-z2-7]{26})@(.+)$", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Ours:
    """A checked name of ours."""

    conversation_id: int
    message_id: int | None


def _sign(secret: bytes, text: str) -> str:
    digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def _same(secret: bytes, text: str, signature: str) -> bool:
    return hmac.compare_digest(_sign(secret, text), signature.lower())


def message_id(secret: bytes, conversation_id: int, message_id_: int, domain: str) -> str:
    """The Message-ID (without angle brackets) of a message of ours: fixed before the first try to send it."""
    signature = _sign(secret, f"message:{conversation_id}:{message_id_}")
    return f"pv.{conversation_id}.{message_id_}.{signature}@{domain}"


def reply_address(secret: bytes, conversation_id: int, door: str) -> str:
    """The door's address with the conversation's token in it (plus addressing, RFC 5233)."""
    local, _, domain = door.rpartition("@")
    return f"{local}+pv{conversation_id}.{_sign(secret, f'reply:{conversation_id}')}@{domain}"


def read_message_id(secret: bytes, value: str) -> Ours | None:
    """The conversation and message of a Message-ID, if we made it."""
    found = _MESSAGE_ID.match(value.strip().strip("<>"))
    if not found:
        return None
    conversation, message, signature = found.groups()
    if not _same(secret, f"message:{conversation}:{message}", signature):
        return None
    return Ours(int(conversation), int(message))


def read_reply_address(secret: bytes, address: str) -> tuple[str, Ours] | None:
    """The door's plain address and the conversation of a reply address, if we made it."""
    found = _REPLY.match(address.strip())
    if not found:
        return None
    local, conversation, signature, domain = found.groups()
    if not _same(secret, f"reply:{conversation}", signature):
        return None
    return f"{local}@{domain}".lower(), Ours(int(conversation), None)


def plain_address(address: str) -> str:
    """The address without our token, valid or not, in lower case: the door that is meant."""
    found = _REPLY.match(address.strip())
    return (f"{found[1]}@{found[4]}" if found else address.strip()).lower()
