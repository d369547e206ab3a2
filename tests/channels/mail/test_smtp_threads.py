"""Where mails belong, over the wire and with several processes at once: joins, races, forgeries, loops, bounces."""

from __future__ import annotations

import os
import threading

import pytest
from services.mails import CPF, INSCRIPTION, count, mail, rows
from services.ports import free_port
from services.sender import Talk

from portevoix.channels.mail import identity

SECRET = os.environ.get("PORTEVOIX_SECRET", "only-for-tests-" + "x" * 40).encode()


@pytest.fixture
def smtp(runner):
    port = free_port()
    runner("mail", PORTEVOIX_SMTP_PORT=str(port), PORTEVOIX_MAIL_WORKERS="3")
    return port


def send(port, raw, *recipients, sender="jean@client.example"):
    with Talk(port) as talk:
        answer = talk.mail(raw, *(recipients or (INSCRIPTION,)), sender=sender)
        assert answer.startswith("250"), answer
        return answer.split()[3]


def at_once(*works):
    """Run all together; raises what one of them raised."""
    errors, gate = [], threading.Barrier(len(works))

    def run(work):
        try:
            gate.wait(30)
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def answered(conn, contact_sender="jean@client.example", *, kind="out"):
    """Write an answer of ours to the only conversation; its Message-ID."""
    conversation = rows(conn, "select id from conversation order by id limit 1")[0]["id"]
    row = conn.execute(
        "insert into message (conversation_id, kind, at, recipients, body, status) values (%s, %s, now(), %s::jsonb,"
        " 'Bonjour', 'sent') returning id",
        [conversation, kind, f'[{{"name": "", "address": "{contact_sender}", "as": "to"}}]'],
    ).fetchone()
    name = identity.message_id(SECRET, conversation, row["id"], "centre.example")
    conn.execute("update message set external_id = %s where id = %s", [name, row["id"]])
    return conversation, row["id"], name


# --- joining -----------------------------------------------------------------------------------------


def test_an_answer_joins_by_reference_and_by_token_never_by_subject(centre, smtp):
    send(smtp, mail("un", message_id="a@client.example"))
    send(smtp, mail("un", headers="In-Reply-To: <a@client.example>\r\n"))
    conversation, _, ours = answered(centre)
    send(smtp, mail("un", headers=f"References: <x@y> <{ours}>\r\n"))
    token = identity.reply_address(SECRET, conversation, INSCRIPTION)
    send(smtp, mail("un", to="autre@ailleurs.example"), token)
    assert rows(
        centre, "select count(*) as n, count(distinct conversation_id) as c from message where kind = 'in'"
    ) == [{"n": 4, "c": 1}]
    send(smtp, mail("un"))
    assert count(centre, "conversation") == 2


def test_a_reply_before_its_parent_joins_whatever_the_order(centre, smtp):
    """Parent and reply on two connections of different processes at the same moment, many times."""
    for n in range(25):
        person = f"p{n}@client.example"
        parent = mail(f"P{n}", message_id=f"parent{n}@client.example", sender=person)
        reply = mail(f"R{n}", headers=f"In-Reply-To: <parent{n}@client.example>\r\n", sender=person)
        if n % 3 == 0:
            send(smtp, reply)
            send(smtp, parent)
        else:
            at_once(lambda parent=parent: send(smtp, parent), lambda reply=reply: send(smtp, reply))
    assert count(centre, "message where kind = 'in'") == 50
    assert count(centre, "conversation") == count(centre, "contact") == 25


def test_a_chain_sent_all_at_once_is_one_conversation(centre, smtp):
    chain = [
        mail(
            f"c{n}", message_id=f"c{n}@client.example",
            headers="References: " + " ".join(f"<c{k}@client.example>" for k in range(n)) + "\r\n" if n else "",
        )
        for n in range(6)
    ]  # fmt: skip
    at_once(*(lambda raw=raw: send(smtp, raw) for raw in chain))
    assert count(centre, "message where kind = 'in'") == 6
    assert count(centre, "conversation") == 1
    assert count(centre, "contact") == 1


def test_one_client_on_many_connections_is_one_person(centre, smtp):
    at_once(*(lambda n=n: send(smtp, mail(f"m{n}")) for n in range(12)))
    assert count(centre, "person") == count(centre, "address") == 1
    assert count(centre, "contact") == 12


def test_the_same_mail_to_two_lines_is_two_linked_conversations_however_it_comes(centre, smtp):
    raw = mail("deux", message_id="deux@client.example", to=f"{INSCRIPTION}, {CPF}")
    at_once(
        lambda: send(smtp, raw, INSCRIPTION),
        lambda: send(smtp, raw, CPF),
        lambda: send(smtp, raw, INSCRIPTION, CPF),
    )
    found = rows(centre, "select id, line_id, twin_of from conversation order by id")
    assert sorted(row["line_id"] for row in found) == [1, 2]
    assert [row["twin_of"] for row in found] == [None, found[0]["id"]]
    assert count(centre, "message") == 2
    # An answer to it stays on the line it is sent to.
    send(smtp, mail("suite", headers="In-Reply-To: <deux@client.example>\r\n"), CPF)
    line = rows(
        centre,
        "select c.line_id from message m join conversation c on c.id = m.conversation_id order by m.id",
    )
    assert line[-1] == {"line_id": 2}
    assert count(centre, "conversation") == 2


# --- forgeries ---------------------------------------------------------------------------------------


def test_a_stranger_who_knows_the_clients_message_id_does_not_join(centre, smtp):
    send(smtp, mail("secret", message_id="secret@client.example"))
    send(
        smtp, mail("voleur", sender="voleur@mal.example", headers="In-Reply-To: <secret@client.example>\r\n")
    )
    assert count(centre, "conversation") == 2


def test_an_invented_or_altered_token_joins_nothing(centre, smtp):
    send(smtp, mail("un"))
    conversation, message, ours = answered(centre)
    wrong = identity.message_id(b"wrong secret", conversation, message, "centre.example")
    other = ours.replace(f"pv.{conversation}.", f"pv.{conversation + 1}.")
    local, _, domain = INSCRIPTION.partition("@")
    forged = f"{local}+pv{conversation}.{'a' * 26}@{domain}"
    for name in (wrong, other):
        send(smtp, mail("faux", sender="voleur@mal.example", headers=f"In-Reply-To: <{name}>\r\n"))
    send(smtp, mail("faux", sender="voleur@mal.example", to=forged), forged)
    assert count(centre, "conversation") == 4


def test_a_true_token_from_a_stranger_joins_but_gives_no_part_in_it(centre, smtp):
    """A forwarded mail: the colleague's answer is seen where it belongs, marked as from a stranger; what the stranger
    then refers to without a token is not believed."""
    send(smtp, mail("un"))
    _, _, ours = answered(centre)
    send(
        smtp,
        mail(
            "tiers",
            sender="tiers@mal.example",
            message_id="t@mal.example",
            headers=f"In-Reply-To: <{ours}>\r\n",
        ),
    )
    assert count(centre, "conversation") == 1
    assert rows(
        centre, "select facts ->> 'stranger' as s from message where sender = 'tiers@mal.example'"
    ) == [{"s": "true"}]
    send(smtp, mail("plus tard", sender="tiers@mal.example", headers="In-Reply-To: <t@mal.example>\r\n"))
    assert count(centre, "conversation") == 2


def test_a_from_that_its_domain_disowns_does_not_join(centre, smtp, runner):
    port = free_port()
    runner("mail", PORTEVOIX_SMTP_PORT=str(port), PORTEVOIX_AUTHSERV="mx.centre.example")
    send(port, mail("vrai", message_id="vrai@client.example"))
    says = "Authentication-Results: {}; dmarc=fail header.from=client.example\r\n"
    reply = "In-Reply-To: <vrai@client.example>\r\n"
    send(port, mail("forgé", headers=says.format("mx.centre.example") + reply))
    assert count(centre, "conversation") == 2
    send(port, mail("bon", headers=says.format("mx.inconnu.example") + reply))  # not our server's word
    assert count(centre, "conversation") == 2


# --- machines ----------------------------------------------------------------------------------------

_DSN = """From: MAILER-DAEMON@mx.client.example
To: {to}
Subject: {subject}
Message-ID: <{name}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

{words}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.client.example

Final-Recipient: rfc822; {failed}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {code} {words}

--b
Content-Type: text/rfc822-headers

Message-ID: <{original}>
Subject: Re: Demande
--b--
"""
_number = iter(range(10**6))


def dsn(original, *, failed="jean@client.example", action="failed", status="5.1.1", to=INSCRIPTION):
    text = _DSN.format(
        to=to, subject="Undelivered Mail Returned to Sender", name=f"dsn{next(_number)}@mx.client.example", failed=failed,
        action=action, status=status, code=f"{status[0]}50", words="User unknown", original=original,
    )  # fmt: skip
    return text.replace("\n", "\r\n").encode()


def test_a_bounce_of_ours_marks_the_message_and_the_address(centre, smtp):
    send(smtp, mail("un"))
    conversation, message, ours = answered(centre)
    assert send(smtp, dsn(ours), sender="") == "bounce"
    assert rows(centre, "select status from message where id = %s", message) == [{"status": "bounced"}]
    assert rows(centre, "select bounced_at is not null as b from address") == [{"b": True}]
    assert rows(centre, "select conversation_id from message where kind = 'bounce'") == [
        {"conversation_id": conversation}
    ]
    assert count(centre, "contact") == 1


def test_a_delay_marks_nothing(centre, smtp):
    send(smtp, mail("un"))
    _, message, ours = answered(centre)
    send(smtp, dsn(ours, action="delayed", status="4.4.1"), sender="")
    assert rows(centre, "select status from message where id = %s", message) == [{"status": "sent"}]
    assert count(centre, "address where bounced_at is not null") == 0


def test_a_forged_bounce_marks_nothing(centre, smtp):
    send(smtp, mail("un"))
    send(smtp, mail("deux", sender="paul@client.example"))
    conversation, message, ours = answered(centre)
    for original in (
        identity.message_id(b"wrong secret", conversation, message, "centre.example"),
        ours.replace(f".{message}.", f".{message + 1}."),
        "m1@client.example",
    ):
        send(smtp, dsn(original), sender="")
    send(
        smtp, dsn(ours, failed="paul@client.example"), sender=""
    )  # a true id, but somebody it was never sent to
    assert rows(centre, "select status from message where id = %s", message) == [{"status": "sent"}]
    assert count(centre, "address where bounced_at is not null") == 0
    assert count(centre, "contact") == 2


def test_a_flood_of_reports_of_all_kinds_is_no_work_and_gets_no_answer(centre, smtp):
    """RELIABILITY.md F37 in small; the bench runs 5,000."""
    send(smtp, mail("un"))
    _, _, ours = answered(centre)
    kinds = [
        dsn(ours),
        dsn("unknown@nowhere.example"),
        dsn(ours, action="delayed", status="4.2.2"),
        dsn(ours, action="relayed", status="2.0.0"),
        mail("Absence", headers="Auto-Submitted: auto-replied\r\n"),
        mail("liste", headers="List-Id: <x.y.example>\r\nPrecedence: bulk\r\n"),
        mail(
            "lu",
            headers="Content-Type: multipart/report; report-type=disposition-notification; boundary=q\r\n",
            body="--q\r\n\r\nLu\r\n--q\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: x\r\n--q--",
        ),
        mail("boucle", headers="X-Portevoix-Loop: 1\r\n"),
    ]
    with Talk(smtp) as talk:
        for n in range(400):
            raw = kinds[n % len(kinds)].replace(b"Message-ID: <", b"Message-ID: <k%d." % n, 1)
            assert talk.mail(raw, INSCRIPTION, sender="" if n % 2 else "robot@mx.client.example").startswith(
                "250"
            )
    assert count(centre, "contact") == 1
    assert count(centre, "message where kind = 'in'") == 1
    assert count(centre, "outgoing") == 0
    assert count(centre, "message where kind in ('automatic', 'bounce')") == 400


def test_a_mail_from_our_own_door_is_a_loop(centre, smtp):
    assert send(smtp, mail("moi", sender=CPF)) == "automatic"
    assert count(centre, "contact") == 0
