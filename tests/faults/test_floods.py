"""F32, F37: everything at once. A herd of mails, and a flood of delivery reports.

PORTEVOIX_FAULT_FLOOD: how many mails (300; the whole run takes 22000) and reports (5000 at most).
"""

import itertools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger import Sender, check
from post import Post, doctor
from services.mails import count, rows
from services.ports import PATIENCE, until

from portevoix.actions import contacts, presence

FLOOD = int(os.environ.get("PORTEVOIX_FAULT_FLOOD", "300"))
REPORTS = min(FLOOD, 5000)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
URGENT = "cpf@centre.example"


@pytest.fixture
def post(conn, centre):
    made = Post(conn, centre)
    yield made
    made.sink.stop()


def resident(pid):
    """Memory in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def in_parallel(connections, works):
    with ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()


def test_a_herd_of_mails(post, ledger, capsys):
    """All at once over 20 connections, and every so often a fresh one to a line whose adviser is free."""
    conn, centre = post.conn, post.centre
    conn.execute("update line set target_minutes = 30 where id = 2")
    conn.execute("delete from adviser_line")
    conn.execute("insert into adviser_line (account_id, line_id) values (1, 2)")
    conn.execute("update account set mail_capacity = 1000")
    presence.set_state(conn, 1, "available", "", datetime.now(UTC))
    for name in ("router", "timers", "herald", "outbox"):
        centre.start(name)
    mail = centre.start("mail")
    done, sizes, waits = threading.Event(), [], []

    def herd(which):
        sender = Sender(ledger, centre.port)
        for group in range(which, FLOOD // 3, 20):
            for number in range(3):
                sender.send(group, number, until=300)

    def watch():
        sender = Sender(ledger, centre.port, URGENT)
        for number in itertools.count(1_000_000):
            if len(ledger.acked) * 5 > FLOOD:  # what it needs for the first thousands is its working set
                sizes.append(resident(mail.child.pid))
            presence.seen(conn, 1, datetime.now(UTC))
            begun = time.monotonic()
            sender.send(number, 0, until=60)
            (seat,) = until(
                lambda: rows(conn, "select contact_id from seat where state = 'offered'"), seconds=60
            )
            waits.append(time.monotonic() - begun)
            # Taken and done, or the offer ends and the adviser counts as away.
            contacts.accept(conn, seat["contact_id"], 1, datetime.now(UTC))
            contacts.close(conn, seat["contact_id"], 1, subject_id=None, at=datetime.now(UTC))
            if done.wait(1):
                return

    watcher = ThreadPoolExecutor(1).submit(watch)
    begun = time.monotonic()
    in_parallel(20, [lambda which=which: herd(which) for which in range(20)])
    took = time.monotonic() - begun
    done.set()
    watcher.result()
    sizes.append(resident(mail.child.pid))
    with capsys.disabled():
        print(
            f"\n{len(ledger.acked)} mails in {took:.0f} s ({len(ledger.acked) / took:.0f}/s, driver included); memory "
            f"{sizes[0]:.0f} -> {sizes[-1]:.0f} MB (most {max(sizes):.0f}); {len(waits)} fresh urgent mails, offered "
            f"after at most {max(waits):.1f} s"
        )
    assert len(ledger.acked) == FLOOD // 3 * 3 + len(waits)
    assert check(conn, ledger).faults() == {}
    assert max(waits) < 60 * PATIENCE
    assert sizes[-1] - sizes[0] < 30
    assert doctor(post.url) == []


REPORT = """Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: {subject}
Date: Mon, 02 Mar 2026 10:00:00 +0100
Message-ID: <report.{n}@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: text/plain; charset=us-ascii

This is the mail system.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--B
Content-Type: {returned}

From: {to}
Message-ID: {name}
Subject: Bonjour

{body}
--B--
"""
QMAIL = """Return-Path: <>
From: MAILER-DAEMON@mx.example
To: {to}
Subject: failure notice
Message-ID: <report.{n}@mx.example>

Hi. This is the qmail-send program at mx.example.

<{address}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-Id: {name}
Subject: Bonjour
"""
EXIM = """Return-Path: <>
From: Mail Delivery System <Mailer-Daemon@mx.example>
To: {to}
X-Failed-Recipients: {address}
Subject: Mail delivery failed: returning message to sender
Message-ID: <report.{n}@mx.example>

This message was created automatically.

  {address}
    host mx.exemple.fr: 550 5.1.1 unknown user

------ This is a copy of the message, including all the headers. ------

Message-ID: {name}
Subject: Bonjour
"""
HEADERS, WHOLE = "text/rfc822-headers", "message/rfc822"
#: (template, values, whether the address is done with). ``name`` overrides whose mail came back.
KINDS = (
    (REPORT, {"action": "failed", "status": "5.1.1", "said": "550 5.1.1 unknown", "returned": HEADERS}, True),
    (REPORT, {"action": "failed", "status": "5.7.1", "said": "554 5.7.1 no", "returned": WHOLE}, True),
    (QMAIL, {}, True),
    (EXIM, {}, True),
    (REPORT, {"action": "failed", "status": "4.4.7", "said": "450 4.4.7 expired", "returned": WHOLE}, False),
    (REPORT, {"action": "delayed", "status": "4.4.1", "said": "450 4.4.1 later", "returned": HEADERS}, False),
    (REPORT, {"action": "delivered", "status": "2.0.0", "said": "250 ok", "returned": HEADERS}, False),
    (REPORT, {"action": "failed", "status": "5.1.1", "said": "550 no", "returned": WHOLE, "name": "<x@other.example>"}, False),
    (REPORT, {"action": "failed", "status": "5.1.1", "said": "550 no", "returned": WHOLE, "name": ""}, False),
)  # fmt: skip


def report(n, template, values, address, name):
    subject = "Undelivered Mail Returned to Sender"
    filled = {
        "to": "inscription@centre.example",
        "body": "",
        "subject": subject,
        "name": name,
        "address": address,
        "n": n,
    }
    return template.format(**filled | values).replace("\n", "\r\n").encode()


def test_a_flood_of_delivery_reports(post, ledger, capsys):
    """Nobody's work, nobody's answer; the addresses that are done with are marked, and no other."""
    conn, centre = post.conn, post.centre
    conn.execute("update line set ack_active = true")
    centre.start("outbox")
    each = max(1, REPORTS // len(KINDS) // 4)
    sent, done_with = [], set()
    for n in range(each):
        for kind, (_, _, permanent) in enumerate(KINDS):
            address = f"c{n}.k{kind}@client.example"
            message_id = post.answer(post.question(address), address)
            done_with |= {address} if permanent else set()
            sent.append((kind, address, message_id))
    post.all_left(300)
    names = {
        row["id"]: f"<{row['external_id']}>"
        for row in conn.execute("select id, external_id from message where kind = 'out'")
    }
    before = [count(conn, what) for what in ("contact", "outgoing", "seat")]
    mail = centre.start("mail")
    letters = [
        report(n, KINDS[kind][0], KINDS[kind][1], address, names[message_id])
        for n, (kind, address, message_id) in enumerate(sent * 4)
    ]
    answers, size = [], resident(mail.child.pid)

    def flood(which):
        sender = Sender(ledger, centre.port)
        answers.extend([sender._try(raw) for raw in letters[which::20]])

    begun = time.monotonic()
    in_parallel(20, [lambda which=which: flood(which) for which in range(20)])
    took = time.monotonic() - begun
    assert {answer[:3] for answer in answers} == {"250"}
    post.all_left()
    marked = {row["value"] for row in conn.execute("select value from address where bounced_at is not null")}
    kinds = {
        row["kind"]: row["n"] for row in conn.execute("select kind, count(*) as n from message group by kind")
    }
    with capsys.disabled():
        print(
            f"\n{len(letters)} reports of {len(KINDS)} kinds in {took:.0f} s: {kinds}, {len(marked)} addresses marked, "
            f"memory {size:.0f} -> {resident(mail.child.pid):.0f} MB"
        )
    assert marked == done_with
    assert [count(conn, what) for what in ("contact", "outgoing", "seat")] == before
    assert check(conn, ledger).faults() == {}
    assert doctor(post.url) == []
