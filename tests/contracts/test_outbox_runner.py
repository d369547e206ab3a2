"""The outbox process against a real SMTP server: scripts, hangs, and kill -9 around the send."""

from __future__ import annotations

import os
import queue
import ssl
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime

import pytest
from aiosmtpd.smtp import SMTP
from centre_rows import DOMAIN, SECRET, came
from services.ports import PATIENCE
from services.tls import Authority
from sink import Sink, _Clerk

from portevoix.actions import messages
from portevoix.channels.mail.relay import Relay, deliver

CONTENT = b"Message-ID: <a@b>\r\nSubject: x\r\n\r\n.\r\n..\r\nBonjour\r\n"


@pytest.fixture
def sinks():
    made = []

    def make(**values):
        made.append(Sink(**values))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def relay(sink, **values):
    return Relay(
        "127.0.0.1",
        sink.port,
        hello="centre.example",
        **{"command_seconds": 1.0, "accept_seconds": 1.0, **values},
    )


# --- one attempt --------------------------------------------------------------------------------------


def test_the_bytes_arrive_as_they_were(sinks):
    sink = sinks()
    result = deliver(relay(sink), CONTENT, "a@centre.example", ["b@x.example"])
    assert (result.accepted, result.reply) == (("b@x.example",), "250 taken")
    assert sink.taken == [("a@centre.example", ("b@x.example",), CONTENT)]


def test_recipients_are_answered_one_by_one(sinks):
    sink = sinks(recipients={"no@x.example": "550 5.1.1 inconnu", "y.example": "451 later"})
    result = deliver(relay(sink), CONTENT, "", ["yes@x.example", "no@x.example", "z@y.example"])
    assert result.accepted == ("yes@x.example",)
    assert {a: str(s) for a, s in result.refused.items()} == {"no@x.example": "550 5.1.1 inconnu"}
    assert {a: str(s) for a, s in result.later.items()} == {"z@y.example": "451 later"}
    assert sink.taken[0][:2] == ("<>", ("yes@x.example",))


@pytest.mark.parametrize(
    ("reply", "group"),
    [
        ("554 spam", "refused"),
        ("452 full", "later"),
        ("421 bye", "later"),
        ("hang", "later"),
        ("close", "later"),
    ],
)
def test_after_the_mail_every_answer_has_its_meaning(sinks, reply, group):
    sink = sinks(data=[reply])
    result = deliver(relay(sink), CONTENT, "a@centre.example", ["b@x.example"])
    assert result.accepted == ()
    assert set(getattr(result, group)) == {"b@x.example"}
    assert result.reached
    assert sink.taken == []


def test_a_relay_that_is_not_there_says_nothing_about_the_mail(sinks):
    sink = sinks()
    sink.stop()
    result = deliver(relay(sink), CONTENT, "a@centre.example", ["b@x.example"])
    assert not result.reached
    assert set(result.later) == {"b@x.example"}


def test_a_shut_fence_lets_nothing_through(sinks):
    sink = sinks()
    result = deliver(relay(sink), CONTENT, "a@centre.example", ["b@x.example"], before_data=lambda: False)
    assert result.fenced
    assert sink.taken == []


def test_addresses_beyond_ascii_need_a_relay_that_takes_them(sinks):
    wide, narrow = sinks(), sinks(smtputf8=False)
    assert deliver(relay(wide), CONTENT, "a@centre.example", ["rené@x.example"]).accepted == (
        "rené@x.example",
    )
    result = deliver(relay(narrow), CONTENT, "a@centre.example", ["rené@x.example", "b@x.example"])
    assert result.accepted == ("b@x.example",)
    assert set(result.refused) == {"rené@x.example"}


# --- the process --------------------------------------------------------------------------------------


class Process:
    """The outbox as it runs in production."""

    def __init__(self, database_url, nats_url, sink, **environment):
        self.child = subprocess.Popen(
            [sys.executable, "-m", "portevoix.runners.outbox"],
            env={
                **os.environ,
                "DATABASE_URL": database_url,
                "NATS_URL": nats_url,
                "PORTEVOIX_SECRET": SECRET.decode(),
                "PORTEVOIX_DOMAIN": DOMAIN,
                "PORTEVOIX_RELAY": f"127.0.0.1:{sink.port}",
                "PORTEVOIX_TESTING": "1",
                "PORTEVOIX_OUTBOX_SENDING_SECONDS": "2",
                **environment,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: said.put(self.child.stdout.readline()), daemon=True).start()
        assert said.get(timeout=120) == "ready\n"

    def stop(self):
        self.child.terminate()
        return self.child.wait(30)


@pytest.fixture
def process(database_url, nats_url):
    started = []

    def start(sink, **environment):
        started.append(Process(database_url, nats_url, sink, **environment))
        return started[-1]

    yield start
    for one in started:
        if one.child.poll() is None:
            one.child.kill()
            one.child.wait()


def answers(conn, *addresses):
    conn.execute("update line set ack_active = false")
    made = []
    for address in addresses:
        taken = came(conn, at=datetime.now(UTC))
        made.append(
            messages.reply(
                conn,
                conversation_id=taken.conversation_id,
                account_id=1,
                body="Bonjour",
                upload_ids=[],
                recipients=[{"name": "", "address": address, "as": "to"}],
                token=uuid.uuid4().hex,
                secret=SECRET,
                domain=DOMAIN,
                at=datetime.now(UTC),
                undo_seconds=0,
            )
        )
    return made


def until(check, seconds=30.0):
    deadline = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen")


def count(conn, state):
    return conn.execute("select count(*) as n from outgoing where state = %s", [state]).fetchone()["n"]


def test_everything_leaves_once_and_the_end_is_clean(conn, sinks, process):
    sink = sinks()
    answers(conn, *(f"p{n}@d{n % 4}.example" for n in range(30)))
    running = process(sink)
    until(lambda: count(conn, "sent") == 30)
    assert len(sink.names) == len(set(sink.names)) == 30
    assert conn.execute("select 1 from heartbeat where process = 'outbox'").fetchone()
    assert running.stop() == 0


def test_killed_right_after_the_relay_took_it_one_extra_with_the_same_name(conn, sinks, process):
    sink = sinks()
    answers(conn, "jean@client.example")
    first = process(sink, PORTEVOIX_CRASH_AT="after_send")
    assert first.child.wait(30) == -9
    assert len(sink.taken) == 1
    assert count(conn, "sending") == 1
    process(sink)
    until(lambda: count(conn, "sent") == 1)
    assert len(sink.taken) == 2
    assert len(set(sink.names)) == 1
    assert sink.taken[0][2] == sink.taken[1][2]


def test_killed_right_before_the_send_none_extra(conn, sinks, process):
    sink = sinks()
    answers(conn, "jean@client.example")
    first = process(sink, PORTEVOIX_CRASH_AT="before_send")
    assert first.child.wait(30) == -9
    assert sink.taken == []
    process(sink)
    until(lambda: count(conn, "sent") == 1)
    assert len(sink.taken) == 1


def test_a_domain_that_hangs_holds_up_nobody_else(conn, sinks, process):
    sink = sinks(recipients={"slow.example": "hang"})
    answers(conn, *["a@slow.example"] * 12, *(f"p{n}@quick.example" for n in range(10)))
    process(sink)
    until(lambda: count(conn, "sent") == 10, 20)
    assert {rcpt[0].rpartition("@")[2] for _, rcpt, _ in sink.taken} == {"quick.example"}


def test_the_relays_word_is_written_when_the_database_comes_back(conn, sinks, process):
    sink = sinks(data=["250 taken"])
    (message_id,) = answers(conn, "jean@client.example")
    conn.execute("update outgoing set state = 'due'")
    # The row is locked while the relay answers, and every connection of the outbox is cut before it can write.
    with conn.transaction():
        conn.execute("select 1 from message where id = %s for update", [message_id])
        process(sink, PORTEVOIX_OUTBOX_SENDING_SECONDS="60")
        assert sink.arrived.wait(20)
        time.sleep(0.3)
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and application_name like 'portevoix courier%%' and %s",
            [True],
        )
    until(lambda: count(conn, "sent") == 1)
    assert len(sink.taken) == 1


def test_the_relay_is_away_and_comes_back(conn, sinks, process):
    sink = sinks()
    port = sink.port
    sink.stop()
    answers(conn, "jean@client.example")
    process(sink)
    waiting = "select 1 from message where status = 'queued' and status_detail <> ''"
    until(lambda: conn.execute(waiting).fetchone())
    back = sinks(port=port)
    until(lambda: count(conn, "sent") == 1, 40)
    assert len(back.taken) == 1


def test_a_relay_that_offers_no_safe_way_keeps_the_mail_here_with_the_reason(conn, sinks, process):
    """F30: told to use TLS, nothing leaves without it; once the relay is set right all leaves once."""
    sink = sinks()
    answers(conn, "jean@client.example", "jeanne@client.example")
    running = process(sink, PORTEVOIX_RELAY_TLS="starttls")
    why = "select status_detail from message where status = 'queued' and status_detail <> ''"
    until(lambda: conn.execute(why).fetchone())
    assert "STARTTLS" in conn.execute(why).fetchone()["status_detail"].upper()
    assert running.stop() == 0
    assert sink.taken == []
    conn.execute("update outgoing set not_before = now() where state = 'due'")
    process(sink)
    until(lambda: count(conn, "sent") == 2, 40)
    assert len(sink.names) == len(set(sink.names)) == 2


class Certified(Sink):
    """A relay behind STARTTLS whose certificate can be exchanged while it runs, as its operator would."""

    def __init__(self, pair):
        self.exchange(pair)
        super().__init__()

    def exchange(self, pair):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*pair)

    def _session(self):
        return SMTP(
            _Clerk(self),
            hostname="sink.example",
            loop=self._loop,
            tls_context=self._context,
            require_starttls=True,
        )


def test_a_certificate_that_ran_out_keeps_the_mail_here_until_it_is_renewed(conn, process, tmp_path):
    """F30: the reason is on the message, nothing leaves in the clear, and the same process sends it once."""
    authority = Authority(tmp_path / "ca")
    sink = Certified(authority.certificate(days=-1))
    answers(conn, "jean@client.example", "jeanne@client.example")
    process(sink, PORTEVOIX_RELAY_TLS="starttls", SSL_CERT_FILE=str(authority.ca))
    why = "select status_detail from message where status = 'queued' and status_detail like '%expired%'"
    until(lambda: conn.execute(why).fetchone())
    assert sink.taken == []
    sink.exchange(authority.certificate())
    until(lambda: count(conn, "sent") == 2, 60)
    assert len(sink.names) == len(set(sink.names)) == 2
    sink.stop()
