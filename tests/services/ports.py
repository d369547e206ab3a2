"""Free ports, and waiting for something to be so: patiently, a test machine may be several times slower."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: How many times slower than the developers' machine the one may be that runs the tests. A limit in a test is there to
#: find what never ends; how fast something is, the benchmarks say.
PATIENCE = float(os.environ.get("PORTEVOIX_TEST_PATIENCE", "5"))


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def listening(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0


def until(what: Callable[[], T], *, seconds: float = 20, why: str = "") -> T:
    """Ask again and again until the answer is true; fails with the last answer when time is over."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds} s: {why or what} (last: {answer!r})"
        time.sleep(0.02)
