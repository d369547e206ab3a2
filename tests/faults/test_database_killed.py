"""F10, F11: PostgreSQL killed with all its children, and restarted fast, again and again, while mails come in and answers
leave. Every process of ours comes back by itself; nothing acknowledged is gone; nothing leaves twice.

PORTEVOIX_FAULT_ROUNDS: how often (1 without it; the whole run takes 20 of each).
"""

import contextlib
import os
import re
import signal
import threading
import time
from collections import Counter

import pytest
from hall import Centre
from ledger import Sender, check
from post import AWAY, Post, doctor
from services.ports import until

from portevoix.store import db

ROUNDS = int(os.environ.get("PORTEVOIX_FAULT_ROUNDS", "1"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 60 * ROUNDS)]
PROCESSES = ("mail", "imap", "router", "herald", "timers", "outbox")
#: RELIABILITY.md 4.7: return after a PostgreSQL restart.
RTO_SECONDS = 30


def kill_all(server):
    """Postmaster and children at one go: stopped first, so that none can tidy up for another."""
    pids = server.pids
    for how in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # a session that ended meanwhile
                os.kill(pid, how)
    server.postgres.process.wait(20)


def restart_fast(server):
    """What ``pg_ctl stop -m fast`` does: SIGINT to the postmaster."""
    server.postgres.stop()


class Load:
    """Mails in over two connections and answers out, without end; each insists until it is taken."""

    def __init__(self, post, ledger, port):
        self.post, self.ledger, self.port = post, ledger, port
        self.answered = []
        self._done = threading.Event()
        self._failed = []
        works = [lambda: self._mails(0), lambda: self._mails(1), self._answers]
        self._threads = [threading.Thread(target=self._run, args=(work,), daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def _run(self, work):
        try:
            work()
        except BaseException as error:
            self._failed.append(error)

    def _mails(self, which):
        sender, group = Sender(self.ledger, self.port), which
        while not self._done.is_set():
            for number in range(3):
                sender.send(group, number)
            group += 2

    def _answers(self):
        talks = self.talks
        while not self._done.wait(0.02):
            number = len(self.answered)
            talk = talks[number % len(talks)]
            self.post.insist(talk, f"c{talk}@client.example", f"réponse {number}.")
            self.answered.append(number)

    @property
    def talks(self):
        return self.post.talks

    def stop(self):
        self._done.set()
        for thread in self._threads:
            thread.join(90)
        assert self._failed == []


def beats(conn, since):
    """Processes that wrote a sign of life after ``since``."""
    rows = conn.execute("select process from heartbeat where at > %s", [since]).fetchall()
    return {row["process"] for row in rows}


def back(url, server_at):
    """Every process showed that it lives; how long that took."""

    def all_beat():
        try:
            with db.connect(url) as conn:
                return beats(conn, server_at) >= set(PROCESSES)
        except AWAY:
            return False

    until(all_beat, seconds=RTO_SECONDS)


@pytest.mark.parametrize("how", [kill_all, restart_fast])
def test_postgres_gone_and_back_under_load(server, own_nats, tmp_path, ledger, capsys, how):
    centre = Centre(server.url, own_nats.url(), tmp_path)
    mail_again, beat_again = [], []
    with db.connect(server.url) as conn:
        post = Post(conn, centre)
        post.talks = [post.question(f"t{n}@client.example") for n in range(10)]
    try:
        pids = {name: centre.start(name, PORTEVOIX_OUTBOX_LEASE_SECONDS="10").child.pid for name in PROCESSES}
        load = Load(post, ledger, centre.port)
        for _ in range(ROUNDS):
            before = len(ledger.acked) + len(load.answered)
            until(lambda: len(ledger.acked) + len(load.answered) > before + 30, seconds=60)  # noqa: B023
            how(server)
            server.postgres.start()
            up, acked = time.monotonic(), len(ledger.acked)
            with db.connect(server.url) as conn:
                at = conn.execute("select now() as at").fetchone()["at"]
            until(lambda: len(ledger.acked) > acked, seconds=RTO_SECONDS)  # noqa: B023
            mail_again.append(time.monotonic() - up)
            back(server.url, at)
            beat_again.append(time.monotonic() - up)
        load.stop()
        with db.connect(server.url) as conn:
            post.conn = conn
            post.all_left(120)
            assert {name: centre.processes[name].child.pid for name in PROCESSES} == pids
            assert all(process.alive() for process in centre.processes.values())
            assert check(conn, ledger).faults() == {}
            post.settled()
            doubled = post.doubled()
        numbers = Counter(
            int(found.group(1))
            for mail in post.sink.mails
            if (found := re.search(r"réponse (\d+)\.", mail.get_body(("plain",)).get_content()))
        )
        with capsys.disabled():
            print(
                f"\n{how.__name__} x {ROUNDS}: {len(ledger.acked)} mails, {len(load.answered)} answers; again a mail "
                f"after at most {max(mail_again):.1f} s, all processes after {max(beat_again):.1f} s; twice {len(doubled)}"
            )
        assert set(numbers) == set(load.answered)
        assert doubled == []
        assert doctor(server.url) == []
        assert amcheck(server) == ""
    finally:
        centre.stop()
        post.sink.stop()


def amcheck(server):
    """Data checksums and the server's own log: no page is broken."""
    log = server.log()
    return "\n".join(line for line in log.splitlines() if "invalid page" in line or "corrupt" in line)
