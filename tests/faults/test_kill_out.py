"""F01 for the processes that carry mail: kill -9 of the outbox while answers leave, of the IMAP process while a mailbox
fills. PORTEVOIX_FAULT_MAILS sets how many (60; the full run takes 5000)."""

import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ledger import Sender, check
from post import Post, doctor
from services.dovecot import PASSWORD, Dovecot
from services.ports import until

from portevoix.runners.outbox import THREADS
from portevoix.store import db

MAILS = int(os.environ.get("PORTEVOIX_FAULT_MAILS", "60"))
KILLS = 20 if MAILS > 1000 else 4
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SHORT = {"PORTEVOIX_OUTBOX_LEASE_SECONDS": "2", "PORTEVOIX_OUTBOX_SENDING_SECONDS": "2"}


@contextlib.contextmanager
def killed(process, progress, total):
    """Kill -9 at ``KILLS`` points of the way from 0 to ``total``; the supervisor's part starts it again."""
    chance, done, kills = random.Random(11), threading.Event(), []
    points = sorted(chance.randint(1, int(total * 0.9)) for _ in range(KILLS))

    def run():
        for point in points:
            while progress() < point and not done.wait(0.002):
                pass
            until(lambda: done.is_set() or process.alive(), seconds=30)
            if not done.is_set():
                os.kill(process.child.pid, signal.SIGKILL)
                kills.append(point)
                done.wait(0.3)

    kept = process.keep_alive()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield kills
    finally:
        done.set()
        thread.join()
        kept.set()
        time.sleep(0.1)  # the keeper's last look


def test_the_outbox_killed_while_answers_leave(conn, centre, capsys):
    post = Post(conn, centre)
    talks = [post.question(f"c{n}@d{n % 40}.example") for n in range(MAILS // 3)]

    def answers(which):
        with db.connect(post.url) as own:
            for number in range(3):
                for talk in talks[which::2]:
                    post.answer(talk, f"c{talk}@d{talk % 40}.example", f"{talk}-{number}.", own)

    begun = time.monotonic()
    process = centre.start("outbox", **SHORT)
    with killed(process, lambda: len(post.sink.taken), MAILS) as kills, ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(answers, which) for which in range(2)]:
            done.result()
        post.all_left(900)
    post.settled()
    doubled = post.doubled()
    with capsys.disabled():
        print(
            f"\noutbox: {len(talks) * 3} answers, {len(kills)} kills, {time.monotonic() - begun:.0f} s: "
            f"{len(post.copies())} names at the relay, {len(doubled)} twice, most {max(post.copies().values())} times"
        )
    post.sink.stop()
    assert kills
    assert len(post.copies()) == len(talks) * 3
    assert len(doubled) <= len(kills) * THREADS  # what each courier had at the relay
    assert max(post.copies().values()) <= 1 + len(kills)
    assert doctor(post.url) == []


@pytest.fixture
def dovecot():
    with tempfile.TemporaryDirectory(prefix="portevoix-mail-") as home:
        Path(home).chmod(0o755)  # Dovecot gives up its rights: pytest's own folders are closed to it
        made = Dovecot(Path(home) / "dovecot").start()
        yield made
        made.stop()


def chain(ledger, group, number):
    """References to the whole matter, as client programs write them: a mailbox gives its new files in any order."""
    names = " ".join(f"<{ledger.run}.{group}.{n}@client.example>" for n in range(number))
    return f"\r\nReferences: {names}\r\n\r\n".encode() if names else b"\r\n\r\n"


def test_imap_killed_while_its_mailbox_fills(conn, centre, ledger, dovecot, capsys):
    conn.execute(
        "update door set imap_host = 'localhost', imap_port = %s, imap_tls = true, imap_user = %s,"
        " imap_secret = 'cigogne' where id = 1", [dovecot.imaps, dovecot.user],
    )  # fmt: skip
    writer = Sender(ledger, 0)
    begun = time.monotonic()
    process = centre.start("imap", PORTEVOIX_IMAP_CIGOGNE=PASSWORD, SSL_CERT_FILE=str(dovecot.authority.ca))

    def stored():
        return conn.execute("select count(*) as n from mail_raw").fetchone()["n"]

    with killed(process, stored, MAILS) as kills:
        for group in range(MAILS // 3):
            for number in range(3):
                ledger.before((group, number))
                dovecot.put(writer.mail(group, number).replace(b"\r\n\r\n", chain(ledger, group, number), 1))
                ledger.after((group, number), "250 in the mailbox")
        until(lambda: stored() == MAILS // 3 * 3, seconds=600)
    with capsys.disabled():
        print(f"\nimap: {len(ledger.acked)} mails, {len(kills)} kills, {time.monotonic() - begun:.0f} s")
    assert kills
    faults = check(conn, ledger).faults()
    # A mailbox's files have no order; threading must still be right.
    assert {name: what for name, what in faults.items() if name != "disorder"} == {}
    assert doctor(centre.environment["DATABASE_URL"]) == []
