"""F45: the network between a process and the database, the bus or the relay is half open: bytes go in, none come out, and
nobody is told. Each process finds out by itself, and nothing is lost or done twice."""

import os
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest
from hall import Centre
from ledger import Sender, check
from post import Post, doctor
from services.middlebox import Middlebox
from services.ports import PATIENCE, until

from portevoix.store import db

SILENCE = 2.0  # the house's limit is 29 s; the test makes it short
PROCESSES = ("mail", "router", "timers", "outbox")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def through(url, box):
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{box.port}")).geturl()


@pytest.fixture
def box(database_url):
    made = Middlebox(urlsplit(database_url).port)
    yield made
    made.stop()


@pytest.fixture
def far(conn, database_url, own_nats, tmp_path, box):
    """A centre whose processes reach the database through the box."""
    made = Centre(through(database_url, box), own_nats.url(), tmp_path)
    made.environment |= {
        "PORTEVOIX_DATABASE_SILENCE_SECONDS": str(SILENCE),
        "PORTEVOIX_OUTBOX_LEASE_SECONDS": "5",
    }
    yield made
    made.stop()


def test_every_process_finds_out_that_the_database_is_silent(conn, database_url, far, box, ledger):
    post = Post(conn, far)
    talk = post.question("jean@client.example")
    for name in PROCESSES:
        far.start(name)
    pids = {name: far.processes[name].child.pid for name in PROCESSES}
    done = threading.Event()

    def mails():
        sender, group = Sender(ledger, far.port), 0
        while not done.is_set():
            group += 1
            for number in range(3):
                sender.send(group, number)

    writer = threading.Thread(target=mails, daemon=True)
    writer.start()
    until(lambda: len(ledger.acked) > 10)
    assert box.forget() >= 2 * len(PROCESSES)
    begun = time.monotonic()
    answer = post.answer(talk, "jean@client.example", "Bonjour", conn)
    acked = len(ledger.acked)
    time.sleep(2 * SILENCE)  # so long nothing goes through, not even a new connection: the fault itself
    box.remember()
    until(lambda: len(ledger.acked) > acked + 10, seconds=30)
    at = conn.execute("select now() as at").fetchone()["at"]
    beats = "select process from heartbeat where at > %s"
    until(
        lambda: {row["process"] for row in conn.execute(beats, [at]).fetchall()} >= set(PROCESSES), seconds=30
    )
    until(lambda: post.left() == 0, seconds=30, why=f"message {answer} is still here")
    done.set()
    writer.join(30)
    assert time.monotonic() - begun < 30 * PATIENCE
    assert {name: far.processes[name].child.pid for name in PROCESSES} == pids
    assert check(conn, ledger).faults() == {}
    post.settled()
    assert post.doubled() == []
    post.sink.stop()
    assert doctor(database_url) == []


def test_a_question_that_is_never_answered_ends(database_url, box, monkeypatch):
    """The limit itself, in this process."""
    from portevoix.store import silence

    monkeypatch.setattr(silence, "SECONDS", 0.5)
    conn = db.connect(through(database_url, box))
    conn.execute("select 1")
    box.forget()
    begun = time.monotonic()
    with pytest.raises(db.psycopg.OperationalError):
        conn.execute("select 1")
    assert time.monotonic() - begun < 5 * PATIENCE
    conn.close()


def test_a_slow_question_that_is_answered_in_time_is_let_be(database_url, monkeypatch):
    from portevoix.store import silence

    monkeypatch.setattr(silence, "SECONDS", 4.0)
    conn = db.connect(database_url)
    conn.execute("select pg_sleep(1.5)")
    for _ in range(3):
        conn.execute("select pg_sleep(1)")  # each is timed for itself
    conn.close()


@pytest.mark.parametrize(
    ("begin", "watched"), [("import portevoix.web.wsgi", True), ("import django; django.setup()", False)]
)
def test_the_pages_are_watched_and_a_migration_is_not(database_url, begin, watched):
    """An index over millions of rows takes longer than any answer to a page may."""
    look = "from django.db import connection as c; c.ensure_connection(); print('wait' in vars(c.connection))"
    done = subprocess.run(
        [sys.executable, "-c", f"{begin}; {look}"],
        env=os.environ | {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "portevoix.web.settings"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(watched)
