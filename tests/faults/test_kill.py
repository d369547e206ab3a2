"""kill -9 of each process while mails come in: every mail that got 250 is exactly one message of one contact.

PORTEVOIX_FAULT_MAILS sets how many mails (default 300, the full run takes 5000).
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from ledger import Sender, check
from services.ports import until

from portevoix.actions import contacts, presence
from portevoix.store import db

MAILS = int(os.environ.get("PORTEVOIX_FAULT_MAILS", "300"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def load(centre, ledger, mails=MAILS, groups_of=3, threads=6):
    """Send ``mails`` in conversations of three, over several connections; gives the futures' pool result."""
    groups = list(range(mails // groups_of))

    def work(mine):
        sender = Sender(ledger, centre.port)
        for group in mine:
            for number in range(groups_of):
                sender.send(group, number)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, groups[n::threads]) for n in range(threads)]:
            done.result()


def killing(pick, ledger, every=12):
    """Kill what ``pick`` gives each time about ``every`` more mails were taken, until the event is set."""
    done, kills = threading.Event(), []

    def run():
        chance, target = random.Random(7), 0
        while not done.is_set():
            target = len(ledger.acked) + chance.randint(1, every)
            while len(ledger.acked) < target and not done.wait(0.005):
                pass
            pid = pick()
            if pid and not done.is_set():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    kills.append(pid)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return done, kills, thread


def pid_of(process):
    return process.child.pid if process.alive() else None


@pytest.mark.parametrize("name", ["mail", "router", "timers", "herald"])
def test_each_process_killed_under_load(centre, conn, ledger, name):
    conn.execute(ADVISER)
    conn.execute("insert into adviser_line (account_id, line_id) values (1, 1)")
    presence.set_state(conn, 1, "available", "", datetime.now(UTC))
    for other in ("mail", "router", "timers"):
        centre.start(other, keep=other == name)
    if name == "herald":
        centre.start(name, keep=True)
    answering = Answering(centre.environment["DATABASE_URL"])
    done, kills, thread = killing(lambda: pid_of(centre.processes[name]), ledger, MAILS // 12)
    load(centre, ledger)
    done.set()
    thread.join()
    answering.stop()
    assert kills
    assert len(ledger.acked) == MAILS // 3 * 3
    assert check(conn, ledger).faults() == {}, f"{len(kills)} kills"


ADVISER = """insert into account (id, password, is_superuser, email, full_name, public_name, role, language, theme,
  density, font, sound, shortcuts, mail_capacity, is_active, is_staff, created_at)
values (1, '!', false, 'a@x.example', 'A', 'A', 'adviser', 'fr', 'auto', 'comfortable', 'default', true, true, 3, true,
  false, now())"""


class Answering:
    """An adviser who accepts whatever is offered and closes it at once."""

    def __init__(self, url):
        self._done = threading.Event()
        self._url = url
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        conn = db.connect(self._url)
        while not self._done.wait(0.02):
            at = datetime.now(UTC)
            presence.seen(conn, 1, at)
            for seat in conn.execute("select contact_id from seat where state = 'offered'").fetchall():
                try:
                    contacts.accept(conn, seat["contact_id"], 1, at)
                    contacts.close(conn, seat["contact_id"], 1, subject_id=None, at=at)
                except contacts.TooLate:
                    continue
        conn.close()

    def stop(self):
        self._done.set()
        self._thread.join()


def test_backends_of_the_database_killed_under_load(centre, conn, ledger):
    """F10 on one machine: a session ends in mid-transaction; the driver repeats with its key."""
    centre.start("mail")

    def pick():
        row = conn.execute(
            "select pid from pg_stat_activity where application_name = 'portevoix mail' limit 1"
        ).fetchone()
        if row:
            conn.execute("select pg_terminate_backend(%s)", [row["pid"]])
        return 0

    done, _, thread = killing(pick, ledger)
    load(centre, ledger)
    done.set()
    thread.join()
    assert check(conn, ledger).faults() == {}


def test_the_bus_lost_under_load(centre, conn, ledger, own_nats):
    centre.start("mail")
    centre.start("router")
    own_nats.stop()
    load(centre, ledger, mails=90)
    assert check(conn, ledger).faults() == {}


STEPS = "sendto,write,writev,recvfrom,read"


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs Debian's strace")
def test_killed_at_every_step_of_one_mail_in(centre, conn, ledger):
    """F02: the N-th system call of taking in one mail kills the process, for every N."""
    outcomes = {"acked": 0, "unknown": 0}
    steps = []
    for step in range(1, 60):
        process = centre.start("mail")
        tracer = subprocess.Popen(
            [
                "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={STEPS}",
                "-e", f"inject={STEPS}:signal=KILL:when={step}", "-p", str(process.child.pid),
            ],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        traced(process)
        sender = Sender(ledger, centre.port)
        ledger.before((step, 0))
        answer = sender._try(sender.mail(step, 0))
        ledger.after((step, 0), answer)
        outcomes["acked" if answer.startswith("250") else "unknown"] += 1
        steps.append((step, answer[:3], process.alive()))
        survived = process.alive() and answer.startswith("250")
        process.kill()
        tracer.wait(10)
        if survived and step > 30:
            break
    again = centre.start("mail")
    for step in sorted(key[0] for key in ledger.sent - ledger.acked):
        Sender(ledger, centre.port).send(step, 0)  # the far server tries again
    assert again.alive()
    assert outcomes["unknown"] >= 3, steps
    assert outcomes["acked"] >= 1, steps
    assert check(conn, ledger).faults() == {}


def traced(process):
    """Wait until every thread of the process is under the tracer (or it is dead already)."""

    def all_traced():
        if not process.alive():
            return True
        tasks = Path(f"/proc/{process.child.pid}/task").iterdir()
        status = (task.joinpath("status").read_text() for task in tasks)
        return all("TracerPid:\t0" not in text for text in status)

    with contextlib.suppress(FileNotFoundError):
        until(all_traced, seconds=10)


def test_two_mail_processes_killed_in_turn(centre, conn, ledger):
    """Workers on one socket: one dies, the others go on, none is left behind."""
    process = centre.start("mail", keep=True, PORTEVOIX_MAIL_WORKERS="2")

    def child():
        listed = subprocess.run(
            ["pgrep", "-P", str(process.child.pid)], capture_output=True, text=True
        ).stdout.split()
        return int(random.choice(listed)) if listed else None

    done, kills, thread = killing(child, ledger, MAILS // 8)
    load(centre, ledger)
    done.set()
    thread.join()
    assert check(conn, ledger).faults() == {}, f"{len(kills)} kills"


def test_postgres_away_means_451_and_nothing_is_lost(conn, ledger, tmp_path, own_nats):
    """F11 with a server of the test's own: stopped, the answer is 451; back, all is taken."""
    from hall import Centre
    from services.mails import fill

    from portevoix.embedded import EmbeddedPostgres

    home = Path(
        tempfile.mkdtemp(prefix="portevoix-fault-")
    )  # pytest's own folder is closed to PostgreSQL's user
    home.chmod(0o755)
    server = EmbeddedPostgres(home, durable=False)
    url = server.start()
    try:
        env = os.environ | {"DATABASE_URL": url}
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], env=env, check=True)
        with psycopg.connect(url, autocommit=True) as direct:
            direct.row_factory = psycopg.rows.dict_row
            fill(direct)
        centre = Centre(url, own_nats.url(), tmp_path)
        centre.start("mail")
        Sender(ledger, centre.port).send(1, 0)
        server.stop()
        sender = Sender(ledger, centre.port)
        ledger.before((2, 0))
        answer = until(lambda: a if (a := sender._try(sender.mail(2, 0))).startswith("451") else None)
        ledger.after((2, 0), answer)
        server.start()
        Sender(ledger, centre.port).send(2, 0)
        with db.connect(url) as direct:
            assert check(direct, ledger).faults() == {}
        centre.stop()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
