"""Mailboxes that keep no mark of ours, or must stay untouched: what was taken is remembered here (F34)."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from services.dovecot import Dovecot
from services.mails import count, mail, rows
from services.ports import until
from test_imap import box, door, environment, hashes, marked, status, stored

from portevoix.channels.mail.imap import Session
from portevoix.channels.mail.imap_connection import After

pytestmark = pytest.mark.mailserver


@pytest.fixture
def forgetful(plain_home, monkeypatch):
    """A Dovecot that keeps no keywords."""
    server = Dovecot(plain_home / "forgetful")
    server.keep_no_keywords()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority.ca))
    try:
        yield server.start()
    finally:
        server.stop()


def known(conn):
    return count(conn, "mailbox_taken")


def in_mailbox(dovecot, folder=""):
    base = dovecot.mail / "Maildir" / folder
    return [path for part in ("new", "cur") if (base / part).exists() for path in (base / part).iterdir()]


def flags(dovecot):
    """Letters of the flags of each mail (S: seen)."""
    return sorted(path.name.partition(":2,")[2] for path in in_mailbox(dovecot))


def test_the_server_keeps_no_keywords(forgetful):
    forgetful.put(mail())
    session = Session(box(forgetful))
    assert not session.keeps
    assert session.new() == [1]
    assert session.taken([1]) == ""
    assert session.new() == [1]  # nothing in the mailbox tells
    session.close()
    assert flags(forgetful) == [""]


def test_takes_all_once_and_leaves_them_unread(centre, forgetful, runner):
    raws = [mail(f"n{n}", message_id=None if n % 3 == 0 else "") for n in range(20)]
    for raw in raws[:15]:
        forgetful.put(raw)
    door(centre, forgetful)
    imap = runner("imap", **environment(forgetful))
    until(lambda: known(centre) == 15, why=imap.text())
    for raw in raws[15:]:
        forgetful.put(raw)
    until(lambda: known(centre) == 20, why=imap.text())
    assert stored(centre) == hashes(raws)
    assert set(flags(forgetful)) == {""}
    assert "remembered here" in until(lambda: status(centre).get("words"))
    assert imap.stop() == 0
    # A second life reads the list and fetches nothing of it again.
    bytes_before = fetched(forgetful)
    imap.start()
    until(lambda: status(centre).get("state") == "ok" and status(centre)["taken"] == 0)
    assert imap.stop() == 0
    until(lambda: len(fetched(forgetful)) > len(bytes_before))
    assert fetched(forgetful)[-1] < 10_000


def fetched(dovecot):
    """Bytes the server gave out, by session (``out=`` of its last words)."""
    return [
        int(line.rpartition("out=")[2].split()[0]) for line in dovecot.log().splitlines() if "out=" in line
    ]


def test_a_mail_read_elsewhere_is_taken_all_the_same(centre, forgetful, runner):
    forgetful.put(mail("lu"))
    session = Session(box(forgetful, after=After.READ))
    session.taken([1])  # a colleague's program does the same
    session.close()
    assert flags(forgetful) == ["S"]
    door(centre, forgetful)
    runner("imap", **environment(forgetful))
    until(lambda: count(centre) == 1)


def test_nothing_twice_and_nothing_missed_when_the_server_is_killed_in_fetch(centre, forgetful, runner):
    raws = [
        mail(f"n{n}", message_id=None if n % 3 == 0 else "", body="x" * (n % 7) * 30_000) for n in range(60)
    ]
    for raw in raws[:40]:
        forgetful.put(raw)
    door(centre, forgetful)
    imap = runner("imap", **environment(forgetful))
    for raw in raws[40:]:
        forgetful.put(raw)
        forgetful.kick()
    until(lambda: count(centre) == 60, seconds=60, why=imap.text())
    until(lambda: known(centre) == 60)
    assert stored(centre) == hashes(raws)
    assert count(centre, "set_aside") == 0


def test_a_whole_server_killed_again_and_again(centre, forgetful, runner):
    raws = [mail(f"n{n}", message_id=None if n % 2 else "", body="y" * 60_000) for n in range(80)]
    for raw in raws:
        forgetful.put(raw)
    door(centre, forgetful)
    imap = runner("imap", **environment(forgetful))
    for wanted in (1, 20, 45):
        until(lambda wanted=wanted: count(centre) >= wanted, why=imap.text())
        forgetful.kill()
        forgetful.start()
    until(lambda: known(centre) == 80, seconds=60, why=imap.text())
    assert stored(centre) == hashes(raws)


@pytest.mark.parametrize("loss", ["index", "mailbox"])
def test_a_mailbox_made_anew_costs_a_second_look_and_nothing_else(centre, forgetful, runner, loss):
    """UIDVALIDITY changes, UIDs start again: what was remembered is worth nothing, all is read and known again."""
    raws = [mail(f"n{n}", message_id=None if n % 2 else "") for n in range(10)]
    for raw in raws:
        forgetful.put(raw)
    door(centre, forgetful)
    imap = runner("imap", **environment(forgetful))
    until(lambda: known(centre) == 10)
    places = {row["place"] for row in rows(centre, "select distinct place from mailbox_taken")}
    forgetful.stop()
    folder = forgetful.mail / "Maildir"
    if loss == "mailbox":
        shutil.rmtree(folder)
        for raw in reversed(raws):
            forgetful.put(raw)
    else:
        for path in folder.glob("dovecot*"):
            path.unlink()
    forgetful.put(more := mail("neuf"))
    forgetful.start()
    until(lambda: known(centre) == 11, seconds=60, why=imap.text())
    assert stored(centre) == hashes([*raws, more])
    # The old place is forgotten.
    assert places.isdisjoint(row["place"] for row in rows(centre, "select distinct place from mailbox_taken"))


def test_uids_given_again_to_other_mails_hide_none(centre, forgetful, runner):
    """The mailbox is put back from a backup: the same UIDVALIDITY, the same UIDs, other mails."""
    raws = [mail(f"n{n}", message_id=None) for n in range(3)]
    for raw in raws:
        forgetful.put(raw)
    door(centre, forgetful)
    imap = runner("imap", **environment(forgetful))
    until(lambda: known(centre) == 3)
    forgetful.stop()
    folder = forgetful.mail / "Maildir"
    head = (folder / "dovecot-uidlist").read_text().splitlines()[0]
    for path in [*in_mailbox(forgetful), *folder.glob("dovecot.index*")]:
        path.unlink()
    others = [mail(f"autre {n}", message_id=None) for n in range(3)]
    for raw in others:
        forgetful.put(raw)
    names = [path.name for path in (folder / "new").iterdir()]
    lines = [head, *(f"{uid} :{name}" for uid, name in enumerate(names, 1))]
    (folder / "dovecot-uidlist").write_text("\n".join(lines) + "\n")
    forgetful.start()
    until(lambda: count(centre) == 6, seconds=60, why=imap.text())
    assert stored(centre) == hashes([*raws, *others])
    assert known(centre) == 3  # the same place, the same UIDs
    assert len(rows(centre, "select distinct place from mailbox_taken")) == 1


def test_killed_between_commit_and_memory_takes_nothing_twice(centre, forgetful, runner):
    raws = [mail(f"n{n}", message_id=None if n % 2 else "", body="y" * 50_000) for n in range(80)]
    for raw in raws:
        forgetful.put(raw)
    door(centre, forgetful)
    imap = runner("imap", **environment(forgetful))
    for wanted in (5, 20, 40, 60):
        until(lambda wanted=wanted: count(centre) >= wanted)
        imap.kill()
        imap.start()
    until(lambda: known(centre) == 80, seconds=60)
    assert stored(centre) == hashes(raws)


def test_committed_but_not_remembered_is_known_again(centre, forgetful, runner):
    """The crash between the two, for all mails at once."""
    raws = [mail(f"n{n}", message_id=None if n % 2 else "") for n in range(6)]
    for raw in raws:
        forgetful.put(raw)
    door(centre, forgetful)
    imap = runner("imap", **environment(forgetful))
    until(lambda: known(centre) == 6)
    imap.kill()
    centre.execute("delete from mailbox_taken")
    imap.start()
    until(lambda: known(centre) == 6)
    assert stored(centre) == hashes(raws)


# --- the door's wishes -------------------------------------------------------------------------------


def wish(conn, **values):
    for name, value in values.items():
        conn.execute(f"update door set imap_{name} = %s where id = 1", [value])


def test_leaves_the_mailbox_untouched_if_wished(centre, dovecot, runner):
    dovecot.put(mail("un"))
    door(centre, dovecot)
    wish(centre, after="leave")
    imap = runner("imap", **environment(dovecot))
    until(lambda: known(centre) == 1, why=imap.text())
    dovecot.put(mail("deux"))
    until(lambda: count(centre) == 2, why=imap.text())
    assert marked(dovecot) == 0
    assert not (dovecot.mail / "Maildir" / "dovecot-keywords").exists()
    # Not even "recent" was taken from the mails: both are where they were delivered.
    assert len(list((dovecot.mail / "Maildir" / "new").iterdir())) == 2


@pytest.mark.parametrize("server", ["dovecot", "forgetful"])
def test_each_door_has_its_own_wish(centre, request, runner, server):
    """Door 1 marks as read, door 2 (another folder) moves."""
    dovecot = request.getfixturevalue(server)
    dovecot.put(mail("un"))
    dovecot.put(mail("deux", to="cpf@centre.example"), folder=".Cpf")
    door(centre, dovecot)
    wish(centre, after="read")
    centre.execute(
        "update door set imap_host = 'localhost', imap_port = %s, imap_user = %s, imap_secret = 'cigogne',"
        " imap_folder = 'Cpf', imap_after = 'move', imap_move_to = 'Pris' where id = 2",
        [dovecot.imaps, dovecot.user],
    )
    runner("imap", **environment(dovecot))
    until(lambda: count(centre) == 2)
    until(lambda: "S" in flags(dovecot)[0])
    until(lambda: len(in_mailbox(dovecot, ".Pris")) == 1 and not in_mailbox(dovecot, ".Cpf"))


def test_a_move_that_fails_holds_up_no_mail_and_is_said(centre, dovecot, runner):
    for n in range(3):
        dovecot.put(mail(f"n{n}"))
    door(centre, dovecot)
    wish(centre, after="move", move_to="Pris..là")  # no name of a folder
    imap = runner("imap", **environment(dovecot))
    until(lambda: count(centre) == 3, why=imap.text())
    until(lambda: status(centre).get("state") == "ok" and status(centre)["words"])
    dovecot.put(mail("encore"))
    until(lambda: count(centre) == 4, why=imap.text())


def test_what_a_crash_left_between_mark_and_move_is_moved_later(centre, dovecot, runner):
    dovecot.put(mail("un"))
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot))
    until(lambda: marked(dovecot) == 1)
    imap.kill()
    wish(centre, after="move", move_to="Pris")
    imap.start()
    until(lambda: len(in_mailbox(dovecot, ".Pris")) == 1)
    assert count(centre) == 1


# --- since when --------------------------------------------------------------------------------------


def age(dovecot, raw, **ago):
    """A mail that arrived some time ago (Maildir: the file's time is INTERNALDATE)."""
    dovecot.put(raw)
    newest = max(in_mailbox(dovecot), key=lambda path: path.stat().st_mtime)
    when = (datetime.now(UTC) - timedelta(**ago)).timestamp()
    os.utime(newest, (when, when))
    return raw


@pytest.mark.parametrize("server", ["dovecot", "forgetful"])
def test_an_old_mailbox_is_taken_from_the_moment_the_door_was_made(centre, request, runner, server):
    dovecot = request.getfixturevalue(server)
    age(dovecot, mail("ancien"), days=400)
    age(dovecot, mail("ce matin"), hours=2)
    dovecot.put(new := mail("neuf"))
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot))
    until(lambda: count(centre) == 1, why=imap.text())
    until(lambda: status(centre).get("state") == "ok")
    assert stored(centre) == hashes([new])
    # Told to go further back, it does; to take all, all.
    wish(centre, since=datetime.now(UTC) - timedelta(days=1))
    until(lambda: count(centre) == 2, why=imap.text())
    wish(centre, since=None)
    until(lambda: count(centre) == 3, why=imap.text())
    assert len(set(stored(centre))) == 3


def test_the_day_before_is_asked_for_whatever_the_servers_zone(forgetful):
    """SINCE knows days only, in the server's zone: five minutes past midnight the day before counts too."""
    age(forgetful, mail("minuit"), hours=20)
    session = Session(box(forgetful, since=datetime.now(UTC) - timedelta(hours=20)))
    assert len(session.new()) == 1
    assert [session.wants(one) for one in session.listed([1]).values()] == [True]
    session.close()
    session = Session(box(forgetful, since=datetime.now(UTC) - timedelta(hours=19)))
    assert [session.wants(one) for one in session.listed([1]).values()] == [False]
    session.close()
