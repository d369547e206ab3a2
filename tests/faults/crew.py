"""The people on the floor, driven: contacts arrive, advisers take, finish, decline or miss them, and everything that was asked of
the centre is written down with when it was asked and when it was answered. What the router did is not looked at here.

Each hand reads what is on its advisers' desks anew every time, as a browser does after a lost connection.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from centre_rows import _ACCOUNT, inbound
from post import AWAY
from services.ports import until

from portevoix.actions import contacts, presence
from portevoix.actions.errors import TooLate
from portevoix.actions.intake import take_in
from portevoix.bus import NatsBus
from portevoix.store import db

SKILL = 501
#: Line 2 asks for level 2 of the skill. Who has level 1, or none, may not get its work.
KINDS = (({1}, 0, 1), ({2}, 2, 2), ({1, 2}, 3, 3), ({1, 2}, 1, 2), ({2}, 2, 1))
ARRIVING, HANDS = 2, 3
_DESKS = """select s.contact_id, s.account_id, s.state, k.state as contact_state
  from seat s join contact k on k.id = s.contact_id where s.account_id = any(%s) order by s.contact_id"""


@dataclass
class Deed:
    """One thing that was asked of the centre. ``done`` is infinite when the answer never came; then it may be so or not."""

    what: str
    contact: int
    account: int
    begun: float
    done: float = inf
    answer: str = ""


def people_in(conn, count: int) -> None:
    """Two lines, ``count`` advisers of five kinds; nobody is there yet."""
    conn.execute("update line set offer_seconds = 600, ack_active = false")
    conn.execute("insert into skill (id, slug, name) values (%s, 'cpf', 'CPF')", [SKILL])
    conn.execute("insert into line_skill (line_id, skill_id, min_level) values (2, %s, 2)", [SKILL])
    for number in range(1, count + 1):
        lines, level, mails = KINDS[number % len(KINDS)]
        conn.execute(_ACCOUNT, [number, f"p{number}@interne.example", f"Personne {number}", ""])
        conn.execute("update account set mail_capacity = %s where id = %s", [mails, number])
        for line in lines:
            conn.execute("insert into adviser_line (account_id, line_id) values (%s, %s)", [number, line])
        if level:
            values = [number, SKILL, level]
            conn.execute(
                "insert into adviser_skill (account_id, skill_id, level) values (%s, %s, %s)", values
            )


class Crew:
    """``arrive`` and ``work`` start; ``rest`` keeps every hand still; ``finish`` ends with an empty floor."""

    def __init__(self, url: str, bus_url: str, ledger, people: int) -> None:
        self.url, self.ledger, self.people = url, ledger, people
        self.bus = NatsBus(bus_url, name="crew")
        self.deeds: list[Deed] = []
        self.aged: set[tuple[int, int]] = set()  # offers whose time this driver let run out
        self.arrivals: dict[int, tuple[float, float]] = {}  # group in the ledger: (begun, done)
        self.closed = 0
        self.backlog = 3 * people
        self._stop, self._enough, self._still = threading.Event(), threading.Event(), threading.Event()
        self._careful = False  # nobody declines or misses any more
        self._resting: set[int] = set()
        self._failed: list[BaseException] = []
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    # --- threads ----------------------------------------------------------------------------------------

    def _start(self, work, *args) -> None:
        def run() -> None:
            try:
                work(*args)
            except BaseException as error:
                self._failed.append(error)

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def arrive(self) -> None:
        """Contacts come, on each line one after the other, whenever fewer than ``backlog`` are open."""
        for line in (1, 2):
            self._start(self._arrive, line)

    def work(self) -> None:
        """Everybody signs in and works."""
        self._start(self._beat)
        for which in range(HANDS):
            self._start(self._hand, which)

    def _connected(self, work) -> None:
        """``work(conn)`` again and again, on a new connection when the database went away."""
        while not self._stop.is_set():
            with contextlib.suppress(*AWAY), contextlib.closing(db.connect(self.url, name="crew")) as conn:
                while not self._stop.wait(0.01):
                    work(conn)
            self._stop.wait(0.05)

    def _arrive(self, line: int) -> None:
        pending = []  # the one that was not answered yet is asked for again

        def one(conn) -> None:
            if not pending:
                if self._enough.is_set() or len(self.ledger.acked) - self.closed >= self.backlog:
                    return
                pending.append(self._letter(line))
            group, letter = pending[0]
            take_in(conn, [letter])
            self.ledger.after((group, 0), "250 taken in")
            self.arrivals[group] = (self.arrivals[group][0], time.monotonic())
            pending.clear()
            self.bus.poke()

        self._connected(one)

    def _letter(self, line: int):
        with self._lock:
            group = len(self.arrivals)
            self.arrivals[group] = (time.monotonic(), inf)
        self.ledger.before((group, 0))
        body = f"Bonjour, ceci est LX-{self.ledger.run}-{group}-0 et rien d'autre."
        return group, inbound(f"c{group}@client.example", door=line, at=datetime.now(UTC), body=body)

    def _beat(self) -> None:
        """Every browser lives; who became unavailable without having asked for it says that they are there again."""

        def beat(conn) -> None:
            conn.execute("update presence set seen_at = clock_timestamp()")
            here = {
                row["account_id"]
                for row in conn.execute("select account_id from presence where state = 'available'")
            }
            for account in set(range(1, self.people + 1)) - here:
                presence.set_state(conn, account, "available", "", datetime.now(UTC))
            self._stop.wait(0.2)

        self._connected(beat)

    # --- hands ------------------------------------------------------------------------------------------

    def _hand(self, which: int) -> None:
        chance = random.Random(which)
        mine = [number for number in range(1, self.people + 1) if number % HANDS == which]

        def look(conn) -> None:
            if self._still.is_set():
                self._resting.add(which)
                return
            self._resting.discard(which)
            for row in conn.execute(_DESKS, [mine]).fetchall():
                if self._still.is_set():
                    return
                self._one(conn, chance, row)

        self._connected(look)

    def _one(self, conn, chance: random.Random, row) -> None:
        contact, account, dice = row["contact_id"], row["account_id"], chance.random()
        if row["state"] == "offered":
            if dice < 0.6 or self._careful:
                self._do(conn, "accept", contact, account)
            elif dice < 0.65:
                self._do(conn, "decline", contact, account)
            elif dice < 0.68:
                self.aged.add((contact, account))
                past = "update seat set expires_at = now() - interval '1 second' where contact_id = %s and account_id = %s"
                conn.execute(past + " and state = 'offered'", [contact, account])
        elif row["contact_state"] == "active" and (dice < 0.5 or self._careful):
            self._do(conn, "close", contact, account)

    def _do(self, conn, what: str, contact: int, account: int) -> None:
        deed = Deed(what, contact, account, time.monotonic())
        self.deeds.append(deed)
        at = datetime.now(UTC)
        try:
            if what == "accept":
                contacts.accept(conn, contact, account, at)
            elif what == "decline":
                contacts.decline(conn, contact, account, at)
            else:
                contacts.close(conn, contact, account, subject_id=None, at=at)
                with self._lock:
                    self.closed += 1
        except TooLate:
            deed.answer = "too late"
            return
        deed.done, deed.answer = time.monotonic(), "done"
        self.ledger.write(did=what, contact=contact, account=account)
        self.bus.poke()

    # --- the driver's day -------------------------------------------------------------------------------

    def goes_on(self, closings: int) -> None:
        """So many more contacts are finished."""
        before = self.closed
        until(lambda: self._failed or self.closed >= before + closings, seconds=60, why="nothing is finished")
        assert self._failed == []

    def rest(self) -> None:
        """No hand moves any more: what is on the desks stays there."""
        self._still.set()
        until(lambda: self._failed or len(self._resting) == HANDS)

    def go_on(self) -> None:
        """After a rest."""
        self._still.clear()

    def enough(self) -> None:
        """Nothing arrives any more, and nobody declines or misses."""
        self._enough.set()
        self._careful = True

    def finish(self, conn) -> None:
        """Nothing arrives any more, and everything is taken and finished."""
        self.enough()
        self.go_on()
        open_ = "select count(*) as n from contact where closed_at is null"
        pending = lambda: any(done == inf for _, done in self.arrivals.values())  # noqa: E731
        until(
            lambda: self._failed or (not pending() and conn.execute(open_).fetchone()["n"] == 0),
            seconds=150, why="somebody is still waiting",
        )  # fmt: skip
        self.stop()
        assert self._failed == []

    def stop(self) -> None:
        """End all threads."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        self.bus.close()

    def asked(self) -> dict[tuple[str, int, int], list[Deed]]:
        """The deeds in the order in which they were asked, by what, contact and adviser."""
        found = defaultdict(list)
        for deed in self.deeds:
            if deed.answer != "too late":
                found[deed.what, deed.contact, deed.account].append(deed)
        return found
