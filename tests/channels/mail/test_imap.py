"""Mail in by IMAP, with a real Dovecot (RELIABILITY.md F34, F30)."""

from __future__ import annotations

import hashlib
import shutil

import pytest
from services.dovecot import PASSWORD
from services.mails import INSCRIPTION, count, mail, rows
from services.middlebox import Middlebox
from services.ports import free_port, until

from portevoix.channels.mail import identity
from portevoix.channels.mail.imap import Session
from portevoix.channels.mail.imap_connection import After, Mailbox, MailboxError, Trouble

pytestmark = pytest.mark.mailserver


def box(dovecot, **other):
    values = {
        "host": "localhost",
        "port": dovecot.imaps,
        "tls": True,
        "user": dovecot.user,
        "password": PASSWORD,
    }
    return Mailbox(**{**values, **other})


def door(conn, dovecot, **other):
    """Let the first door be fetched from the mailbox."""
    values = {
        "host": "localhost", "port": dovecot.imaps, "tls": True, "user": dovecot.user, "secret": "cigogne", **other,
    }  # fmt: skip
    conn.execute(
        "update door set imap_host = %(host)s, imap_port = %(port)s, imap_tls = %(tls)s, imap_user = %(user)s,"
        " imap_secret = %(secret)s where id = 1",
        values,
    )


def environment(dovecot, **other):
    return {"PORTEVOIX_IMAP_CIGOGNE": PASSWORD, "SSL_CERT_FILE": str(dovecot.authority.ca), **other}


def status(conn, address=INSCRIPTION):
    found = rows(conn, "select detail from heartbeat where process = 'imap' order by at desc limit 1")
    return found[0]["detail"].get("doors", {}).get(address, {}) if found else {}


def stored(conn):
    return sorted(
        hashlib.sha256(row["content"]).hexdigest() for row in rows(conn, "select content from mail_raw")
    )


def hashes(mails):
    return sorted(hashlib.sha256(raw).hexdigest() for raw in mails)


# --- the session alone -------------------------------------------------------------------------------


@pytest.fixture
def trusting(dovecot, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.authority.ca))
    return dovecot


@pytest.mark.parametrize("port", ["imaps", "imap"])
def test_reads_over_tls_and_starttls(trusting, port):
    raw = mail("à l’aide")
    trusting.put(raw)
    session = Session(box(trusting, port=getattr(trusting, port)))
    assert session.new() == [1]
    assert [one.raw for one in session.fetch([1])] == [raw]
    session.taken([1])
    assert session.new() == []
    session.close()
    until(lambda: "TLS" in trusting.log())


def test_never_falls_back_to_plain(trusting):
    trusting.stop()
    trusting.write_config("ssl = no")
    trusting.start(plain=True)
    with pytest.raises(MailboxError) as caught:
        Session(box(trusting, port=trusting.imap))
    assert caught.value.trouble is Trouble.TLS
    assert "Login" not in trusting.log()


def test_refuses_a_certificate_that_ran_out(trusting):
    trusting.stop()
    trusting.authority.certificate(days=-1)
    trusting.start()
    for port in (trusting.imaps, trusting.imap):
        with pytest.raises(MailboxError) as caught:
            Session(box(trusting, port=port))
        assert caught.value.trouble is Trouble.CERTIFICATE


def test_refuses_an_unknown_authority_and_another_name(dovecot, monkeypatch):
    with pytest.raises(MailboxError) as caught:
        Session(box(dovecot))
    assert caught.value.trouble is Trouble.CERTIFICATE
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.authority.ca))
    with pytest.raises(MailboxError) as caught:
        Session(box(dovecot, host="127.0.0.2"))
    assert caught.value.trouble in {Trouble.CERTIFICATE, Trouble.REFUSED, Trouble.UNREACHABLE}


def test_says_what_is_wrong(trusting):
    for other, trouble in (
        ({"password": "faux"}, Trouble.LOGIN),
        ({"folder": "Nulle part"}, Trouble.FOLDER),
        ({"port": free_port()}, Trouble.REFUSED),
        ({"host": "nulle-part.invalid"}, Trouble.NAME),
    ):
        with pytest.raises(MailboxError) as caught:
            Session(box(trusting, **other))
        assert caught.value.trouble is trouble
        assert "faux" not in str(caught.value)


def test_moves_what_was_taken(trusting):
    for number in range(3):
        trusting.put(mail(str(number)))
    session = Session(box(trusting, after=After.MOVE, move_to="Traités"))
    session.taken(session.new()[:2])
    assert len(session.new()) == 1
    session.close()
    other = Session(box(trusting, folder="Traités"))
    assert other.new() == []  # carried there with the mark
    other.close()


# --- the process -------------------------------------------------------------------------------------


def test_a_mail_becomes_a_contact_within_a_second_of_its_arrival(centre, dovecot, runner):
    dovecot.put(mail("avant"))
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot))
    until(lambda: count(centre) == 1, why=imap.text())
    until(lambda: status(centre).get("state") == "ok")
    dovecot.put(raw := mail("après"))
    until(lambda: count(centre) == 2, seconds=10, why="IDLE tells of it")
    assert hashlib.sha256(raw).hexdigest() in stored(centre)
    assert count(centre, "contact where state = 'waiting'") == 2
    assert imap.stop() == 0


def test_marks_only_after_the_commit(centre, dovecot, runner, database_url):
    """Nothing can be stored: nothing may be marked; afterwards all is taken in, once."""
    centre.execute("alter table mail_raw add constraint closed check (false) not valid")
    centre.execute("alter table set_aside add constraint closed check (false) not valid")
    raws = [mail(str(number)) for number in range(5)]
    for raw in raws:
        dovecot.put(raw)
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot))
    until(lambda: status(centre).get("state") == "local error", why=imap.text())
    assert marked(dovecot) == 0
    centre.execute("alter table mail_raw drop constraint closed")
    centre.execute("alter table set_aside drop constraint closed")
    until(lambda: marked(dovecot) == 5)
    assert stored(centre) == hashes(raws)


def marked(dovecot):
    """How many mails carry our mark, as the mailbox itself says (Maildir: letter a of the first keyword)."""
    index = dovecot.mail / "Maildir" / "dovecot-keywords"
    if not index.exists():
        return 0
    return sum(
        1 for path in (dovecot.mail / "Maildir" / "cur").iterdir() if "a" in path.name.partition(":2,")[2]
    )


def test_nothing_twice_and_nothing_missed_when_the_server_drops(centre, dovecot, runner):
    """Cut in the middle of FETCH, again and again, while mails arrive; some without a Message-ID."""
    raws = [
        mail(f"n{n}", message_id=None if n % 3 == 0 else "", body="x" * (n % 7) * 30_000) for n in range(60)
    ]
    for raw in raws[:40]:
        dovecot.put(raw)
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot))
    for raw in raws[40:]:
        dovecot.put(raw)
        dovecot.kick()
    until(lambda: count(centre) == 60, seconds=60, why=imap.text())
    until(lambda: marked(dovecot) == 60)
    assert stored(centre) == hashes(raws)
    assert count(centre, "set_aside") == 0


@pytest.mark.parametrize("loss", ["index", "mailbox"])
def test_a_mailbox_made_anew_costs_a_second_look_and_nothing_else(centre, dovecot, runner, loss):
    """UIDVALIDITY changes, UIDs start again, the marks are gone: all is read again and known again."""
    raws = [mail(f"n{n}", message_id=None if n % 2 else "") for n in range(10)]
    for raw in raws:
        dovecot.put(raw)
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot))
    until(lambda: marked(dovecot) == 10)
    dovecot.stop()
    folder = dovecot.mail / "Maildir"
    if loss == "mailbox":
        shutil.rmtree(folder)
        for raw in raws:
            dovecot.put(raw)
    else:
        for path in folder.glob("dovecot*"):
            path.unlink()
        for path in (folder / "cur").iterdir():
            path.rename(path.with_name(path.name.partition(":2,")[0] + ":2,"))
    more = mail("neuf")
    dovecot.put(more)
    dovecot.start()
    until(lambda: marked(dovecot) == 11, seconds=60, why=imap.text())
    assert stored(centre) == hashes([*raws, more])


def test_killed_between_commit_and_mark_takes_nothing_twice(centre, dovecot, runner):
    raws = [mail(f"n{n}", message_id=None if n % 2 else "", body="y" * 50_000) for n in range(80)]
    for raw in raws:
        dovecot.put(raw)
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot))
    for wanted in (5, 20, 40, 60):
        until(lambda wanted=wanted: count(centre) >= wanted)
        imap.kill()
        imap.start()
    until(lambda: marked(dovecot) == 80, seconds=60)
    assert stored(centre) == hashes(raws)


def test_a_mailbox_that_falls_silent_is_left_and_read_again(centre, dovecot, runner):
    """F45: something on the way forgot the connection and tells nobody. In production known after 40 s."""
    middle = Middlebox(dovecot.imaps)
    door(centre, dovecot, port=middle.port)
    imap = runner("imap", **environment(dovecot, PORTEVOIX_IMAP_SILENCE_SECONDS="2"))
    until(lambda: status(centre).get("state") == "ok", why=imap.text())
    assert middle.forget() > 0
    dovecot.put(mail("pendant"))
    until(lambda: status(centre).get("state") != "ok", seconds=15, why="nobody noticed")
    middle.remember()
    dovecot.put(mail("après"))
    until(lambda: count(centre) == 2, seconds=20, why=imap.text())
    assert imap.alive()
    middle.stop()


def test_one_broken_door_holds_up_no_other(centre, dovecot, runner):
    door(centre, dovecot)
    centre.execute(
        "update door set imap_host = 'localhost', imap_port = %s, imap_user = 'x', imap_secret = 'cpf' where id = 2",
        [dovecot.imaps],
    )
    imap = runner("imap", **environment(dovecot, PORTEVOIX_IMAP_CPF="faux"))
    dovecot.put(mail("bien"))
    until(lambda: count(centre) == 1, why=imap.text())
    until(lambda: status(centre, "cpf@centre.example").get("state") == "login failed")
    assert status(centre)["state"] == "ok"
    assert "faux" not in imap.text()
    assert PASSWORD not in imap.text()


def test_follows_the_configuration_without_a_restart(centre, dovecot, runner):
    imap = runner("imap", **environment(dovecot))
    dovecot.put(mail("un"))
    door(centre, dovecot, secret="sans")
    until(lambda: status(centre).get("state") == "no password set")
    door(centre, dovecot)
    until(lambda: count(centre) == 1, why=imap.text())
    centre.execute("update door set active = false where id = 1")
    until(lambda: status(centre) == {})
    dovecot.put(mail("deux"))
    assert count(centre) == 1
    centre.execute("update door set active = true where id = 1")
    until(lambda: count(centre) == 2)
    assert imap.stop() == 0


def test_the_address_it_was_delivered_to_carries_the_token(centre, dovecot, runner):
    """A reply to door+token@ that the provider put into the one mailbox joins its conversation."""
    import os

    dovecot.put(mail("début"))
    door(centre, dovecot)
    runner("imap", **environment(dovecot))
    until(lambda: count(centre) == 1)
    conversation = rows(centre, "select id from conversation")[0]["id"]
    to = identity.reply_address(os.environ["PORTEVOIX_SECRET"].encode(), conversation, INSCRIPTION)
    envelope = f"Return-Path: <jean@client.example>\r\nDelivered-To: {to}\r\nX-Original-To: {to}\r\n".encode()
    dovecot.put(envelope + mail("suite", to="inconnu@ailleurs.example"))
    until(lambda: count(centre) == 2)
    assert count(centre, "conversation") == 1


def test_the_null_return_path_is_no_work(centre, dovecot, runner):
    door(centre, dovecot)
    runner("imap", **environment(dovecot))
    dovecot.put(b"Return-Path: <>\r\n" + mail("machine"))
    until(lambda: count(centre, "message where kind = 'automatic'") == 1)
    assert count(centre, "contact") == 0


def test_too_large_a_mail_is_kept_aside_and_the_next_comes_in(centre, dovecot, runner):
    door(centre, dovecot)
    large = mail("énorme", body="z" * 55 * 1024 * 1024)
    dovecot.put(large)
    dovecot.put(mail("petit"))
    runner("imap", **environment(dovecot))
    until(lambda: count(centre) == 1 and count(centre, "set_aside") == 1, seconds=60)
    kept = rows(centre, "select reason, sha256, octet_length(content) as size from set_aside")[0]
    assert kept["reason"].startswith("too-big: 55")
    assert kept["sha256"] == hashlib.sha256(large).digest()
    until(lambda: marked(dovecot) == 2)


def test_a_mail_that_kills_its_reader_is_put_aside_and_the_others_come_in(centre, dovecot, runner):
    """RELIABILITY.md F33: between a hundred good mails."""
    raws = [mail(f"n{n}") for n in range(100)]
    for raw in raws[:50]:
        dovecot.put(raw)
    dovecot.put(bad := mail("poison", headers="X-Portevoix-Test: abort\r\n"))
    for raw in raws[50:]:
        dovecot.put(raw)
    door(centre, dovecot)
    imap = runner("imap", **environment(dovecot, PORTEVOIX_TESTING="1"))
    done = imap.keep_alive()
    try:
        until(lambda: marked(dovecot) == 101, seconds=60, why=imap.text())
    finally:
        done.set()
    assert stored(centre) == hashes(raws)
    aside = rows(centre, "select reason, sha256, state from set_aside")
    assert aside == [{"reason": "parser-crash", "sha256": hashlib.sha256(bad).digest(), "state": "aside"}]
    assert count(centre, "event where kind = 'mail-set-aside'") == 1
