"""Several processes that do the same work: forked before any thread or connection, restarted when one dies.

When the parent is told to stop, all are; when the parent is killed, the kernel ends the others (PR_SET_PDEATHSIG), so
nothing is left behind on the sockets they share.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG: Final = 1
_PAUSE_SECONDS: Final = 1.0


def _child(work: Callable[[], None], parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    code = 1
    try:
        work()
        code = 0
    except Exception:
        log.exception("a worker ended")
    finally:
        sys.stdout.flush()
        os._exit(code)


def run(count: int, work: Callable[[], None]) -> None:
    """Keep ``count`` processes at ``work`` until told to stop; then wait for all of them."""
    stopping = False
    children: dict[int, float] = {}
    parent = os.getpid()

    def start() -> None:
        pid = os.fork()
        if pid == 0:
            _child(work, parent)
        children[pid] = time.monotonic()

    def stop(number: int, _frame: Any) -> None:
        nonlocal stopping
        stopping = True
        for pid in children:
            os.kill(pid, number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for _ in range(count):
        start()
    while children:
        pid, status = os.wait()
        started = children.pop(pid, 0.0)
        if stopping:
            continue
        log.error("worker %d ended (%d): another one starts", pid, os.waitstatus_to_exitcode(status))
        if time.monotonic() - started < _PAUSE_SECONDS:
            time.sleep(_PAUSE_SECONDS)
        start()
