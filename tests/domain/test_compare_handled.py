"""What each adviser did of a contact, read from its events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portevoix.domain.contacts import events as e
from portevoix.domain.figures.compare_handled import Ending, handlings

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DUE = START + timedelta(hours=1)
OUT = e.MessageAdded(message_id=9, said="out")


def told(*steps):
    """(minute, event)"""
    return [(START + timedelta(minutes=minute), event) for minute, event in steps]


def seen(*steps, line=1):
    return [
        (part.account_id, part.line_id, part.ending.value, part.seconds, part.in_target)
        for part in handlings(told(*steps), line, DUE)
    ]


def test_taken_answered_and_closed_is_one_handling_with_its_wrap_up():
    assert seen(
        (0, e.ContactTaken(account_id=1)), (5, OUT), (6, e.ContactWrapped(account_id=1)),
        (8, e.ContactClosed(account_id=1)),
    ) == [(1, 1, "closed", 480.0, True)]  # fmt: skip


def test_parked_time_is_nobody_s_and_the_handling_goes_on():
    assert seen(
        (0, e.ContactAccepted(account_id=1)), (5, e.ContactParked(account_id=1, wake_at="")),
        (90, e.ContactReturned(cause="time", account_id=1)), (95, e.ContactTaken(account_id=1)), (97, OUT),
        (100, e.ContactClosed(account_id=1)),
    ) == [(1, 1, "closed", 600.0, False)]  # fmt: skip


def test_a_hand_over_to_another_line_counts_for_the_line_it_left():
    assert seen(
        (0, e.ContactTaken(account_id=1)),
        (4, e.ContactTransferred(line_id=2, from_line_id=1, from_account_id=1)),
        (30, e.ContactTaken(account_id=2)), (40, OUT), (41, e.ContactClosed(account_id=2)), line=2,
    ) == [(1, 1, "transferred", 240.0, None), (2, 2, "closed", 660.0, True)]  # fmt: skip


def test_who_vanished_left_it():
    assert seen(
        (0, e.ContactAccepted(account_id=1)), (3, e.ContactReleased(account_id=1, cause="vanished")),
        (9, e.ContactAccepted(account_id=2)), (10, e.ContactClosed(account_id=2)),
    ) == [(1, 1, "left", 180.0, None), (2, 1, "closed", 60.0, True)]  # fmt: skip


def test_released_and_taken_again_is_one():
    assert seen(
        (0, e.ContactAccepted(account_id=1)), (3, e.ContactReleased(account_id=1, cause="vanished")),
        (9, e.ContactAccepted(account_id=1)), (10, e.ContactClosed(account_id=1)),
    ) == [(1, 1, "closed", 240.0, True)]  # fmt: skip


def test_an_offer_that_somebody_else_lost_does_not_stop_the_clock():
    assert seen(
        (0, e.ContactTaken(account_id=1)), (2, e.ContactReleased(account_id=7, cause="vanished")),
        (10, e.ContactClosed(account_id=1)),
    ) == [(1, 1, "closed", 600.0, True)]  # fmt: skip


def test_closed_from_the_queue_has_no_time():
    assert seen((90, e.ContactClosed(account_id=3))) == [(3, 1, "closed", None, False)]
    assert seen((90, e.ContactClosed(account_id=None))) == []


def test_what_a_supervisor_closes_was_its_holder_s_work():
    assert seen((0, e.ContactTaken(account_id=1)), (7, e.ContactClosed(account_id=9))) == [
        (1, 1, "closed", 420.0, True)
    ]


def test_merged_is_nobody_s_work():
    (part,) = handlings(
        told((0, e.ContactTaken(account_id=1)), (7, e.ContactClosed(account_id=1, outcome="merged"))), 1, DUE
    )
    assert part.ending is Ending.LEFT
    assert part.in_target is None


def test_what_is_still_in_hands_is_not_told():
    assert seen((0, e.ContactTaken(account_id=1)), (5, OUT)) == []
