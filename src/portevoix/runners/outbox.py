"""The outbox: hands what is due to the relay, writes what became of it, and acknowledges new mail.

One thread claims, a few deliver. A recipient domain gets at most its share of them, so that one that hangs holds up
nobody else; a relay that is away is asked again after a while, and no mail is blamed for it. How nothing is sent
twice: actions/outbox.py.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import psycopg
from typing_extensions import override

from portevoix.actions import acknowledge, outbox
from portevoix.channels.mail.relay import Relay, Result, Said, Tls, deliver
from portevoix.runners.base import Rounds, secret, setup_logging
from portevoix.store import db
from portevoix.store.clock import DatabaseClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from portevoix.actions.outbox import Claimed
    from portevoix.store.db import Connection

log = logging.getLogger(__name__)

THREADS: Final = 8
SHARE: Final = 2  # of the threads, for one recipient domain
_PAUSE_SECONDS: Final = 60.0  # at most, while the relay is away
_GRACE_SECONDS: Final = 20.0  # for what is with the relay when we are told to stop

Outcome = tuple["Claimed", Result]


def relay_from_environment(env: Mapping[str, str] = os.environ) -> Relay | None:
    """``PORTEVOIX_RELAY`` is host:port ([::1]:25 for IPv6); None when it is not set: mail then waits."""
    where = env.get("PORTEVOIX_RELAY", "").strip()
    if not where:
        return None
    host, _, port = where.rpartition(":") if ":" in where.rpartition("]")[2] else (where, "", "25")
    return Relay(
        host=host.strip("[]"),
        port=int(port),
        user=env.get("PORTEVOIX_RELAY_USER", ""),
        password=env.get("PORTEVOIX_RELAY_PASSWORD", ""),
        tls=Tls(env.get("PORTEVOIX_RELAY_TLS", "none").lower()),
        hello=env.get("PORTEVOIX_DOMAIN", "localhost"),
    )


def crash_here(point: str) -> None:
    """Die as by ``kill -9`` at a named point: for tests only."""
    if os.environ.get("PORTEVOIX_TESTING") == "1" and os.environ.get("PORTEVOIX_CRASH_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)


class Courier(threading.Thread):
    """Delivers one mail after the other on a database connection of its own."""

    def __init__(self, office: Office, number: int) -> None:
        super().__init__(name=f"courier-{number}", daemon=True)
        self._office = office
        self._conn: Connection | None = None
        self._clock = DatabaseClock()

    @override
    def run(self) -> None:
        while True:
            one = self._office.todo.get()
            try:
                self._deliver(one)
            except Exception:
                # Nothing was written: the lease ends by itself and the mail is taken up again.
                log.exception("message %s: the attempt broke off", one.message_id)
            finally:
                self._office.returned(one)

    def _deliver(self, one: Claimed) -> None:
        relay = self._office.relay
        assert relay is not None
        try:
            result = deliver(
                relay, one.content, one.sender, one.recipients, before_data=lambda: self._fence(one)
            )
        except (psycopg.OperationalError, psycopg.InterfaceError):
            # The database went away before the bytes left: nothing was sent, so it need not wait for its lease to end.
            self._drop_connection()
            self._office.unwritten.put((one, _not_sent(one)))
            return
        crash_here("after_send")
        self._office.heard(reached=result.reached)
        if result.fenced:
            log.warning("message %s: its lease was another's, nothing was sent", one.message_id)
            return
        try:
            conn = self._connection()
            write(conn, one, result, self._clock.now(conn))
            self._office.poke()
        except (psycopg.OperationalError, psycopg.InterfaceError):
            # The relay's word must not be lost: it is kept until the database is back.
            self._drop_connection()
            self._office.unwritten.put((one, result))

    def _fence(self, one: Claimed) -> bool:
        self._office.fencing(one)
        conn = self._connection()
        ours = outbox.fence(conn, one, self._clock.now(conn), seconds=self._office.sending_seconds)
        crash_here("before_send")
        return ours

    def _connection(self) -> Connection:
        if self._conn is None or self._conn.closed:
            self._conn = db.connect(name=f"portevoix {self.name}")
        return self._conn

    def _drop_connection(self) -> None:
        if self._conn is not None:
            with contextlib.suppress(psycopg.Error):
                self._conn.close()
        self._conn = None


def _not_sent(one: Claimed) -> Result:
    """It did not leave, which says nothing about the mail."""
    said = Said(451, "4.3.0 the database was away, nothing was sent")
    return Result(later=dict.fromkeys(one.recipients, said), reply=str(said), reached=False)


def write(conn: Connection, one: Claimed, result: Result, at: datetime) -> None:
    """Write what became of an attempt."""
    written = outbox.done(
        conn,
        one,
        at,
        refused={address: str(said) for address, said in result.refused.items()},
        later={address: str(said) for address, said in result.later.items()},
        reply=result.reply,
        reached=result.reached,
    )
    if not written:
        log.warning("message %s: its lease was another's, the result was not written", one.message_id)


class Office:
    """Who delivers what now, and how the relay does."""

    def __init__(self, relay: Relay | None, *, threads: int = THREADS) -> None:
        self.relay = relay
        self.todo: queue.SimpleQueue[Claimed] = queue.SimpleQueue()
        self.unwritten: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.lease_seconds = float(os.environ.get("PORTEVOIX_OUTBOX_LEASE_SECONDS", outbox.LEASE_SECONDS))
        self.sending_seconds = float(
            os.environ.get("PORTEVOIX_OUTBOX_SENDING_SECONDS", outbox.SENDING_SECONDS)
        )
        self.wake: Callable[[], None] = lambda: None
        self.poke: Callable[[], None] = lambda: None  # tells the others that there is something in the log
        self._threads = threads
        self._lock = threading.Lock()
        self._flying: dict[int, Claimed] = {}
        self._naming: dict[int, Claimed] = {}  # of these, whose bytes have not left
        self._domains: Counter[str] = Counter()
        self._failures = 0
        self._not_before = 0.0
        for number in range(threads):
            Courier(self, number).start()

    @property
    def flying(self) -> int:
        """How many mails are with a courier."""
        return len(self._flying)

    def in_hand(self) -> list[int]:
        """The mails that are with a courier."""
        with self._lock:
            return list(self._flying)

    def not_fenced(self) -> list[Claimed]:
        """The mails whose bytes have not left: their leases are to be renewed."""
        with self._lock:
            return list(self._naming.values())

    def fencing(self, one: Claimed) -> None:
        """The relay is about to get the bytes: from here on the fence's own, longer lease counts."""
        with self._lock:
            self._naming.pop(one.message_id, None)

    def send(self, one: Claimed) -> None:
        """Give it to a courier."""
        with self._lock:
            self._flying[one.message_id] = self._naming[one.message_id] = one
            self._domains.update(domains(one))
        self.todo.put(one)

    def returned(self, one: Claimed) -> None:
        """A courier is free again."""
        with self._lock:
            self._flying.pop(one.message_id, None)
            self._naming.pop(one.message_id, None)
            self._domains.subtract(domains(one))
        self.wake()

    def heard(self, *, reached: bool) -> None:
        """The relay answered, or did not: then wait longer each time, up to a minute."""
        with self._lock:
            if reached:
                self._failures, self._not_before = 0, 0.0
                return
            self._failures += 1
            pause = min(_PAUSE_SECONDS, 2.0 ** min(self._failures, 6))
            self._not_before = time.monotonic() + pause
            if self._failures == 1:
                log.warning("the relay is away; mail waits")

    def busy(self) -> list[str]:
        """Domains that have their share of couriers."""
        with self._lock:
            return [domain for domain, count in self._domains.items() if count >= SHARE]

    def free(self) -> int:
        """How many mails may be claimed now: one to try with, while the relay is away."""
        with self._lock:
            if self.relay is None or time.monotonic() < self._not_before:
                return 0
            idle = self._threads - len(self._flying)
            return min(idle, 1 - min(1, len(self._flying))) if self._failures else idle


def domains(one: Claimed) -> set[str]:
    """The recipient domains of a mail."""
    return {address.rpartition("@")[2] for address in one.recipients}


class Outbox:
    """One round: write what could not be written, renew what is in hand, acknowledge, claim."""

    def __init__(self, office: Office, *, key: bytes, domain: str) -> None:
        self._office = office
        self._clock = DatabaseClock()
        self._key = key
        self._domain = domain

    def work(self, conn: Connection) -> None:
        """Until nothing is due or all couriers are out."""
        at = self._clock.now(conn)
        self._write_kept(conn, at)
        outbox.renew(conn, self._office.not_fenced(), at, seconds=self._office.lease_seconds)
        acknowledged = acknowledge.follow(conn, secret=self._key, domain=self._domain, at=at)
        sent = 0
        while self._office.free() > 0:
            claimed = outbox.claim(
                conn,
                self._clock.now(conn),
                limit=1,
                busy=self._office.busy(),
                flying=self._office.in_hand(),
                lease_seconds=self._office.lease_seconds,
            )
            if not claimed:
                break
            self._office.send(claimed[0])
            sent += 1
        if acknowledged or sent:
            self._office.poke()

    def _write_kept(self, conn: Connection, at: datetime) -> None:
        while True:
            try:
                one, result = self._office.unwritten.get_nowait()
            except queue.Empty:
                return
            try:
                write(conn, one, result, at)
            except psycopg.Error:
                self._office.unwritten.put((one, result))
                raise

    def finish(self) -> None:
        """Told to stop: nothing new, and a while for what is with the relay."""
        deadline = time.monotonic() + _GRACE_SECONDS
        while (self._office.flying or not self._office.unwritten.empty()) and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.Error), db.connect(name="portevoix outbox") as conn:
                self._write_kept(conn, self._clock.now(conn))
            time.sleep(0.05)


def main() -> None:
    """Run until SIGTERM."""
    setup_logging()
    rounds = Rounds("outbox")
    office = Office(relay_from_environment())
    office.wake = rounds.stop.wake
    office.poke = rounds.bus.poke
    if office.relay is None:
        log.warning("PORTEVOIX_RELAY is not set: mail waits in the outbox")
    runner = Outbox(office, key=secret(), domain=os.environ.get("PORTEVOIX_DOMAIN", "localhost"))
    rounds.run(runner.work)
    runner.finish()


if __name__ == "__main__":
    main()
