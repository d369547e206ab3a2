"""Telling the other processes that something happened. The bus may be away: then they find out a little later."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from portevoix.bus import Bus

log = logging.getLogger(__name__)
_buses: dict[int, Bus] = {}
_lock = threading.Lock()


def _bus() -> Bus | None:
    """This process's bus, or None where none is configured. It must not cross a fork."""
    if not os.environ.get("NATS_URL"):
        return None
    with _lock:
        if os.getpid() not in _buses:
            from portevoix.bus import NatsBus

            _buses[os.getpid()] = NatsBus(name="portevoix-web")
        return _buses[os.getpid()]


def poke() -> None:
    """After a commit: the log has something new."""
    try:
        if bus := _bus():
            bus.poke()
    except Exception:  # a delay, never an error of the page (docs/ARCHITECTURE.md)
        log.warning("the bus could not be poked", exc_info=True)


def writing(line_id: int, conversation_id: int) -> None:
    """A hint worth nothing in a second: somebody is writing in the conversation."""
    payload = orjson.dumps({"seq": 0, "kind": "writing", "id": conversation_id, "contact": None})
    try:
        if bus := _bus():
            bus.tell(f"line.{line_id}", payload)
    except Exception:  # as above
        log.warning("the bus could not be told", exc_info=True)
