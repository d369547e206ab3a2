"""Mail in by IMAP, with a real Dovecot (RELIABILITY.md F34, F30)."""

from __future__ import annotations

import hashlib
import shutil

import pytest
from services.dovecot import PASSWORD
from services.mails import INSCRIPTION, count, mail, rows
from services.ports import free_port, until

from portevoix.channels.mail import identity
from portevoix.channels.mail.imap import Mailbox, MailboxError, Session, Trouble

pytestmark = pytest.mark.mailserver


def box(dovecot, **other):
    values = {"host": "localhost", "port": dovecot.imaps, "tls": True, "user": dovecot.user, "password": PASSWORD}
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
    return sorted(hashlib.sha256(row["content"]).hexdigest() for row in rows(conn, "select content from mail_raw"))


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
    assert caught.value.trouble in {Trouble.CERTIFICATE, Trouble.UNREACHABLE}


def test_says_what_is_wrong(trusting):
    for other, trouble in (
        ({"password": "faux"}, Trouble.LOGIN),
        ({"folder": "Nulle part"}, Trouble.FOLDER),
        ({"port": free_port()}, Trouble.UNREACHABLE),
    ):
        with pytest.raises(MailboxError) as caught:
            Session(box(trusting, **other))
        assert caught.value.trouble is trouble
        assert "faux" not in str(caught.value)


def test_moves_what_was_taken(trusting):
    for number in range(3):
        trusting.put(mail(str(number)))
    session = Session(box(trusting, move_to="Traités"))
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
