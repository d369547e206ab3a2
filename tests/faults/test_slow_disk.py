"""F26, F16: a disk that takes its time, and one that says a write is lost. Slower, never wrong."""

from __future__ import annotations

import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ledger import Sender, check
from services.ports import PATIENCE, until
from tracing import SYNCS, injected

from portevoix.store import db

#: Seconds on a slow disk: a few in `make test`; PORTEVOIX_FAULT_SECONDS=120 is the whole run.
SECONDS = int(os.environ.get("PORTEVOIX_FAULT_SECONDS", "6"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 3 * SECONDS)]

#: What a page of the desk asks first.
PAGE = (
    "select id, state, due_at from contact where line_id = 1 and state = 'waiting' order by due_at limit 50"
)


@pytest.fixture
def centre(server, own_nats, tmp_path):
    from hall import Centre

    made = Centre(server.url, own_nats.url(), tmp_path)
    yield made
    made.stop()


def send_for(seconds, centre, ledger, threads=4):
    """Conversations of two mails, one after the other on each connection; gives the seconds each mail took."""
    end = time.monotonic() + seconds

    def work(number):
        sender, took, group = Sender(ledger, centre.port), [], number
        while time.monotonic() < end:
            for mail in range(2):
                begun = time.monotonic()
                sender.send(group, mail)
                took.append(time.monotonic() - begun)
            group += threads
        return took, sender.tries

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))


def reads_until(done, url, every=0.1):
    """The longest of the reads of another session."""
    slowest = 0.0
    with db.connect(url) as conn:
        while not done.wait(every):
            begun = time.monotonic()
            conn.execute(PAGE).fetchall()
            slowest = max(slowest, time.monotonic() - begun)
    return slowest


def test_a_slow_disk_slows_the_sender_down(centre, server, ledger):
    """300 ms for each fsync: mails wait for their 250 in larger batches, none twice, and reading is not slower."""
    centre.start("mail")
    Sender(ledger, centre.port).send(1_000_000, 0)
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool, injected(server.pids, SYNCS, "delay_enter=300000"):
        reading = pool.submit(reads_until, done, server.url)
        results = send_for(SECONDS, centre, ledger)
        done.set()
        slowest = reading.result()
    took = [seconds for mails, _ in results for seconds in mails]
    tries = sum(tried for _, tried in results)
    print(f"{len(took)} mails in {SECONDS} s, median {statistics.median(took):.2f} s, longest {max(took):.2f} s, "
          f"{tries - len(took)} tried again, longest read {slowest:.2f} s")  # fmt: skip
    assert statistics.median(took) > 0.25  # the fault was there
    assert slowest < 1.0 * PATIENCE
    with db.connect(server.url) as conn:
        assert check(conn, ledger).faults() == {}


def test_an_fsync_that_fails_loses_nothing_acknowledged(centre, server, ledger):
    """PostgreSQL panics, since it cannot know what the disk has, and recovers from its log."""
    process = centre.start("mail")
    sender = Sender(ledger, centre.port)
    for group in range(5):
        sender.send(group, 0)
    with injected(server.pids, SYNCS, "error=EIO"):
        for group in range(5, 8):
            ledger.before((group, 0))
            answer = sender._try(sender.mail(group, 0))
            ledger.after((group, 0), answer)
            assert not answer.startswith("250")

    until(server.back, seconds=60)
    for group in range(5, 8):
        sender.send(group, 0)
    assert "PANIC" in server.log()
    assert process.alive()
    with db.connect(server.url) as conn:
        assert check(conn, ledger).faults() == {}
