"""The ledger proves something only if it finds what is broken: each seeded bug must show, and no bug must show nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ledger import Sender, check
from services.ports import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(720)]


@pytest.fixture
def seeded(centre, tmp_path):
    started = []

    def start(bug):
        log = (tmp_path / f"{bug}.log").open("w+")
        env = os.environ | centre.environment | {"PYTHONUNBUFFERED": "1"}
        script = Path(__file__).parent / "seeded.py"
        process = subprocess.Popen([sys.executable, str(script), bug], env=env, stdout=log, stderr=log)
        started.append(process)
        until(lambda: "ready" in Path(log.name).read_text(), why=log.name)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def converse(centre, ledger, group=1, mails=2):
    sender = Sender(ledger, centre.port)
    for number in range(mails):
        sender.send(group, number)
    return sender


def test_without_a_bug_the_ledger_is_clean(centre, conn, ledger):
    centre.start("mail")
    converse(centre, ledger)
    converse(centre, ledger, group=2)
    assert check(conn, ledger).faults() == {}


def test_finds_an_answer_before_the_commit(centre, conn, ledger, seeded):
    process = seeded("ack_before_commit")
    Sender(ledger, centre.port).send(1, 0)
    process.kill()
    assert check(conn, ledger).faults()["lost"] == [(1, 0)]


def test_finds_a_mail_taken_twice(centre, conn, ledger, seeded):
    seeded("no_key")
    sender = converse(centre, ledger, mails=1)
    sender.send(1, 0)  # the answer to the first try was lost on the way, say
    assert check(conn, ledger).faults()["duplicate"] == [(1, 0)]


def test_finds_an_answer_in_the_wrong_place(centre, conn, ledger, seeded):
    seeded("no_threading")
    converse(centre, ledger)
    assert check(conn, ledger).faults()["wrong_place"] == [1]


def test_finds_a_mail_in_somebody_elses_conversation(centre, conn, ledger, seeded):
    seeded("subject_threading")
    # One batch, so that the bug's one conversation is there to fall into.
    sender = converse(centre, ledger, mails=2)
    raw = sender.mail(2, 0).replace(
        b"\r\n\r\n", f"\r\nReferences: <{ledger.run}.1.0@client.example>\r\n\r\n".encode(), 1
    )
    ledger.before((2, 0))
    ledger.after((2, 0), sender._try(raw))
    assert [{1, 2}] == [
        groups for groups in check(conn, ledger).faults()["wrong_place"] if isinstance(groups, set)
    ]


@pytest.mark.parametrize(
    ("bug", "breach"), [("no_raw", "mail_without_raw"), ("no_event", "contact_without_history")]
)
def test_finds_torn_rows(centre, conn, ledger, seeded, bug, breach):
    seeded(bug)
    converse(centre, ledger, mails=1)
    assert breach in {name for name, _ in check(conn, ledger).faults()["torn"]}


def test_finds_a_mail_set_aside_in_silence(centre, conn, ledger, seeded):
    seeded("silent_aside")
    Sender(ledger, centre.port).send(1, 0)
    faults = check(conn, ledger).faults()
    assert "silent" in faults
    assert faults["lost"] == [(1, 0)]  # it is in no conversation: whoever asks for it by its marker misses it
