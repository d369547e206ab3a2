"""The life of a contact, its events and their fold."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portevoix.domain.contacts import events as e
from portevoix.domain.contacts.fold import begin, fold, step
from portevoix.domain.contacts.machine import FINAL, MOVES, OPEN, IllegalMove, Move, State, after, origins
from portevoix.domain.contacts.threading import Candidate, Evidence, find

ROOT = Path(__file__).resolve().parent.parent.parent

SAMPLES = {
    Move.WAITED: e.ContactWaited(),
    Move.OFFERED: e.ContactOffered(account_id=7),
    Move.ACCEPTED: e.ContactAccepted(account_id=7),
    Move.DECLINED: e.ContactDeclined(account_id=7),
    Move.EXPIRED: e.ContactExpired(account_id=7),
    Move.RELEASED: e.ContactReleased(account_id=7, cause="offline"),
    Move.TRANSFERRED: e.ContactTransferred(line_id=2, from_line_id=1),
    Move.PARKED: e.ContactParked(account_id=7, wake_at="2026-11-25T08:00:00+00:00"),
    Move.WOKEN: e.ContactWoken(account_id=7, cause="by-hand"),
    Move.RETURNED: e.ContactReturned(cause="time", account_id=7),
    Move.TAKEN: e.ContactTaken(account_id=7),
    Move.WRAPPED: e.ContactWrapped(account_id=7),
    Move.RESUMED: e.ContactResumed(account_id=7),
    Move.CLOSED: e.ContactClosed(account_id=7, subject_id=3),
    Move.ABANDONED: e.ContactAbandoned(),
    Move.CALLED_BACK: e.ContactCalledBack(successor_id=9),
}


def test_every_move_has_one_event_of_its_name():
    assert {cls.move for cls in e.REGISTRY.values() if cls.move} == set(Move)
    for (kind, _), cls in e.REGISTRY.items():
        assert cls.move is None or cls.move.value == kind


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_leaves_a_final_state(state):
    assert not MOVES[state]
    for move in Move:
        with pytest.raises(IllegalMove):
            after(state, move)


def test_every_open_state_can_reach_an_end():
    for start in OPEN:
        reached, frontier = {start}, [start]
        while frontier:
            for following in MOVES[frontier.pop()].values():
                if following not in reached:
                    reached.add(following)
                    frontier.append(following)
        assert State.CLOSED in reached, start


@pytest.mark.parametrize("move", Move)
def test_origins_are_where_the_table_allows_it(move):
    assert {state for state in State if move in MOVES[state]} == set(origins(move)) != set()


@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_fold_follows_the_table_and_an_illegal_move_changes_nothing(moves):
    contact = begin(e.ContactReceived(channel="mail"), 1)
    for move in moves:
        legal = move in MOVES[contact.state]
        if legal:
            expected = MOVES[contact.state][move]
            contact = step(contact, SAMPLES[move])
            assert contact.state is expected
        else:
            with pytest.raises(IllegalMove):
                step(contact, SAMPLES[move])
    assert (contact.state is State.PARKED) == (contact.wake_at is not None)
    if contact.state in (State.ACTIVE, State.WRAP_UP):
        assert contact.holder_id == 7


@given(st.sampled_from(list(SAMPLES.values())))
def test_events_survive_the_log(event):
    assert e.read(event.kind, event.v, event.body()) == event


def test_an_unknown_event_is_named():
    with pytest.raises(e.UnknownEvent, match="contact-vanished v3"):
        e.read("contact-vanished", 3, {})


def test_two_events_of_one_kind_are_refused():
    with pytest.raises(TypeError, match="contact-accepted"):
        type("Again", (e.Event,), {"kind": "contact-accepted"})


def test_a_history_must_begin():
    with pytest.raises(ValueError, match="begins with contact-accepted"):
        fold(1, [e.ContactAccepted(account_id=7)])


# --- which conversation ----------------------------------------------------------------------------


def evidence(sender="lea@client.fr", line=1, token=None, references=(), *, forged=False):
    return Evidence(sender, line, token, references, forged=forged)


MINE = Candidate(10, 1, frozenset({"lea@client.fr"}))
TWIN = Candidate(20, 2, frozenset({"lea@client.fr"}))


def test_a_token_joins_and_a_stranger_with_it_is_marked():
    assert find(evidence(token=10), [MINE]).stranger is False
    joined = find(evidence(sender="mum@client.fr", token=10), [MINE])
    assert (joined.conversation_id, joined.stranger) == (10, True)


def test_a_reference_counts_only_from_who_takes_part():
    assert find(evidence(references=[10]), [MINE]).conversation_id == 10
    assert find(evidence(sender="mallory@evil.example", references=[10]), [MINE]) is None


def test_a_forged_sender_joins_by_no_reference_and_is_marked_with_a_token():
    assert find(evidence(references=[10], forged=True), [MINE]) is None
    assert find(evidence(token=10, forged=True), [MINE]).stranger is True


def test_an_answer_to_a_mail_sent_to_two_lines_stays_on_its_own():
    assert find(evidence(line=2, references=[10, 20]), [MINE, TWIN]).conversation_id == 20
    assert find(evidence(line=1, references=[20, 10]), [MINE, TWIN]).conversation_id == 10


@given(st.text(max_size=12), st.lists(st.sampled_from([10, 20, 99])), st.booleans())
def test_who_takes_no_part_never_joins_without_a_token(sender, references, forged):
    outsider = "x" + sender + "@elsewhere.example"
    assert find(evidence(sender=outsider, references=references, forged=forged), [MINE, TWIN]) is None


def test_the_drawn_life_is_up_to_date():
    spec = importlib.util.spec_from_file_location(
        "contact_life", ROOT / "tools" / "generate" / "contact_life.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page(), "run python tools/generate/contact_life.py"
