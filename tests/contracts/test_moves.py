"""The moves of a contact on the real tables: the row is always the fold of its events, and a seat has one holder."""

import contextlib
import threading
from datetime import timedelta

import pytest
from centre_rows import NOW, came
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portevoix.actions import contacts, presence
from portevoix.actions.errors import Invalid, TooLate
from portevoix.domain.contacts.fold import fold
from portevoix.store import db, log

TOMORROW = NOW + timedelta(days=1)


def agrees(conn, contact_id):
    """Assert that the row is what its events add up to, seats included."""
    row = contacts.get(conn, contact_id)
    told = log.of_contact(conn, contact_id)
    folded = fold(told[0].line_id, [recorded.event for recorded in told])
    assert row["state"] == folded.state
    assert row["line_id"] == folded.line_id
    assert row["holder_id"] == folded.holder_id
    assert (row["wake_at"].isoformat() if row["wake_at"] else None) == folded.wake_at
    seated = {"offered": "offered", "active": "held", "wrap-up": "held"}.get(row["state"])
    assert row["seat_state"] == seated
    if seated == "held":
        assert row["seat_account_id"] == row["holder_id"]


class Life(RuleBasedStateMachine):
    """Random moves by two advisers; refused ones must change nothing."""

    conn = None

    def __init__(self):
        super().__init__()
        self.contact_id = came(self.conn, f"p{id(self)}@client.example").contact_id
        self.at = NOW

    who = st.sampled_from([1, 2])

    def attempt(self, what):
        self.at += timedelta(seconds=1)
        before = contacts.get(self.conn, self.contact_id)
        try:
            what()
        except TooLate:
            assert contacts.get(self.conn, self.contact_id) == before

    @rule(account=who)
    def offer(self, account):
        self.attempt(
            lambda: contacts.offer(
                self.conn, [contacts.Offer(self.contact_id, account, {"why": "test"})], self.at
            )
        )

    @rule(account=who)
    def accept(self, account):
        self.attempt(lambda: contacts.accept(self.conn, self.contact_id, account, self.at))

    @rule(account=who)
    def decline(self, account):
        self.attempt(lambda: contacts.decline(self.conn, self.contact_id, account, self.at))

    @rule()
    def time_passes(self):
        self.at += timedelta(minutes=2)
        contacts.expire_offers(self.conn, self.at)

    @rule(account=who)
    def take(self, account):
        self.attempt(lambda: contacts.take(self.conn, self.contact_id, account, self.at))

    @rule(account=who)
    def park(self, account):
        until = self.at + timedelta(hours=1)
        self.attempt(lambda: contacts.park(self.conn, self.contact_id, account, until, self.at))

    @rule()
    def hours_pass(self):
        self.at += timedelta(hours=2)
        contacts.wake_due(self.conn, self.at)

    @rule(account=who)
    def wake(self, account):
        self.attempt(lambda: contacts.wake(self.conn, self.contact_id, account, self.at))

    @rule(account=who, line=st.sampled_from([1, 2]), to=st.sampled_from([None, 1, 2]))
    def transfer(self, account, line, to):
        self.attempt(
            lambda: contacts.transfer(
                self.conn,
                self.contact_id,
                account,
                line_id=line,
                to_account_id=to,
                due_at=TOMORROW,
                at=self.at,
            )
        )

    @rule(account=who)
    def wrap_up(self, account):
        self.attempt(lambda: contacts.wrap_up(self.conn, self.contact_id, account, self.at))

    @rule(account=who)
    def resume(self, account):
        self.attempt(lambda: contacts.resume(self.conn, self.contact_id, account, self.at))

    @rule(account=who)
    def gone(self, account):
        contacts.release_all(self.conn, account, "offline", self.at)

    @precondition(lambda self: contacts.get(self.conn, self.contact_id)["state"] in ("active", "wrap-up"))
    @rule(account=who)
    def close(self, account):
        self.attempt(lambda: contacts.close(self.conn, self.contact_id, account, subject_id=None, at=self.at))

    @invariant()
    def row_is_fold(self):
        agrees(self.conn, self.contact_id)


def test_any_life_is_the_fold_of_its_events(conn):
    Life.conn = conn
    # The database is slow beside the machine: few examples, many moves each.
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def race(database_url, *whats):
    together = threading.Barrier(len(whats))
    results = []

    def run(what):
        with contextlib.closing(db.connect(database_url)) as mine:
            together.wait()
            try:
                what(mine)
            except TooLate:
                results.append("late")
            else:
                results.append("done")

    threads = [threading.Thread(target=run, args=(what,)) for what in whats]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_two_take_the_same_contact_and_one_gets_it(conn, database_url):
    for n in range(10):
        contact_id = came(conn, f"r{n}@client.example").contact_id
        done = race(database_url, *(lambda c, a=a, i=contact_id: contacts.take(c, i, a, NOW) for a in (1, 2)))
        assert done == ["done", "late"]
        agrees(conn, contact_id)


def test_an_offer_ends_or_is_accepted_never_both(conn, database_url):
    for n in range(10):
        contact_id = came(conn, f"r{n}@client.example").contact_id
        assert contacts.offer(conn, [contacts.Offer(contact_id, 1, {})], NOW)
        race(
            database_url,
            lambda c, i=contact_id: contacts.accept(c, i, 1, NOW + timedelta(seconds=1)),
            lambda c, i=contact_id: contacts.decline(c, i, 1, NOW),
        )
        agrees(conn, contact_id)
        contacts.release_all(conn, 1, "test", NOW)


def test_an_offer_that_is_over_cannot_be_accepted(conn):
    contact_id = came(conn).contact_id
    contacts.offer(conn, [contacts.Offer(contact_id, 1, {})], NOW)
    with pytest.raises(TooLate):
        contacts.accept(conn, contact_id, 1, NOW + timedelta(seconds=31))
    assert contacts.expire_offers(conn, NOW + timedelta(seconds=31)) == [(contact_id, 1)]
    assert contacts.get(conn, contact_id)["declined"] == [1]


def test_only_the_holder_closes_unless_anybody_may(conn):
    contact_id = came(conn).contact_id
    contacts.take(conn, contact_id, 1, NOW)
    with pytest.raises(TooLate):
        contacts.close(conn, contact_id, 2, subject_id=None, at=NOW)
    contacts.close(conn, contact_id, 2, subject_id=None, anybody=True, at=NOW)
    assert contacts.get(conn, contact_id)["state"] == "closed"


def test_what_the_client_wrote_unseen_is_not_closed(conn):
    first = came(conn, external_id="first@client.example")
    contacts.take(conn, first.contact_id, 1, NOW)
    second = came(conn, references=["first@client.example"])
    assert second.contact_id == first.contact_id
    with pytest.raises(TooLate, match="client-wrote"):
        contacts.close(conn, first.contact_id, 1, subject_id=None, seen=first.message_id, at=NOW)
    assert contacts.get(conn, first.contact_id)["state"] == "active"
    contacts.close(conn, first.contact_id, 1, subject_id=None, seen=second.message_id, at=NOW)
    assert contacts.get(conn, first.contact_id)["state"] == "closed"


def test_a_mail_that_comes_while_its_contact_is_closed_is_work_of_its_own(conn, database_url):
    """The close is not committed yet when intake looks: the mail must not join what is closed a moment later."""
    first = came(conn, external_id="first@client.example")
    contacts.take(conn, first.contact_id, 1, NOW)
    taken = []
    with db.connect(database_url) as closing, db.connect(database_url) as coming:
        pid = coming.info.backend_pid
        mail = threading.Thread(
            target=lambda: taken.append(came(coming, references=["first@client.example"]))
        )
        with closing.transaction():
            contacts.close(closing, first.contact_id, 1, subject_id=None, seen=first.message_id, at=NOW)
            mail.start()
            held = "select 1 from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
            while mail.is_alive() and conn.execute(held, [pid]).fetchone() is None:
                pass
        mail.join()
    assert taken[0].conversation_id == first.conversation_id
    states = {i: contacts.get(conn, i)["state"] for i in (first.contact_id, taken[0].contact_id)}
    assert states == {first.contact_id: "closed", taken[0].contact_id: "waiting"}


@pytest.mark.parametrize(
    "act",
    [
        lambda conn, k: contacts.close(conn, k, 1, subject_id=None, at=NOW),
        lambda conn, k: contacts.choose_subject(conn, k, 1, None, NOW),
        lambda conn, k: contacts.transfer(conn, k, 1, line_id=2, to_account_id=None, due_at=TOMORROW, at=NOW),
    ],
    ids=["close", "choose_subject", "transfer"],
)
def test_a_move_that_waits_for_the_conversation_does_not_hold_the_contact(conn, database_url, act):
    """Intake holds the conversation and then wants the contact: whoever had that would wait with it in a circle."""
    first = came(conn)
    contacts.take(conn, first.contact_id, 1, NOW)
    with db.connect(database_url) as holding, db.connect(database_url) as moving:
        waits = "select 1 from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
        move = threading.Thread(target=lambda: act(moving, first.contact_id))
        with holding.transaction():
            holding.execute("select from conversation where id = %s for update", [first.conversation_id])
            move.start()
            while move.is_alive() and conn.execute(waits, [moving.info.backend_pid]).fetchone() is None:
                pass
            assert move.is_alive()
            holding.execute("select from contact where id = %s for update nowait", [first.contact_id])
        move.join()
    agrees(conn, first.contact_id)


def test_parking_in_the_past_is_refused(conn):
    contact_id = came(conn).contact_id
    contacts.take(conn, contact_id, 1, NOW)
    with pytest.raises(Invalid):
        contacts.park(conn, contact_id, 1, NOW, NOW)


def test_who_goes_offline_frees_their_work_and_keeps_what_is_parked(conn):
    held, parked = came(conn).contact_id, came(conn, "b@client.example").contact_id
    presence.set_state(conn, 1, "available", "", NOW)
    for contact_id in (held, parked):
        contacts.take(conn, contact_id, 1, NOW)
    contacts.park(conn, parked, 1, TOMORROW, NOW)
    presence.set_state(conn, 1, "offline", "", NOW)
    assert [contacts.get(conn, i)["state"] for i in (held, parked)] == ["waiting", "parked"]
    assert contacts.get(conn, held)["preferred_id"] == 1


def test_a_browser_that_vanished_frees_its_work(conn):
    contact_id = came(conn).contact_id
    presence.set_state(conn, 1, "available", "", NOW)
    contacts.take(conn, contact_id, 1, NOW)
    assert presence.sweep(conn, NOW + timedelta(seconds=60)) == []
    presence.seen(conn, 1, NOW + timedelta(seconds=60))
    assert presence.sweep(conn, NOW + timedelta(seconds=120)) == []
    assert presence.sweep(conn, NOW + timedelta(seconds=200)) == [1]
    assert contacts.get(conn, contact_id)["state"] == "waiting"


def test_a_pause_needs_a_reason(conn):
    presence.set_state(conn, 1, "available", "", NOW)
    with pytest.raises(Invalid):
        presence.set_state(conn, 1, "paused", " ", NOW)
    assert presence.get(conn, 1)["state"] == "available"


def test_who_misses_an_offer_pauses_and_keeps_what_they_hold(conn):
    presence.set_state(conn, 1, "available", "", NOW)
    held = came(conn).contact_id
    contacts.take(conn, held, 1, NOW)
    presence.missed(conn, 1, NOW)
    assert (presence.get(conn, 1)["state"], presence.get(conn, 1)["reason"]) == ("paused", presence.MISSED)
    assert contacts.get(conn, held)["state"] == "active"


def test_the_sweeper_frees_work_of_a_closed_account(conn):
    presence.set_state(conn, 1, "available", "", NOW)
    held = came(conn).contact_id
    contacts.take(conn, held, 1, NOW)
    assert presence.repair(conn, NOW) == []
    conn.execute("update account set is_active = false where id = 1")
    assert presence.repair(conn, NOW) == [held]
    agrees(conn, held)
