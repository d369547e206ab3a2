"""The database's clock in a process that stood still while it asked."""

import time
from datetime import timedelta

from portevoix.store.clock import DatabaseClock


class Late:
    """A connection whose answers lie about until somebody is awake to read them."""

    def __init__(self, conn, seconds):
        self.conn, self.seconds = conn, seconds

    def execute(self, query):
        answer = self.conn.execute(query)
        time.sleep(self.seconds)
        return answer


def test_a_late_answer_is_asked_for_again(conn):
    clock = DatabaseClock()
    clock.now(Late(conn, 0.7))
    real = conn.execute("select clock_timestamp() as now").fetchone()["now"]
    assert clock.now(conn) - real > timedelta(seconds=-0.3)


def test_a_prompt_answer_is_trusted(conn):
    clock = DatabaseClock()
    first = clock.now(conn)
    assert clock.now(None) >= first
