"""F04: an outbox process that stops without dying, past its lease, and wakes when another has done its work; and several
outbox processes at once: nothing twice, each conversation in order."""

import contextlib
import os
import re
import signal
import threading
import time

import pytest
from post import Post, doctor
from services.ports import until
from sink import Sink

MAILS = int(os.environ.get("PORTEVOIX_FAULT_MAILS", "60"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Gated(Sink):
    """A relay that can be told to say nothing to RCPT, or after the mail, until it is told to go on."""

    def __init__(self):
        self.hold = ""
        self.held = threading.Event()
        super().__init__()

    async def _wait(self, where):
        if self.hold == where:
            self.hold = ""
            self.held.set()
            await self._gate.wait()

    def go_on(self):
        self._loop.call_soon_threadsafe(self._gate.set)

    async def handle_RCPT(self, server, session, envelope, address, options):
        await self._wait("rcpt")
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):
        said = await super().handle_DATA(server, session, envelope)
        await self._wait("data")
        return said


@pytest.fixture
def post(conn, centre):
    made = Post(conn, centre)
    made.sink.stop()
    made.sink = Gated()
    centre.environment["PORTEVOIX_RELAY"] = f"127.0.0.1:{made.sink.port}"
    yield made
    made.sink.stop()


def another(centre, name, **extra):
    """One more outbox process beside the first."""
    process = centre.start("outbox", **extra)
    centre.processes[name] = centre.processes.pop("outbox")
    return process


@contextlib.contextmanager
def stopped(process):
    process.child.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.child.send_signal(signal.SIGCONT)


def state(post, message_id):
    return post.conn.execute(
        "select o.state, o.attempts, o.lease, m.status from outgoing o join message m on m.id = o.message_id"
        " where o.message_id = %s", [message_id],
    ).fetchone()  # fmt: skip


def test_stopped_before_the_bytes_left_the_woken_one_sends_nothing(post):
    """It stands at RCPT: the lease is over, another sends. Awake again it asks for its lease, and stops."""
    first = another(post.centre, "a", PORTEVOIX_OUTBOX_LEASE_SECONDS="2")
    post.sink.hold = "rcpt"
    message_id = post.answer(post.question("a@client.example"), "a@client.example")
    assert post.sink.held.wait(40)
    lease = state(post, message_id)["lease"]
    with stopped(first):
        post.sink.go_on()
        another(post.centre, "b", PORTEVOIX_OUTBOX_LEASE_SECONDS="60")
        post.all_left()
        after = state(post, message_id)
    until(lambda: "its lease was another's, nothing was sent" in first.text(), why=str(first.log))
    assert lease is not None
    assert (after["state"], after["attempts"]) == ("sent", 2)
    assert state(post, message_id) == after
    assert first.alive()
    post.settled()
    assert post.doubled() == []
    assert doctor(post.url) == []


def test_a_relay_slower_than_a_lease_gets_the_mail_once(post):
    """It thinks over RCPT for three leases while another process waits: nobody takes the mail away."""
    short = {"PORTEVOIX_OUTBOX_LEASE_SECONDS": "2"}
    another(post.centre, "a", **short)
    post.sink.hold = "rcpt"
    message_id = post.answer(post.question("a@client.example"), "a@client.example")
    assert post.sink.held.wait(40)
    another(post.centre, "b", **short)
    time.sleep(6)  # the fault itself
    assert state(post, message_id)["attempts"] == 1
    post.sink.go_on()
    post.all_left()
    assert state(post, message_id)["attempts"] == 1
    post.settled()
    assert post.doubled() == []


def test_stopped_while_the_relay_answers_the_woken_one_writes_nothing(post):
    """The window that SMTP leaves: its bytes are with the relay. One more copy, and one result: the other's."""
    short = {"PORTEVOIX_OUTBOX_SENDING_SECONDS": "2"}
    first = another(post.centre, "a", **short)
    post.sink.hold = "data"
    message_id = post.answer(post.question("a@client.example"), "a@client.example")
    assert post.sink.held.wait(40)
    with stopped(first):
        post.sink.go_on()
        another(post.centre, "b", **short)
        post.all_left()
        after = state(post, message_id)
    until(lambda: "its lease was another's, the result was not written" in first.text(), why=str(first.log))
    assert state(post, message_id) == after
    post.settled()
    assert list(post.copies().values()) == [2]  # the same bytes and name: copies() proves it
    events = "select count(*) as n from event where kind = 'message-status' and data ->> 'status' = 'sent'"
    assert post.conn.execute(events).fetchone()["n"] == 1
    assert doctor(post.url) == []


def test_three_at_once_stopped_in_turn(post, capsys):
    """Three processes, stopped again and again for longer than a lease lasts: nobody sends a mail twice, and of each
    conversation the answers leave in the order in which they were written."""
    extra = {"PORTEVOIX_OUTBOX_LEASE_SECONDS": "8"}
    three = [another(post.centre, name, **extra) for name in "abc"]
    done, stops = threading.Event(), []

    def stopping():
        while not done.is_set():
            process = three[len(stops) % 3]
            with stopped(process):
                stops.append(process)
                done.wait(9)

    thread = threading.Thread(target=stopping, daemon=True)
    thread.start()
    talks = [post.question(f"c{n}@client.example") for n in range(max(1, MAILS // 6))]
    begun = time.monotonic()
    for number in range(6):
        for talk in talks:
            post.answer(talk, f"c{talk}@client.example", f"{talk}-{number}.")
    post.all_left(600)
    done.set()
    thread.join()
    took = time.monotonic() - begun
    lost = sum(process.text().count("nothing was sent") for process in three)
    with capsys.disabled():
        print(
            f"\n{6 * len(talks)} answers, {len(stops)} stops, {took:.0f} s; lease lost {lost} times, "
            f"sent twice {len(post.doubled())}"
        )
    assert all(process.alive() for process in three)
    post.settled()
    assert post.doubled() == []
    order = {}
    for mail in post.sink.mails:
        talk, number = re.search(r"(\d+)-(\d)\.", mail.get_body(("plain",)).get_content()).groups()
        order.setdefault(talk, []).append(int(number))
    wrong = {talk: numbers for talk, numbers in order.items() if numbers != sorted(numbers)}
    assert wrong == {}, "answers of a conversation left in another order"
    assert doctor(post.url) == []
