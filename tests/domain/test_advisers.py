"""Presence moves only as its table says; nobody is ever offered more than they can hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.domain.advisers.capacity import (
    NOTHING,
    Limits,
    Load,
    channels_with_room,
    is_within,
    paused_mails,
    room_for,
)
from portevoix.domain.advisers.presence import MOVES, Presence, PresenceError, PresenceState
from portevoix.domain.channels import WORK, Channel, Work

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 10, tzinfo=UTC)
LIMITS = Limits(chats=3, mails=5)
CALL, CHAT, MAIL = Channel.PHONE, Channel.CHAT, Channel.MAIL


@pytest.mark.parametrize("start", Presence)
@pytest.mark.parametrize("to", Presence)
def test_presence_moves_only_as_the_table_says(start: Presence, to: Presence) -> None:
    state = PresenceState(start, AT)
    if to in MOVES[start]:
        assert state.move(to, LATER, "formation") == PresenceState(to, LATER, "formation")
    else:
        with pytest.raises(PresenceError, match=to):
            state.move(to, LATER, "formation")
    assert state == PresenceState(start, AT)


def test_everybody_can_leave_and_come_back() -> None:
    assert all(Presence.OFFLINE in MOVES[p] for p in Presence if p is not Presence.OFFLINE)
    assert all(Presence.AVAILABLE in MOVES[p] for p in Presence if p is not Presence.AVAILABLE)


def test_a_pause_needs_a_reason() -> None:
    with pytest.raises(PresenceError, match="reason"):
        PresenceState(Presence.AVAILABLE, AT).move(Presence.PAUSED, LATER, "  ")


@pytest.mark.parametrize(
    ("load", "room"),
    [
        (NOTHING, {Work.WHOLE, Work.LIVE, Work.DEFERRED}),
        (Load(calls=1), set()),
        (Load(calls=1, mails=2), set()),
        (Load(chats=1), {Work.LIVE, Work.DEFERRED}),
        (Load(chats=3), set()),
        (Load(chats=2, mails=1), {Work.DEFERRED} if 2 / 3 + 2 / 5 <= 1 else set()),
        (Load(mails=1), {Work.WHOLE, Work.LIVE, Work.DEFERRED}),
        (Load(mails=5), {Work.WHOLE}),  # a call interrupts mail work
    ],
)
def test_room(load: Load, room: set[Work]) -> None:
    assert {WORK[channel] for channel in channels_with_room(load, LIMITS)} == room


def test_mails_pause_for_a_call_and_come_back() -> None:
    busy = Load(mails=5).plus(CALL)
    assert paused_mails(busy, LIMITS) == 5
    assert is_within(busy, LIMITS)
    assert busy.plus(CALL, -1) == Load(mails=5)


def test_mails_can_pause_for_chats_too() -> None:
    limits = Limits(mails_pause_for_chats=True)
    assert room_for(Load(mails=3), CHAT, limits)
    assert not room_for(Load(mails=3), CHAT, Limits())
    assert not room_for(Load(chats=1), MAIL, limits)


def test_impossible_values_are_refused() -> None:
    with pytest.raises(ValueError, match="limits"):
        Limits(calls=2)
    with pytest.raises(ValueError, match="no chat"):
        Load(mails=1).plus(CHAT, -1)


LIMIT = st.builds(Limits, st.integers(0, 1), st.integers(0, 5), st.integers(0, 6), st.booleans())


@settings(max_examples=100, deadline=None)
@given(LIMIT, st.lists(st.tuples(st.sampled_from(Channel), st.booleans()), max_size=30))
def test_never_above_capacity(limits: Limits, history: list[tuple[Channel, bool]]) -> None:
    load = NOTHING
    for channel, taken in history:
        if taken and room_for(load, channel, limits):
            load = load.plus(channel)
        elif not taken and _holds(load, channel):
            load = load.plus(channel, -1)
        assert is_within(load, limits), load


@settings(max_examples=100, deadline=None)
@given(
    LIMIT, st.builds(Load, st.integers(0, 1), st.integers(0, 5), st.integers(0, 6)), st.sampled_from(Channel)
)
def test_room_is_exactly_what_keeps_within(limits: Limits, load: Load, channel: Channel) -> None:
    if is_within(load, limits) and not load.calls:
        after = load.plus(channel)
        pauses_itself = WORK[channel] is Work.DEFERRED and paused_mails(after, limits) > 0
        assert room_for(load, channel, limits) == (is_within(after, limits) and not pauses_itself)


def _holds(load: Load, channel: Channel) -> bool:
    return {Work.WHOLE: load.calls, Work.LIVE: load.chats, Work.DEFERRED: load.mails}[WORK[channel]] > 0
