"""Every state somebody was in is a row: from when to when, why, and because of whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portevoix.actions import presence
from portevoix.actions.errors import Invalid
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


def test_who_answers_no_more_is_gone_sooner_but_not_who_was_heard_of_another_way(conn):
    for account, seen in ((1, 0), (2, 20)):
        presence.set_state(conn, account, "available", "", NOW)
        presence.seen(conn, account, NOW + timedelta(seconds=seen))
    assert presence.sweep(conn, NOW + timedelta(seconds=25)) == []
    assert presence.sweep(conn, NOW + timedelta(seconds=25), silent=[1, 2]) == [1]


def test_after_a_call_there_is_time_to_note_it_and_then_one_is_available_by_oneself(conn):
    conn.execute("update line set wrap_up_seconds = 60 where id = 1")
    presence.set_state(conn, 1, "available", "", NOW)
    presence.after_contact(conn, 1, 1, "mail", NOW)
    assert presence.get(conn, 1)["state"] == "available"  # all is noted before one closes a mail
    presence.after_contact(conn, 1, 1, "phone", NOW)
    assert (presence.get(conn, 1)["state"], presence.get(conn, 1)["ends_at"]) == ("wrap-up", later(1))
    assert presence.end_wrap_ups(conn, NOW + timedelta(seconds=59)) == []
    presence.prolong(conn, 1, NOW + timedelta(seconds=50))
    assert presence.get(conn, 1)["ends_at"] == later(2)
    with pytest.raises(Invalid):
        presence.prolong(conn, 1, later(1))
    assert presence.end_wrap_ups(conn, later(2)) == [1]
    assert [row[:3] for row in spans(conn)][-3:] == [
        ("wrap-up", "", "wrap-up"),
        ("wrap-up", presence.PROLONGED, "self"),
        ("available", "", "wrap-up"),
    ]


def test_no_wrap_up_beside_other_work_nor_when_one_pauses(conn):
    conn.execute("update line set wrap_up_seconds = 60")
    presence.set_state(conn, 1, "paused", "Repas", NOW)
    presence.after_contact(conn, 1, 1, "phone", NOW)
    assert presence.get(conn, 1)["state"] == "paused"


def test_where_somebody_works_from_is_their_word_and_stays(conn):
    assert presence.menu(conn, 1)["works_from"] == "site"
    presence.work_from(conn, 1, "home", NOW)
    assert presence.menu(conn, 1)["works_from"] == "home"
    with pytest.raises(Invalid):
        presence.work_from(conn, 1, "moon", NOW)
