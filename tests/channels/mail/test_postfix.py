"""Our LMTP door behind a real Postfix, as in production: what Postfix was told, and what it does then."""

from __future__ import annotations

import psycopg
import pytest
from services.mails import CPF, INSCRIPTION, count, mail, rows
from services.ports import free_port, until
from services.postfix import Postfix
from services.sender import Talk

pytestmark = pytest.mark.mailserver


@pytest.fixture
def lmtp_port():
    return free_port()


@pytest.fixture
def postfix(plain_home, lmtp_port):
    server = Postfix(plain_home / "postfix", lmtp_port)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def mailer(runner, lmtp_port):
    return runner("mail", PORTEVOIX_SMTP_PORT=str(free_port()), PORTEVOIX_LMTP_PORT=str(lmtp_port))


def send(postfix, raw, *recipients, sender="jean@client.example", options=""):
    with Talk(postfix.port) as talk:
        assert talk.mail(raw, *(recipients or (INSCRIPTION,)), sender=sender, options=options).startswith(
            "250"
        )


def markers(conn):
    return sorted(row["subject"] for row in rows(conn, "select subject from message where kind = 'in'"))


def test_a_mail_comes_through_and_is_acknowledged_when_committed(centre, postfix, mailer):
    send(postfix, mail("par Postfix", body="Été 🦩"), options=" BODY=8BITMIME")
    until(lambda: count(centre) == 1, why=postfix.log())
    until(lambda: postfix.queued() == 0)
    assert postfix.answers(INSCRIPTION)[0].startswith("sent (250 2.0.0 OK contact")
    raw = rows(centre, "select content from mail_raw")[0]["content"]
    assert b"Received: from client.example" in raw


def test_each_recipient_gets_an_answer_of_its_own(centre, postfix, mailer):
    send(postfix, mail("plusieurs"), INSCRIPTION, "inconnu@centre.example", CPF)
    until(lambda: count(centre, "contact") == 2, why=postfix.log())
    assert postfix.answers(INSCRIPTION)[0].startswith("sent")
    assert postfix.answers(CPF)[0].startswith("sent")
    assert "550 5.1.1" in postfix.answers("inconnu@centre.example")[0]
    assert postfix.answers("inconnu@centre.example")[0].startswith("bounced")


def test_a_refused_mail_goes_back_to_its_sender_with_our_words(centre, postfix, mailer):
    bomb = mail("bombe", headers="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n")
    bomb += b"--b\r\n\r\nx\r\n" * 10_000 + b"--b--\r\n"
    send(postfix, bomb)
    send(postfix, mail("gros", body="z" * 900 + ("\r\n" + "z" * 900) * 60_000))
    until(lambda: len(postfix.answers(INSCRIPTION)) == 2, why=postfix.log())
    assert {answer.partition("(")[0] for answer in postfix.answers(INSCRIPTION)} == {"bounced "}
    log = postfix.log()
    assert "Too many parts: at most 1000" in log
    assert "Message too big" in log or "message size" in log.lower()
    assert count(centre, "message") == 0


def test_nothing_is_lost_while_the_database_is_away(centre, postfix, mailer, database_url, superuser_url):
    """451, Postfix keeps the mail and tries again; then each mail is there once."""
    name = database_url.rsplit("/", 1)[1]
    with psycopg.connect(superuser_url, autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        for n in range(10):
            send(postfix, mail(f"attente {n}"))
        until(
            lambda: any("451 4.3.0" in answer for answer in postfix.answers(INSCRIPTION)), why=postfix.log()
        )
        # Not in one look: a mail that goes from one of the queues to the next is seen in both.
        until(lambda: postfix.queued() == 10, why=postfix.log()[-3000:])
        admin.execute(f"alter database {name} allow_connections true")
    until(lambda: postfix.queued() == 0, seconds=40, why=postfix.log()[-3000:])
    with psycopg.connect(database_url, row_factory=psycopg.rows.dict_row) as conn:
        assert markers(conn) == sorted(f"Demande attente {n}" for n in range(10))
        assert count(conn, "contact") == 10


def test_nothing_is_lost_or_doubled_when_our_process_is_killed(centre, postfix, mailer):
    done = mailer.keep_alive()
    try:
        for n in range(60):
            send(postfix, mail(f"mort {n:02}"))
            if n % 15 == 7:
                mailer.kill()
        until(lambda: count(centre) == 60 and postfix.queued() == 0, seconds=60, why=postfix.log()[-3000:])
    finally:
        done.set()
    assert markers(centre) == sorted(f"Demande mort {n:02}" for n in range(60))


def test_what_a_client_smuggles_past_postfix_is_one_mail(centre, postfix, mailer):
    ends = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n"]
    for end in ends:
        second = b"MAIL FROM:<pdg@centre.example>\r\nRCPT TO:<" + INSCRIPTION.encode() + b">\r\nDATA\r\n"
        with Talk(postfix.port) as talk:
            talk.begin(INSCRIPTION)
            talk.say("DATA")
            talk.send(
                mail("vrai")
                + end
                + second
                + mail("caché", sender="pdg@centre.example")
                + b"\r\n.\r\nQUIT\r\n"
            )
            while talk.answer():
                pass
    until(lambda: postfix.queued() == 0 and count(centre) >= len(ends))
    # What Postfix itself takes for an end is Postfix's setting; between Postfix and us one mail stays one mail.
    accepted = postfix.log().count("from=<")
    assert count(centre, "message") == len(postfix.answers(INSCRIPTION))
    assert accepted >= len(ends)


def test_very_long_lines_and_binary_come_through(centre, postfix, mailer):
    raws = {
        "ligne": mail("ligne", body="y" * 10 * 1024 * 1024),
        "octets": mail("octets").replace(b"Bonjour", b"\x80\xff\xe9"),
    }
    for raw in raws.values():
        send(postfix, raw)
    until(lambda: count(centre) == 2 and postfix.queued() == 0, seconds=60, why=postfix.log())
    sizes = {r["subject"]: r["n"] for r in rows(centre, "select subject, length(body) as n from message")}
    assert sizes["Demande ligne"] > 10 * 1024 * 1024  # Postfix folds it (line_length_limit), nothing is lost


def test_addresses_outside_ascii_come_through(centre, postfix, mailer):
    centre.execute("update door set address = 'élèves@centre.example' where id = 2")
    raw = mail("accents", sender="zoé@client.example", to="élèves@centre.example")
    until(lambda: "250" in _probe(mailer, "élèves@centre.example"))
    send(postfix, raw, "élèves@centre.example", sender="zoé@client.example", options=" SMTPUTF8")
    until(lambda: count(centre) == 1, why=postfix.log())
    assert rows(centre, "select sender, door_id from message") == [
        {"sender": "zoé@client.example", "door_id": 2}
    ]


def _probe(mailer, address):
    with Talk(int(mailer.environment["PORTEVOIX_SMTP_PORT"])) as talk:
        return talk.begin(address, options=" SMTPUTF8")[0]


def test_a_reply_address_with_our_token_reaches_its_conversation(centre, postfix, mailer):
    import os

    from portevoix.channels.mail import identity

    send(postfix, mail("début"))
    until(lambda: count(centre) == 1)
    conversation = rows(centre, "select id from conversation")[0]["id"]
    token = identity.reply_address(os.environ["PORTEVOIX_SECRET"].encode(), conversation, INSCRIPTION)
    send(postfix, mail("suite", to="liste@ailleurs.example"), token)
    until(lambda: count(centre) == 2, why=postfix.log())
    assert count(centre, "conversation") == 1


def test_five_hundred_mails_by_twenty_connections_all_arrive_once(centre, postfix, mailer):
    import threading

    def work(worker):
        with Talk(postfix.port) as talk:
            for n in range(25):
                assert talk.mail(
                    mail(f"w{worker}-{n}", sender=f"c{worker}@client.example"), INSCRIPTION
                ).startswith("250")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    until(lambda: count(centre) == 500 and postfix.queued() == 0, seconds=60, why=postfix.log()[-2000:])
    subjects = markers(centre)
    assert len(subjects) == len(set(subjects)) == 500
