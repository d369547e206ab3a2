"""One contract, two buses."""

import contextlib
import queue

import pytest
from services.middlebox import Middlebox

from portevoix.bus import PUSH, WAKE, MemoryBus, NatsBus
from portevoix.bus.memory import matches


@pytest.fixture(params=["memory", "nats"])
def bus(request):
    made = MemoryBus() if request.param == "memory" else NatsBus(request.getfixturevalue("own_nats").url())
    yield made
    made.close()


def settled(bus, subject):
    """A queue of what arrives on ``subject``, once listening has reached the server."""
    heard = queue.Queue()
    bus.listen(subject, lambda name, payload: heard.put((name, payload)))
    for _ in range(200):  # a subscription is asynchronous: knock until it answers
        bus.tell("knock", b"")
        bus.poke()
        try:
            heard.get(timeout=0.05)
        except queue.Empty:
            continue
        break
    else:
        pytest.fail("nothing was heard")
    bus.tell("end", b"settled")
    while not heard.empty():
        heard.get()
    return heard


def first(heard, wanted):
    while True:
        name, payload = heard.get(timeout=60)
        if name == wanted:
            return payload


def test_what_is_told_is_heard(bus):
    heard = settled(bus, f"{PUSH}.>")
    bus.tell("line.4", b'{"seq": 1}')
    assert first(heard, f"{PUSH}.line.4") == b'{"seq": 1}'


def test_a_poke_wakes(bus):
    heard = settled(bus, WAKE)
    bus.poke()
    assert first(heard, WAKE) == b""


def test_after_closing_nothing_raises(bus):
    bus.close()
    bus.poke()
    bus.tell("x", b"")


def test_a_bus_that_is_not_there_is_no_error():
    lonely = NatsBus("nats://127.0.0.1:1")
    lonely.poke()
    assert not lonely.connected()
    lonely.close()


@pytest.mark.parametrize(
    ("pattern", "subject", "yes"),
    [
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("a", "a", True),
        ("a.b", "a", False),
    ],
)
def test_subjects_match_as_in_nats(pattern, subject, yes):
    assert matches(pattern, subject) is yes


def test_whoever_asks_is_told_when_messages_travel(bus):
    travels = queue.Queue()
    bus.when_connected(lambda: travels.put(bus.connected()))
    assert travels.get(timeout=60) is True


def test_after_the_bus_was_away_whoever_asked_is_told_again(own_nats):
    bus, travels = NatsBus(own_nats.url()), queue.Queue()
    bus.when_connected(lambda: travels.put(True))
    assert travels.get(timeout=60)
    own_nats.stop()
    own_nats.start()
    assert travels.get(timeout=60)
    bus.close()


def test_a_bus_that_says_nothing_is_left(own_nats):
    """F45: the network forgot the connection; both ends believe in it."""
    box, travels = Middlebox(own_nats.port), queue.Queue()
    bus = NatsBus(own_nats.url().replace(f":{own_nats.port}", f":{box.port}"), ping_seconds=0.3)
    bus.when_connected(lambda: travels.put(True))
    assert travels.get(timeout=60)
    box.forget()
    box.remember()
    assert travels.get(timeout=60)
    bus.close()
    box.stop()


def test_what_is_told_before_the_first_connection_is_heard(own_nats):
    heard = queue.Queue()
    there = NatsBus(own_nats.url())
    there.listen(f"{PUSH}.>", lambda name, payload: heard.put((name, payload)))
    while heard.empty():  # until listening has reached the server
        there.tell("knock", b"")
        with contextlib.suppress(queue.Empty):
            heard.put(heard.get(timeout=0.1))
    fresh = NatsBus(own_nats.url())
    fresh.tell("line.4", b"at once")
    assert first(heard, f"{PUSH}.line.4") == b"at once"
    there.close()
    fresh.close()
