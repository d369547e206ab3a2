"""What a bus does. Methods never raise and never wait: a bus that is away is a delay, not an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

#: "The log has something new": no payload.
WAKE: Final = "pv.log"
#: Prefix of what browsers are told; the topic follows.
PUSH: Final = "pv.push"
#: Whose browsers gave a sign of life to the live process: ``{"accounts": [...]}``, once a second.
HERE: Final = "pv.here"
#: The topic that tells every browser to fetch what it shows anew: something may not have been told.
RESYNC: Final = "resync"

Listener = Callable[[str, bytes], None]


class Bus(Protocol):
    """Tell and listen. Listeners run on the bus's own thread and must not block."""

    def poke(self) -> None:
        """Say that the log has something new."""

    def tell(self, topic: str, payload: bytes) -> None:
        """Tell browsers that follow ``topic``; see docs/ARCHITECTURE.md for the payload."""

    def listen(self, subject: str, listener: Listener) -> None:
        """Call ``listener(subject, payload)`` for each message on ``subject`` (NATS wildcards)."""

    def when_connected(self, call: Callable[[], None]) -> None:
        """Call each time messages begin to travel, the first time and again (on the bus's own thread)."""

    def connected(self) -> bool:
        """Whether messages travel right now."""

    def close(self) -> None:
        """Send what is pending, then leave."""
