"""The mail room's counter: what it cannot store is refused, and nothing else is."""

import asyncio
import contextlib

import pytest
from centre_rows import fill, inbound

from portevoix.actions import intake
from portevoix.actions.inbound import Outcome
from portevoix.runners.counter import Counter, DatabaseAway
from portevoix.store import db


def short_locks(conn):
    """The house's 5 s would make the test long."""
    conn.execute("set lock_timeout = '100ms'")


async def visited(counter, *items):
    """What the counter says to each, one after the other."""
    said = []
    for item in items:
        try:
            said.append((await counter.take([item]))[0].outcome)
        except DatabaseAway:
            said.append(None)
    return said


def test_a_batch_that_meets_a_lock_is_refused_alone(database_url):
    held, free = inbound("held@client.example"), inbound("free@client.example")

    async def day():
        counter = Counter(lambda: None, short_locks, database_url)
        counter.start()
        await asyncio.to_thread(counter.up.wait, 30)
        backend = counter._conn.info.backend_pid
        try:
            said = await visited(counter, held, free)
            assert counter._conn.info.backend_pid == backend, "the connection was sound"
            return said
        finally:
            await counter.stop()

    with contextlib.closing(db.connect(database_url)) as conn:
        fill(conn)
        conn.execute("select pg_advisory_lock(%s)", [intake._key(f"sender {held.sender}")])
        assert asyncio.run(day()) == [None, Outcome.CONTACT]


@pytest.mark.parametrize("waiting", [1, 5])
def test_when_the_database_goes_all_who_wait_are_refused_and_the_next_are_taken(database_url, waiting):
    async def day():
        counter = Counter(lambda: None, lambda conn: None, database_url)
        counter.start()
        await asyncio.to_thread(counter.up.wait, 30)
        try:
            with contextlib.closing(db.connect(database_url)) as conn:
                conn.execute("select pg_terminate_backend(%s)", [counter._conn.info.backend_pid])
            mails = [inbound(f"p{n}@client.example") for n in range(waiting)]
            first = await asyncio.gather(*(visited(counter, mail) for mail in mails))
            await asyncio.to_thread(counter.up.wait, 30)
            return first, await visited(counter, *mails)
        finally:
            await counter.stop()

    with contextlib.closing(db.connect(database_url)) as conn:
        fill(conn)
        first, again = asyncio.run(day())
        assert first == [[None]] * waiting
        assert again == [Outcome.CONTACT] * waiting
