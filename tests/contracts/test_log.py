"""The log: nothing is skipped and nothing comes twice, whatever commits when."""

import contextlib
import threading
from datetime import UTC, datetime

import pytest
from services.ports import until

from portevoix.domain.contacts.events import MessageAdded, UnknownEvent
from portevoix.store import db, log

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def append(conn, number):
    return log.append(conn, MessageAdded(message_id=number, said="in"), log.About(conversation_id=1), AT)


def read(conn, start):
    return [r.event.message_id for r in log.read_on(conn, start)]


def test_a_late_commit_is_not_skipped(conn, database_url):
    start = log.head(conn)
    with contextlib.closing(db.connect(database_url)) as slow:
        with slow.transaction():
            early = append(slow, 1)
            late = append(conn, 2)  # commits at once, with a higher id
            assert early < late
            # A reader that took `late` now would go past `early` for ever.
            assert [r.event.message_id for r in log.read_on(conn, start)] == []
        # Other tests on the same server may hold the horizon back for a moment.
        until(lambda: read(conn, start) == [1, 2])


def test_a_follower_gives_at_once_and_gives_the_late_one_too(conn, database_url):
    follower = log.Follower(log.head(conn))
    with contextlib.closing(db.connect(database_url)) as slow:
        with slow.transaction():
            append(slow, 1)
            append(conn, 2)
            append(conn, 3)
            assert [r.event.message_id for r in follower.news(conn, limit=1)] == [2]
            assert [r.event.message_id for r in follower.news(conn)] == [3]
            assert follower.news(conn) == []
        assert [r.event.message_id for r in follower.news(conn)] == [1]
        append(conn, 4)
        assert [r.event.message_id for r in follower.news(conn)] == [4]
    # Whoever goes on from the kept cursor is given nothing again (once the horizon of the whole server has passed).
    until(lambda: follower.news(conn) == [] and log.Follower(follower.safe).news(conn) == [])


def test_a_follower_with_more_to_read_than_it_takes_gives_nothing_again(conn, database_url):
    """The late one comes first in order; what was given before it stays known until the cursor has passed it."""
    follower = log.Follower(log.head(conn))
    with contextlib.closing(db.connect(database_url)) as slow:
        with slow.transaction():
            append(slow, 1)
            append(conn, 2)
            assert [r.event.message_id for r in follower.news(conn)] == [2]
        append(conn, 3)
        until(
            lambda: conn.execute(
                "select pg_snapshot_xmin(pg_current_snapshot()) > max(xid) as ok from event"
            ).fetchone()["ok"]
        )
        said = [[r.event.message_id for r in follower.news(conn, limit=1)] for _ in range(4)]
    assert said == [[1], [3], [], []]


def test_a_follower_gives_each_event_once_whatever_commits_when(conn, database_url):
    follower, seen = log.Follower(log.head(conn)), []

    def write(writer):
        with contextlib.closing(db.connect(database_url)) as mine:
            for n in range(30):
                with mine.transaction():
                    append(mine, writer * 1000 + n)

    threads = [threading.Thread(target=write, args=(w,)) for w in range(5)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += [r.event.message_id for r in follower.news(conn, limit=7)]
    while news := follower.news(conn, limit=7):
        seen += [r.event.message_id for r in news]
    assert sorted(seen) == sorted(w * 1000 + n for w in range(5) for n in range(30))


def test_a_rolled_back_event_never_shows(conn):
    start = log.head(conn)
    with contextlib.suppress(ZeroDivisionError), conn.transaction():
        append(conn, 1)
        raise ZeroDivisionError
    append(conn, 2)
    until(lambda: read(conn, start) == [2])


def test_many_writers_one_reader(conn, database_url):
    start = log.head(conn)
    writers, each = 6, 40

    def write(writer):
        with contextlib.closing(db.connect(database_url)) as mine:
            for n in range(each):
                with mine.transaction():
                    append(mine, writer * 1000 + n)

    threads = [threading.Thread(target=write, args=(w,)) for w in range(writers)]
    for thread in threads:
        thread.start()
    seen, cursor = [], start
    while any(thread.is_alive() for thread in threads) or len(seen) < writers * each:
        page = log.read_on(conn, cursor, limit=7)
        seen += [r.event.message_id for r in page]
        cursor = page[-1].cursor if page else cursor
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(w * 1000 + n for w in range(writers) for n in range(each))
    for w in range(writers):  # what one writer wrote keeps its order
        mine = [n for n in seen if n // 1000 == w]
        assert mine == sorted(mine)


def test_a_cursor_is_kept_with_what_was_done(conn):
    append(conn, 1)
    with conn.transaction():
        (last,) = log.Follower(log.Cursor()).news(conn)[-1:]
        log.save_cursor(conn, "somebody", last.cursor)
    assert log.load_cursor(conn, "somebody") == last.cursor
    assert log.load_cursor(conn, "nobody") is None


def test_an_event_needs_a_known_kind_to_be_read(conn):
    conn.execute("insert into event (at, kind, data) values (now(), 'from-the-future', '{}')")
    with pytest.raises(UnknownEvent, match="from-the-future"):
        log.Follower(log.Cursor()).news(conn)
