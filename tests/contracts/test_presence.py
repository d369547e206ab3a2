"""Every state somebody was in is a row: from when to when, why, and because of whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portevoix.actions import presence
from portevoix.domain.advisers.presence import Cause

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def spans(conn, account_id=1):
    """(state, reason, cause, by whom, minutes from 9 to when) in order."""
    told = conn.execute(
        "select state, reason, cause, by_id, began_at, ended_at from presence_span where account_id = %s order by id",
        [account_id],
    ).fetchall()
    minutes = lambda at: None if at is None else (at - NOW).total_seconds() / 60  # noqa: E731
    return [
        (r["state"], r["reason"], r["cause"], r["by_id"], minutes(r["began_at"]), minutes(r["ended_at"]))
        for r in told
    ]


def later(minutes):
    """So many minutes after nine."""
    return NOW + timedelta(minutes=minutes)


def test_every_state_is_a_row_with_its_reason_and_whoever_caused_it(conn):
    presence.set_state(conn, 1, "available", "", NOW)
    presence.set_state(conn, 1, "paused", "Repas", later(10))
    presence.set_state(conn, 1, "available", "", later(40), actor_id=2, cause=Cause.SUPERVISOR)
    presence.missed(conn, 1, later(50))
    presence.set_state(conn, 1, "offline", "", later(60), cause=Cause.SIGNED_OUT)
    assert spans(conn) == [
        ("available", "", "self", 1, 0, 10),
        ("paused", "Repas", "self", 1, 10, 40),
        ("available", "", "supervisor", 2, 40, 50),
        ("paused", presence.MISSED, "missed-offer", None, 50, 60),
        ("offline", "", "signed-out", 1, 60, None),
    ]
    told = conn.execute(
        "select data, actor_id from event where kind = 'presence-changed' order by id"
    ).fetchall()
    assert [(e["data"]["cause"], e["actor_id"]) for e in told] == [row[2:4] for row in spans(conn)]


def test_the_same_state_again_is_no_new_row_and_no_news(conn):
    presence.set_state(conn, 1, "available", "", NOW)
    presence.set_state(conn, 1, "available", "", later(5))
    assert spans(conn) == [("available", "", "self", 1, 0, None)]
    assert (
        conn.execute("select count(*) as n from event where kind = 'presence-changed'").fetchone()["n"] == 1
    )
    assert presence.get(conn, 1)["seen_at"] == later(5)


def test_a_vanished_browser_is_nobodys_decision_and_keeps_when_it_was_last_seen(conn):
    presence.set_state(conn, 1, "available", "", NOW)
    assert presence.sweep(conn, later(2)) == [1]
    assert spans(conn)[-1] == ("away", "vanished", "vanished", None, 2, None)
    assert presence.get(conn, 1)["seen_at"] == NOW


def test_a_clock_that_steps_back_makes_no_row_that_ends_before_it_begins(conn):
    presence.set_state(conn, 1, "available", "", later(5))
    presence.set_state(conn, 1, "paused", "Repas", NOW)
    assert spans(conn) == [("available", "", "self", 1, 5, 5), ("paused", "Repas", "self", 1, 0, None)]
