"""F25, F27: no space, or no writing at all. Nothing is acknowledged that is not kept; reading goes on; it mends by itself."""

from __future__ import annotations

import os
import subprocess
import time

import psycopg
import pytest
from ledger import Sender, check
from services.mails import fill
from services.ports import PATIENCE, until
from small_disk import small_disk
from tracing import WRITES, injected
from visitor import MAKE_ACCOUNT, Visitor
from whole_centre import WholeCentre

from portevoix.store import db

#: How many times the disk of a whole centre fills up; starting one takes a minute, so not in `make test`.
ROUNDS = int(os.environ.get("PORTEVOIX_FAULT_ROUNDS", "0"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 60 * ROUNDS)]


def attempt(sender, ledger, key):
    """One try of one mail; the answer is in the ledger."""
    ledger.before(key)
    answer = sender._try(sender.mail(*key))
    ledger.after(key, answer)
    return answer


@pytest.fixture
def centre_on(tmp_path):
    started = []

    def start(data):
        centre = WholeCentre(data, tmp_path / "up.log")
        started.append(centre)
        centre.start()
        with psycopg.connect(centre.url, autocommit=True) as conn:
            fill(conn)
        centre.manage(MAKE_ACCOUNT)
        return centre

    yield start
    for centre in started:
        centre.stop()


@pytest.mark.skipif(not ROUNDS, reason="a minute: PORTEVOIX_FAULT_ROUNDS=20 is the whole run")
def test_everything_on_one_disk_that_fills_up(centre_on, ledger):
    """Database, log, canary, status and logs together: what a small server has."""
    with small_disk(700) as disk:
        centre = centre_on(disk.path)
        visitor = Visitor(centre.pages)
        visitor.sign_in()
        Sender(ledger, centre.port).send(0, 0)
        for turn in range(1, ROUNDS + 1):
            full_once(disk, centre, visitor, ledger, turn)
        with db.connect(centre.url) as conn:
            assert check(conn, ledger).faults() == {}
        wrong = {name: v["findings"] for name, v in centre.doctor().items() if v["result"] == "failed"}
        assert set(wrong) <= {"disk"}, wrong  # a disk of 700 MB is always too small for it
        centre.stop()


def full_once(disk, centre, visitor, ledger, turn):
    """Full until the first refusal and some seconds more; then space, and everything that was refused comes in."""
    disk.fill()
    sender, refused, number = Sender(ledger, centre.port), [], 0
    end, slowest = time.monotonic() + 120 * PATIENCE, 0.0
    while len(refused) < 20:
        assert time.monotonic() < end
        answer = attempt(sender, ledger, (turn * 10000 + number, 0))
        if not answer.startswith("250"):
            assert answer.startswith(("451", "452", "unknown")), answer
            refused.append(turn * 10000 + number)
        if number % 5 == 0:
            status, seconds, text = visitor.get("/bureau/")
            assert status == 200, text[:400]
            slowest = max(slowest, seconds)
        number += 1
    disk.empty()
    begun = time.monotonic()
    for group in refused:
        Sender(ledger, centre.port).send(group, 0)
    print(f"turn {turn}: {number - 20} taken, 20 refused, slowest page {slowest:.2f} s, "
          f"all in {time.monotonic() - begun:.1f} s after")  # fmt: skip


def test_our_own_folder_is_full_or_closed(centre, conn, ledger):
    """What stands there helps to recover from a mail that kills; without it mail still comes in."""
    with small_disk(1) as disk:
        disk.fill()
        process = centre.start("mail", PORTEVOIX_DATA=str(disk.path))
        for group in range(1, 20):
            Sender(ledger, centre.port).send(group, 0, until=10)
        assert process.alive()
        process.kill()
        subprocess.run(["mount", "-o", "remount,ro", str(disk.path)], check=True)
        process = centre.start("mail", PORTEVOIX_DATA=str(disk.path))
        for group in range(20, 40):
            Sender(ledger, centre.port).send(group, 0, until=10)
        assert process.alive()
    assert check(conn, ledger).faults() == {}


@pytest.mark.parametrize("fault", ["error=ENOSPC", "error=EROFS"])
def test_postgres_cannot_write(server, ledger, own_nats, tmp_path, fault):
    """Not even its log: it stops by itself, as it must, and its keeper starts it again."""
    from hall import Centre

    centre = Centre(server.url, own_nats.url(), tmp_path)
    try:
        centre.start("mail")
        sender = Sender(ledger, centre.port)
        sender.send(1, 0)
        with injected(server.pids, WRITES.replace("write,writev,", ""), fault):
            for group in range(2, 6):
                assert not attempt(sender, ledger, (group, 0)).startswith("250")
        until(server.back, seconds=60)
        for group in range(2, 6):
            sender.send(group, 0)
        assert centre.processes["mail"].alive()
        with db.connect(server.url) as conn:
            assert check(conn, ledger).faults() == {}
        assert "PANIC" in server.log() or "could not" in server.log()
    finally:
        centre.stop()
