"""Mail in by SMTP and LMTP: what is answered, and what is then in the tables. Real sockets, real PostgreSQL."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest
from services.mails import CPF, INSCRIPTION, count, mail, rows
from services.ports import PATIENCE, free_port, until
from services.sender import Talk


@pytest.fixture
def ports():
    return {"PORTEVOIX_SMTP_PORT": str(free_port()), "PORTEVOIX_LMTP_PORT": str(free_port())}


@pytest.fixture
def smtp(runner, ports):
    """Our mail process; gives the SMTP port."""
    runner("mail", **ports)
    return int(ports["PORTEVOIX_SMTP_PORT"])


@pytest.fixture
def lmtp(smtp, ports):
    return int(ports["PORTEVOIX_LMTP_PORT"])


def raws(conn):
    return [bytes(row["content"]) for row in rows(conn, "select content from mail_raw order by message_id")]


def test_each_kind_of_refusal_is_said_and_nothing_is_stored(centre, smtp):
    with Talk(smtp) as talk:
        assert (
            talk.begin("inconnu@centre.example", "victime@ailleurs.example")
            == ["550 5.1.1 No such address here / adresse inconnue"] * 2
        )
        assert talk.say("DATA").startswith("503")
        talk.say("RSET")
        bomb = mail("bombe", headers="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n")
        bomb += b"--b\r\n\r\nx\r\n" * 10_000 + b"--b--\r\n"
        assert talk.mail(bomb, INSCRIPTION).startswith("554 5.6.0 Too many parts")
        deep, inner = b"", b"fin"
        for level in range(40):
            inner = b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n%s\r\n--b%d--\r\n" % (
                level, level - 1, inner, level,
            )  # fmt: skip
        deep = mail("profond", headers="Content-Type: multipart/mixed; boundary=b39\r\n") + inner
        assert talk.mail(deep, INSCRIPTION).startswith("554 5.6.0 Parts nested too deeply")
        assert talk.say("MAIL FROM:<jean@client.example> SIZE=99999999").startswith("552")
        header = mail("en-tête", headers="X-Long: " + "a" * 600_000 + "\r\n")
        assert talk.mail(header, INSCRIPTION).startswith("552 5.3.4 Header too big")
        assert talk.mail(mail("bon"), INSCRIPTION).startswith("250")  # the connection still works
    assert count(centre) == 1


def test_too_large_a_mail_is_refused_over_both_protocols(centre, smtp, lmtp):
    large = mail("gros", body="z" * 51 * 1024 * 1024)
    with Talk(smtp) as talk:
        assert talk.mail(large, INSCRIPTION).startswith("552 5.3.4 Message too big")
        assert talk.say("NOOP").startswith("250")
    with Talk(lmtp, "LHLO client.example") as talk:
        assert talk.mail(large, INSCRIPTION, CPF).startswith("552 5.3.4")
        assert talk.answer().startswith("552 5.3.4")  # one answer per recipient
        assert talk.say("NOOP").startswith("250")
    assert count(centre) == 0


def test_lmtp_answers_once_per_recipient_accepted(centre, lmtp):
    with Talk(lmtp, "LHLO client.example") as talk:
        answers = talk.begin(INSCRIPTION, "inconnu@centre.example", CPF)
        assert [answer[:3] for answer in answers] == ["250", "550", "250"]
        assert talk.data(mail("deux lignes")).startswith("250")
        assert talk.answer().startswith("250")
        assert talk.say("NOOP").startswith("250")
    found = rows(centre, "select line_id, twin_of from conversation order by id")
    assert [row["line_id"] for row in found] == [1, 2]
    assert found[1]["twin_of"] == rows(centre, "select min(id) as id from conversation")[0]["id"]
    assert count(centre, "contact") == 2


_KEPT = {
    "8-bit": mail("octets", body="Été à l’école 🦩"),
    "not UTF-8": mail("latin").replace(b"Bonjour", b"Bonjour \xe9t\xe9 \x80\xff"),
    "10 MB line": mail("ligne", body="y" * 10 * 1024 * 1024),
    "dots": mail("points", body=".\r\n..\r\n...\r\n.fin\r\n. "),
    "dot first": b".commence par un point\r\n" + mail("point"),
    "NUL": mail("nul", body="a\x00b"),
    "bare CR and LF": mail("nu", body="a\nb\rc\n\n"),
    "empty": b"\r\n",
}


def test_mails_are_kept_byte_for_byte(centre, smtp):
    with Talk(smtp) as talk:
        for name, raw in _KEPT.items():
            assert talk.mail(raw, INSCRIPTION).startswith("250"), name
    assert raws(centre) == list(_KEPT.values())


def test_addresses_outside_ascii(centre, smtp):
    centre.execute("update door set address = 'élèves@centre.example' where id = 2")
    time.sleep(0)
    with Talk(smtp) as talk:
        until(
            lambda: (
                talk.begin("élèves@centre.example", options=" SMTPUTF8")[0].startswith("250")
                or talk.say("RSET") == ""
            )
        )
        assert talk.data(mail("accents", sender="zoé@client.example", to="élèves@centre.example")).startswith(
            "250"
        )
    assert rows(centre, "select sender, door_id from message") == [
        {"sender": "zoé@client.example", "door_id": 2}
    ]


_ENDS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n\r\n.\n", b"\r\n\x00.\r\n", b"\r\n. \r\n",
]  # fmt: skip


def test_nobody_smuggles_a_second_mail(centre, smtp):
    """Whatever looks like an end and is not CR LF . CR LF stays inside the one mail."""
    for number, end in enumerate(_ENDS, 1):
        second = (
            b"MAIL FROM:<pdg@centre.example>\r\nRCPT TO:<"
            + INSCRIPTION.encode()
            + b">\r\nDATA\r\n"
            + mail("caché")
        )
        with Talk(smtp) as talk:
            talk.begin(INSCRIPTION)
            assert talk.say("DATA").startswith("354")
            talk.send(mail("vrai") + end + second + b"\r\n.\r\n")
            assert talk.answer().startswith("250"), end
            assert talk.say("NOOP").startswith("250"), end  # no second answer came in between
        assert count(centre, "message") == number, end
        kept = raws(centre)[-1]
        assert second in kept, end
        assert b"Demande vrai" in kept, end


def test_commands_sent_ahead_are_answered_in_order(centre, smtp):
    with Talk(smtp) as talk:
        raw = mail("en avance")
        one = b"MAIL FROM:<jean@client.example>\r\nRCPT TO:<" + INSCRIPTION.encode() + b">\r\nDATA\r\n"
        talk.send(one)
        assert [talk.answer()[:3] for _ in range(3)] == ["250", "250", "354"]
        talk.send(raw + b".\r\n" + one)
        assert [talk.answer()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        talk.send(mail("suivant") + b".\r\nQUIT\r\n")
        assert [talk.answer()[:3] for _ in range(2)] == ["250", "221"]
    assert count(centre) == 2


def test_the_dot_may_come_in_any_pieces(centre, smtp):
    with Talk(smtp) as talk:
        talk.begin(INSCRIPTION)
        talk.say("DATA")
        for byte in mail("morceaux") + b".\r\n":
            talk.send(bytes([byte]))
        assert talk.answer().startswith("250")
    assert count(centre) == 1


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(centre, smtp):
    for cut in (b"", b"\r\n.", b"\r\n.\r"):
        talk = Talk(smtp)
        talk.begin(INSCRIPTION)
        talk.say("DATA")
        talk.send(mail("coupé") + cut)
        talk.close()
    with Talk(smtp) as talk:
        assert talk.mail(mail("entier"), INSCRIPTION).startswith("250")
    assert count(centre) == 1


def test_the_same_mail_again_is_answered_and_stored_once(centre, smtp):
    raw = mail("encore")
    with Talk(smtp) as talk:
        answers = [talk.mail(raw, INSCRIPTION) for _ in range(3)]
    assert [answer.split()[3] for answer in answers] == ["contact", "duplicate", "duplicate"]
    assert len({answer.split()[4] for answer in answers}) == 1


def test_the_same_mail_on_many_connections_at_once_is_stored_once(centre, runner, ports):
    runner("mail", **ports, PORTEVOIX_MAIL_WORKERS="2")
    port = int(ports["PORTEVOIX_SMTP_PORT"])
    raw, answers = mail("course"), []

    def send():
        with Talk(port) as talk:
            answers.append(talk.mail(raw, INSCRIPTION))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.split()[3] for answer in answers) == ["contact"] + ["duplicate"] * 11
    assert count(centre, "message") == count(centre, "contact") == 1


# --- who holds places --------------------------------------------------------------------------------


def test_connections_are_limited_together_and_per_peer(centre, runner, ports):
    runner("mail", **ports, PORTEVOIX_MAIL_CONNECTIONS="5", PORTEVOIX_MAIL_PER_PEER="3")
    port = int(ports["PORTEVOIX_SMTP_PORT"])
    mine = [Talk(port) for _ in range(3)]
    refused = Talk(port)
    assert refused.greeting.startswith("421")
    others = [Talk(port, source="127.0.0.2") for _ in range(2)]
    assert Talk(port, source="127.0.0.3").greeting.startswith("421")
    mine[0].close()

    def room():
        with Talk(port, None) as talk:
            return talk.greeting.startswith("220")

    until(room)
    assert mine[1].mail(mail("place"), INSCRIPTION).startswith("250")
    for talk in (*mine[1:], *others):
        talk.close()


def test_who_dribbles_is_cut_off_and_who_is_slow_but_steady_is_not(centre, runner, ports):
    runner("mail", **ports, PORTEVOIX_MAIL_TIMEOUT="2")
    port = int(ports["PORTEVOIX_SMTP_PORT"])
    loris, steady = Talk(port), Talk(port)
    loris.begin(INSCRIPTION)
    steady.begin(INSCRIPTION)
    loris.say("DATA")
    steady.say("DATA")
    steady.send(mail("régulier"))
    began = time.monotonic()
    alive = True
    while alive and time.monotonic() - began < 10 * PATIENCE:
        steady.send(b"x" * 998 + b"\r\n" + b"y" * 70_000)
        try:
            loris.send(b"a.\r\n")
        except OSError:
            alive = False
        time.sleep(0.2)
    assert not alive
    steady.send(b"\r\n.\r\n")
    assert steady.answer().startswith("250")
    assert count(centre) == 1


def test_hundred_good_mails_around_one_that_kills_its_reader(centre, runner, ports):
    """RELIABILITY.md F33. The sender tries again what was not answered, as every mail server does."""
    mailer = runner("mail", **ports, PORTEVOIX_TESTING="1", PORTEVOIX_MAIL_WORKERS="2")
    port = int(ports["PORTEVOIX_SMTP_PORT"])
    bad = mail("poison", headers="X-Portevoix-Test: abort\r\n")
    queue = [mail(f"n{n}") for n in range(100)]
    queue.insert(50, bad)
    good = {hashlib.sha256(raw).hexdigest() for raw in queue if raw is not bad}
    began, tries = time.monotonic(), 0
    while queue:
        raw = queue.pop(0)
        try:
            with Talk(port) as talk:
                answer = talk.mail(raw, INSCRIPTION)
        except (OSError, AssertionError):
            answer = ""
        tries += raw is bad
        if not answer.startswith("250"):
            queue.append(raw)
            time.sleep(0.1)
        assert time.monotonic() - began < 60 * PATIENCE, (
            len(queue),
            raw is bad,
            tries,
            answer,
            mailer.text(),
        )
    assert {hashlib.sha256(raw).hexdigest() for raw in raws(centre)} == good
    aside = rows(centre, "select reason, sha256 from set_aside")
    assert aside == [{"reason": "parser-crash", "sha256": hashlib.sha256(bad).digest()}]
    assert 2 < tries <= 8
