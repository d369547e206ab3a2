"""Claims, leases and results of the outbox: on a real database."""

from __future__ import annotations

import contextlib
import threading
import uuid
from datetime import timedelta

import pytest
from centre_rows import DOMAIN, NOW, SECRET, came

from portevoix.actions import messages, outbox
from portevoix.actions.errors import TooLate
from portevoix.store import db, log

DUE = NOW + timedelta(seconds=10)


def answer(conn, *addresses):
    taken = came(conn)
    return messages.reply(
        conn, conversation_id=taken.conversation_id, account_id=1, body="Bonjour",
        recipients=[{"name": "", "address": one, "as": "to"} for one in addresses or ("jean@client.example",)],
        upload_ids=[], token=uuid.uuid4().hex, secret=SECRET, domain=DOMAIN, at=NOW,
    )  # fmt: skip


def claim(conn, at=DUE, **values):
    return outbox.claim(conn, at, limit=values.pop("limit", 10), **values)


def done(conn, one, at=DUE, refused=None, later=None, **values):
    return outbox.done(conn, one, at, refused=refused or {}, later=later or {}, reply="250 ok", **values)


def status(conn, message_id):
    return conn.execute(
        "select m.status, m.status_detail, m.facts, o.state, o.recipients, o.not_before, o.attempts from message m"
        " join outgoing o on o.message_id = m.id where m.id = %s",
        [message_id],
    ).fetchone()


def told(conn, message_id):
    rows = conn.execute("select conversation_id from message where id = %s", [message_id]).fetchone()
    events = log.of_conversation(conn, rows["conversation_id"])
    return [one.event.status for one in events if one.event.kind == "message-status"]


def test_held_until_its_time_then_sent_once(conn):
    message_id = answer(conn)
    assert claim(conn, DUE - timedelta(seconds=1)) == []
    (one,) = claim(conn)
    assert (one.message_id, one.recipients) == (message_id, ("jean@client.example",))
    assert claim(conn) == []
    with pytest.raises(TooLate):
        messages.undo(conn, message_id=message_id, account_id=1, at=NOW)
    assert done(conn, one)
    assert status(conn, message_id)["status"] == "sent"
    assert claim(conn, DUE + timedelta(days=9)) == []
    assert told(conn, message_id) == ["queued", "sent"]


def test_what_is_being_handed_over_keeps_its_lease(conn):
    answer(conn)
    (one,) = claim(conn)
    later = DUE + timedelta(seconds=outbox.LEASE_SECONDS - 1)
    assert outbox.renew(conn, [one], later) == 1
    assert outbox.renew(conn, [one], later) == 0, "only what is getting short"
    assert claim(conn, DUE + timedelta(seconds=outbox.LEASE_SECONDS + 1)) == []
    assert outbox.fence(conn, one, later)
    assert outbox.renew(conn, [one], later) == 0, "the fence is longer"
    (taken,) = claim(conn, later + timedelta(seconds=outbox.SENDING_SECONDS + 1))
    assert outbox.renew(conn, [one], later + timedelta(days=1)) == 0, "another's by now"
    assert taken.lease != one.lease


def test_a_clock_set_forward_does_not_send_twice_what_is_in_hand(conn):
    message_id = answer(conn)
    claim(conn)
    tomorrow = DUE + timedelta(days=1)
    assert claim(conn, tomorrow, flying=[message_id]) == []
    assert [one.message_id for one in claim(conn, tomorrow)] == [message_id]


def test_a_worker_that_slept_too_long_writes_and_sends_nothing(conn):
    message_id = answer(conn)
    (slept,) = claim(conn)
    assert claim(conn, DUE + timedelta(seconds=179)) == []
    after = DUE + timedelta(seconds=180)
    (second,) = claim(conn, after)
    assert second.lease != slept.lease
    assert second.content == slept.content
    assert not outbox.fence(conn, slept, after)
    assert not done(conn, slept, after, refused={"jean@client.example": "550 no"})
    assert outbox.fence(conn, second, after)
    assert done(conn, second, after)
    assert status(conn, message_id)["state"] == "sent"
    assert not done(conn, second, after)


def test_the_fence_makes_the_lease_longer_than_the_relay_may_take(conn):
    answer(conn)
    (one,) = claim(conn)
    assert outbox.fence(conn, one, DUE)
    assert claim(conn, DUE + timedelta(seconds=600)) == []
    assert len(claim(conn, DUE + timedelta(seconds=661))) == 1


def test_4xx_waits_longer_each_time_and_gives_up_after_five_days(conn):
    message_id = answer(conn)
    at, waits = DUE, []
    for _ in range(60):
        (one,) = claim(conn, at)
        done(conn, one, at, later={"jean@client.example": "451 later"})
        row = status(conn, message_id)
        if row["state"] == "failed":
            break
        waits.append((row["not_before"] - at).total_seconds() / 60)
        at = row["not_before"]
    assert waits[:7] == [1, 5, 15, 60, 120, 240, 240]
    assert timedelta(days=5) <= at - NOW < timedelta(days=5, hours=5)
    assert row["facts"]["refused"] == {"jean@client.example": "451 later"}
    assert told(conn, message_id) == ["queued", "queued", "failed"]


def test_5xx_fails_at_once_and_can_be_tried_again_by_hand(conn):
    message_id = answer(conn)
    (one,) = claim(conn)
    done(conn, one, refused={"jean@client.example": "550 5.1.1 inconnu"})
    row = status(conn, message_id)
    assert (row["status"], row["status_detail"]) == ("failed", "jean@client.example: 550 5.1.1 inconnu")
    messages.retry(conn, message_id=message_id, account_id=1, at=DUE)
    (again,) = claim(conn)
    assert again.content == one.content
    done(conn, again)
    row = status(conn, message_id)
    assert (row["status"], row["facts"]) == ("sent", {})
    with pytest.raises(TooLate, match="not-failed"):
        messages.retry(conn, message_id=message_id, account_id=1, at=DUE)


def test_who_got_it_is_never_told_again(conn):
    message_id = answer(conn, "a@x.example", "b@y.example", "c@z.example")
    (one,) = claim(conn)
    done(conn, one, refused={"b@y.example": "550 no"}, later={"c@z.example": "451 later"})
    row = status(conn, message_id)
    assert (row["state"], row["recipients"], row["status"]) == ("due", ["c@z.example"], "queued")
    (again,) = claim(conn, DUE + timedelta(minutes=1))
    assert again.recipients == ("c@z.example",)
    done(conn, again, DUE + timedelta(minutes=1))
    row = status(conn, message_id)
    assert (row["state"], row["status"]) == ("failed", "failed")
    assert row["facts"]["refused"] == {"b@y.example": "550 no"}
    assert row["recipients"] == ["b@y.example"]


def test_a_relay_that_is_away_is_not_the_mails_fault(conn):
    message_id = answer(conn)
    at = DUE
    for _ in range(20):
        (one,) = claim(conn, at)
        done(conn, one, at, later={"jean@client.example": "0 refused"}, reached=False)
        at = status(conn, message_id)["not_before"]
        assert at - DUE <= timedelta(minutes=3)
    assert status(conn, message_id)["attempts"] == 0
    assert told(conn, message_id) == ["queued", "queued"]


def test_a_bounce_that_came_before_the_result_stays(conn):
    message_id = answer(conn)
    (one,) = claim(conn)
    conn.execute("update message set status = 'bounced' where id = %s", [message_id])
    done(conn, one)
    assert status(conn, message_id)["status"] == "bounced"


def test_a_busy_domain_does_not_hold_up_the_others(conn):
    slow = answer(conn, "a@slow.example")
    quick = answer(conn, "b@quick.example")
    assert [one.message_id for one in claim(conn, limit=1, busy=["slow.example"])] == [quick]
    assert [one.message_id for one in claim(conn, limit=1)] == [slow]


def test_many_workers_never_share_a_mail(conn, database_url):
    made = {answer(conn) for _ in range(40)}
    claimed: list[int] = []

    def work():
        with contextlib.closing(db.connect(database_url)) as own:
            while got := outbox.claim(own, DUE, limit=3):
                claimed.extend(one.message_id for one in got)

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(claimed) == sorted(made)


def test_a_conversations_mails_leave_in_the_order_in_which_they_were_written(conn):
    """Two workers, or two threads of one, must not overtake each other; one that was put off holds up nobody."""
    first, conversation = answer(conn), came_with_two(conn)
    one, two = conversation
    assert [got.message_id for got in claim(conn)] == [first, one]
    assert claim(conn) == []  # the first is with the relay
    conn.execute("update outgoing set lease_until = %s where message_id = %s", [DUE, one])
    (again,) = claim(conn)
    assert again.message_id == one
    assert done(conn, again, later={"jean@client.example": "452 full"})
    (overtaking,) = claim(conn)
    assert overtaking.message_id == two


def came_with_two(conn):
    """A conversation with two answers that are due."""
    place = came(conn).conversation_id
    return [
        messages.reply(
            conn, conversation_id=place, account_id=1, body=body, upload_ids=[], token=uuid.uuid4().hex,
            recipients=[{"name": "", "address": "jean@client.example", "as": "to"}],
            secret=SECRET, domain=DOMAIN, at=NOW,
        )
        for body in ("Un", "Deux")
    ]  # fmt: skip
