"""Mails that kill whoever reads them: what the canary remembers, and the second try from the page."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from services.mails import INSCRIPTION, count, mail, rows

from portevoix.actions.aside import retry
from portevoix.actions.errors import TooLate
from portevoix.actions.inbound import Outcome
from portevoix.actions.intake import put_aside
from portevoix.runners.canary import DEATHS, SLOTS, Canary, mark_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POISON = mail("poison", headers="X-Portevoix-Test: abort\r\n")

_DIE = """
import os, pathlib, sys
from portevoix.runners.canary import Canary
canary = Canary(pathlib.Path(sys.argv[1]))
canary.enter(sys.stdin.buffer.read())
os.kill(os.getpid(), 9)
"""


def die_with(raw, where):
    """A process that is killed while it reads ``raw``."""
    done = subprocess.run(
        [sys.executable, "-c", _DIE, str(where)], input=raw, check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def where(tmp_path):
    return tmp_path / "canary"


def test_a_mail_is_deadly_after_two_deaths_and_a_third_apart(where, monkeypatch):
    monkeypatch.setenv("PORTEVOIX_TESTING", "1")
    good = mail("bon")
    for death in range(1, DEATHS + 1):
        die_with(POISON, where)
        canary = Canary(where)
        assert canary.suspects(POISON)
        assert not canary.suspects(good)
        assert canary.deadly(POISON) == (death == DEATHS)
        assert not canary.deadly(good)
        canary.close()


def test_an_innocent_mail_that_was_in_hand_is_taken_and_forgotten(where):
    good = mail("bon")
    for _ in range(DEATHS + 1):
        die_with(good, where)
    canary = Canary(where)
    assert canary.suspects(good)
    assert not canary.deadly(good)  # it lives through the trial
    assert not canary.suspects(good)
    canary.close()
    assert not Canary(where).suspects(good)


def test_understanding_it_once_clears_a_mail(where):
    good = mail("bon")
    die_with(good, where)
    canary = Canary(where)
    canary.leave(canary.enter(good), understood=True)
    canary.close()
    assert not Canary(where).suspects(good)


def test_what_ends_well_leaves_no_mark(where):
    canary = Canary(where)
    slots = [canary.enter(mail(str(n))) for n in range(SLOTS + 3)]
    assert slots.count(-1) == 3  # more than there are slots: unmarked, never in the way
    for slot in slots:
        canary.leave(slot, understood=False)
    canary.close()
    assert not any((where / "slots-0").read_bytes())


def test_processes_side_by_side_do_not_bury_the_living(where):
    first, raw = Canary(where), mail("en main")
    slot = first.enter(raw)
    second = Canary(where)
    assert not second.suspects(raw)
    die_with(POISON, where)
    second.refresh()
    assert not second.suspects(POISON)  # nobody has started since
    third = Canary(where)
    second.refresh()
    assert third.suspects(POISON)
    assert second.suspects(POISON)
    first.leave(slot)
    for canary in (first, second, third):
        canary.close()


def test_a_mark_tells_mails_apart():
    base = mail("x", body="a" * 9000)
    assert mark_of(base) == mark_of(bytes(base))
    assert len({mark_of(base), mark_of(base + b"\r\n"), mark_of(b"X: y\r\n" + base), mark_of(mail("y"))}) == 4


# --- the second try ----------------------------------------------------------------------------------


def kept(conn, raw=POISON, reason="parser-crash"):
    conn.execute(
        "insert into account (id, password, is_superuser, email, full_name, public_name, role, language, theme, density,"
        " font, sound, shortcuts, mail_capacity, is_active, is_staff, created_at) values (1, '!', false, 'a@b.example',"
        " 'A', '', 'supervisor', 'fr', 'auto', 'comfortable', 'default', true, true, 3, true, false, now())"
    )
    return put_aside(
        conn, raw=raw, door_id=1, sender="jean@client.example", recipient=INSCRIPTION, reason=reason, at=NOW
    ).set_aside_id


def test_a_second_try_of_a_deadly_mail_does_not_kill_the_page(centre, monkeypatch):
    monkeypatch.setenv("PORTEVOIX_TESTING", "1")
    number = kept(centre)
    assert retry(centre, number, 1, NOW).outcome is Outcome.ASIDE
    assert rows(centre, "select state, reason, tries from set_aside") == [
        {"state": "aside", "reason": "parser-crash", "tries": 2}
    ]
    monkeypatch.delenv("PORTEVOIX_TESTING")  # the reader was mended
    taken = retry(centre, number, 1, NOW)
    assert taken.outcome is Outcome.CONTACT
    row = rows(centre, "select state, message_id from set_aside")[0]
    assert row == {"state": "taken", "message_id": taken.message_id}
    content = rows(centre, "select content from mail_raw")[0]["content"]
    assert hashlib.sha256(content).digest() == hashlib.sha256(POISON).digest()
    with pytest.raises(TooLate):
        retry(centre, number, 1, NOW)
    assert count(centre, "message") == 1
    assert os.environ.get("PORTEVOIX_TESTING") is None
