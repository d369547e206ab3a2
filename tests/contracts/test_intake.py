"""The one door in: once, in the right place, never lost."""

import contextlib
import itertools
import threading
from datetime import timedelta

import psycopg
import pytest
from centre_rows import NOW, came, inbound

from portevoix.actions import contacts
from portevoix.actions.inbound import Bounce, Outcome
from portevoix.actions.intake import take_in
from portevoix.store import db, log


def count(conn, table):
    return conn.execute(f"select count(*) as n from {table}").fetchone()["n"]


def test_a_mail_becomes_a_contact_that_waits(conn):
    taken = came(conn)
    contact = contacts.get(conn, taken.contact_id)
    assert (taken.outcome, contact["state"], contact["line_id"]) == (Outcome.CONTACT, "waiting", 1)
    assert [r.event.kind for r in log.of_contact(conn, taken.contact_id)] == ["contact-received"]
    raw = conn.execute("select content from mail_raw where message_id = %s", [taken.message_id]).fetchone()
    assert raw["content"].startswith(b"raw ")


def test_the_same_mail_twice_is_one_contact(conn):
    mail = inbound()
    first, again = (take_in(conn, [mail])[0] for _ in range(2))
    assert (first.outcome, again.outcome) == (Outcome.CONTACT, Outcome.DUPLICATE)
    assert again.message_id == first.message_id
    assert (count(conn, "contact"), count(conn, "message")) == (1, 1)


def test_the_same_mail_twice_in_one_batch_is_one_contact(conn):
    mail = inbound()
    assert [t.outcome for t in take_in(conn, [mail, mail])] == [Outcome.CONTACT, Outcome.DUPLICATE]


def test_another_mail_under_a_used_message_id_is_kept(conn):
    came(conn, external_id="twice@client.example", body="La première.")
    second = came(conn, external_id="twice@client.example", body="Tout autre chose.")
    assert second.outcome is Outcome.JOINED  # same sender: the same matter, one contact, nothing lost
    assert (count(conn, "contact"), count(conn, "message")) == (1, 2)


def test_somebody_elses_mail_under_a_used_message_id_is_another_contact(conn):
    came(conn, external_id="twice@client.example", body="La première.")
    other = came(conn, "mallory@evil.example", external_id="twice@client.example", body="Montrez-moi tout.")
    assert other.outcome is Outcome.CONTACT
    assert count(conn, "conversation") == 2


def test_the_same_mail_to_two_lines_makes_two_linked_conversations(conn):
    common = {"external_id": "both@client.example", "body": "À tous."}
    first, second = take_in(conn, [inbound(door=1, **common), inbound(door=2, **common)])
    assert (first.outcome, second.outcome) == (Outcome.CONTACT, Outcome.CONTACT)
    twin = conn.execute(
        "select line_id, twin_of from conversation where id = %s", [second.conversation_id]
    ).fetchone()
    assert twin == {"line_id": 2, "twin_of": first.conversation_id}


def test_an_answer_joins_and_the_subject_never_counts(conn):
    first = came(conn, external_id="a@client.example")
    joined = came(conn, references=["a@client.example"])
    alone = came(conn, "paul@client.example")  # same subject
    assert joined.conversation_id == first.conversation_id
    assert joined.outcome is Outcome.JOINED
    assert alone.conversation_id != first.conversation_id


def test_a_stranger_who_names_the_parent_does_not_join(conn):
    first = came(conn, external_id="a@client.example")
    forged = came(conn, "mallory@evil.example", references=["a@client.example"])
    assert forged.conversation_id != first.conversation_id


def test_a_forged_sender_does_not_join(conn):
    first = came(conn, external_id="a@client.example")
    forged = came(conn, references=["a@client.example"], forged=True)
    assert forged.conversation_id != first.conversation_id


def test_who_was_in_copy_may_answer(conn):
    copied = [{"name": "", "address": "mere@client.example", "as": "cc"}]
    first = came(conn, external_id="a@client.example", recipients=copied)
    assert (
        came(conn, "mere@client.example", references=["a@client.example"]).conversation_id
        == first.conversation_id
    )


def test_our_own_door_in_copy_lets_nobody_in(conn):
    first = came(conn, external_id="a@client.example")
    spoofed = came(conn, "inscription@centre.example", references=["a@client.example"])
    assert spoofed.conversation_id != first.conversation_id


def test_a_reply_that_comes_before_its_parent_joins_it(conn):
    reply = came(conn, external_id="b@client.example", references=["a@client.example"])
    parent = came(conn, external_id="a@client.example")
    assert parent.conversation_id == reply.conversation_id
    assert (count(conn, "contact"), count(conn, "awaited_parent")) == (1, 0)


def chain(size=3, of="chain"):
    """Mails of one person, each an answer to the one before, which is all it names."""
    names = [f"{of}{n}@client.example" for n in range(size)]
    return [
        inbound(external_id=name, references=names[n - 1 : n] if n else [], body=f"Mail {n}.")
        for n, name in enumerate(names)
    ]


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
def test_a_chain_of_mails_is_one_conversation_in_whatever_order_it_comes(conn, together):
    orders = list(itertools.permutations(range(4)))
    for order in orders:
        of = "chain" + "".join(map(str, order))
        mails = [chain(4, of)[n] for n in order]
        for batch in [mails] if together else [[mail] for mail in mails]:
            take_in(conn, batch)
        places = "select count(distinct conversation_id) as n, count(*) as mails from message where external_id like %s"
        assert conn.execute(places, [f"{of}%"]).fetchone() == {"n": 1, "mails": 4}, order
    waiting = conn.execute("select count(*) as n from contact where state = 'waiting'").fetchone()
    assert waiting["n"] == len(orders)
    assert count(conn, "awaited_parent") == 0


def test_a_strangers_answer_that_came_first_is_not_drawn_in(conn):
    root, parent, _ = chain()
    take_in(conn, [root])
    victim = [{"name": "", "address": root.sender, "as": "cc"}]
    forged = came(
        conn,
        "mallory@evil.example",
        external_id="x@evil.example",
        references=[parent.external_id],
        recipients=victim,
    )
    joined = take_in(conn, [parent])[0]
    assert joined.conversation_id != forged.conversation_id
    now = conn.execute(
        "select merged_into from conversation where id = %s", [forged.conversation_id]
    ).fetchone()
    assert now == {"merged_into": None}


def test_an_answer_in_somebodys_hands_stays_there_when_its_parent_comes(conn):
    root, parent, answer = chain()
    take_in(conn, [root])
    early = take_in(conn, [answer])[0]
    contacts.offer(conn, [contacts.Offer(early.contact_id, 1, {})], NOW)
    contacts.accept(conn, early.contact_id, 1, NOW)
    joined = take_in(conn, [parent])[0]
    contact = contacts.get(conn, early.contact_id)
    assert (contact["state"], contact["holder_id"], contact["conversation_id"]) == (
        "active",
        1,
        joined.conversation_id,
    )


@pytest.mark.parametrize("round_", range(5))
def test_reply_and_parent_at_the_same_moment_in_two_processes(conn, database_url, round_):
    parent = inbound(external_id=f"p{round_}@client.example")
    reply = inbound(external_id=f"r{round_}@client.example", references=[f"p{round_}@client.example"])
    together = threading.Barrier(2)

    def take(item):
        with contextlib.closing(db.connect(database_url)) as mine:
            together.wait()
            take_in(mine, [item])

    threads = [threading.Thread(target=take, args=(item,)) for item in (parent, reply)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (count(conn, "message"), count(conn, "conversation"), count(conn, "contact")) == (2, 1, 1)


def test_copies_at_the_same_moment_make_one_contact(conn, database_url):
    mail = inbound()
    together = threading.Barrier(6)
    outcomes = []

    def take():
        with contextlib.closing(db.connect(database_url)) as mine:
            together.wait()
            outcomes.append(take_in(mine, [mail])[0].outcome)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["contact", *["duplicate"] * 5]


def test_batches_with_the_same_senders_in_another_order_do_not_lock_one_another_out(conn, database_url):
    people = [f"p{n}@client.example" for n in range(12)]
    failures = []

    def take(order):
        with contextlib.closing(db.connect(database_url)) as mine:
            for _ in range(5):
                try:
                    take_in(mine, [inbound(person) for person in order])
                except psycopg.Error as error:
                    failures.append(error)

    threads = [
        threading.Thread(target=take, args=(o,)) for o in (people, people[::-1], people[6:] + people[:6])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (count(conn, "message"), count(conn, "person")) == (180, 12)


def test_automatic_mail_is_kept_and_is_no_work(conn):
    taken = came(conn, automatic=True)
    assert taken.outcome is Outcome.AUTOMATIC
    assert (count(conn, "message"), count(conn, "contact")) == (1, 0)


def test_an_automatic_answer_wakes_nobody(conn):
    first = came(conn, external_id="a@client.example")
    contacts.take(conn, first.contact_id, 1, NOW)
    contacts.park(conn, first.contact_id, 1, NOW + timedelta(days=1), NOW)
    joined = came(conn, references=["a@client.example"], automatic=True)
    assert joined.conversation_id == first.conversation_id
    assert contacts.get(conn, first.contact_id)["state"] == "parked"


def test_the_client_wakes_parked_work_and_it_comes_back_to_who_parked_it(conn):
    first = came(conn, external_id="a@client.example")
    contacts.take(conn, first.contact_id, 1, NOW)
    contacts.park(conn, first.contact_id, 1, NOW + timedelta(days=1), NOW)
    assert came(conn, references=["a@client.example"]).contact_id == first.contact_id
    contact = contacts.get(conn, first.contact_id)
    assert (contact["state"], contact["preferred_id"], contact["holder_id"]) == ("waiting", 1, None)


def test_an_answer_after_the_end_is_a_new_contact_for_the_last_adviser(conn):
    first = came(conn, external_id="a@client.example")
    contacts.take(conn, first.contact_id, 1, NOW)
    contacts.close(conn, first.contact_id, 1, subject_id=None, at=NOW)
    again = came(conn, references=["a@client.example"])
    assert again.outcome is Outcome.CONTACT
    assert again.conversation_id == first.conversation_id
    assert contacts.get(conn, again.contact_id)["preferred_id"] == 1


def test_a_merged_conversation_takes_answers_for_what_it_became(conn):
    kept = came(conn, external_id="a@client.example")
    gone = came(conn, external_id="b@client.example", body="Encore moi.")
    conn.execute("update contact set state='closed', closed_at=now() where id=%s", [gone.contact_id])
    conn.execute(
        "update conversation set merged_into=%s where id=%s", [kept.conversation_id, gone.conversation_id]
    )
    assert came(conn, references=["b@client.example"]).conversation_id == kept.conversation_id
    assert came(conn, token=gone.conversation_id).conversation_id == kept.conversation_id


def ours(conn, conversation_id, to="jean@client.example"):
    row = conn.execute(
        "insert into message (conversation_id, kind, at, recipients, status) values (%s, 'out', now(),"
        " jsonb_build_array(jsonb_build_object('name', '', 'address', %s::text, 'as', 'to')), 'sent') returning id",
        [conversation_id, to],
    ).fetchone()
    return row["id"]


def test_a_bounce_marks_message_and_address_and_is_no_work(conn):
    first = came(conn)
    sent = ours(conn, first.conversation_id)
    bounce = Bounce(
        message_id=sent, recipients=["Jean@client.example"], detail="5.1.1 unknown", permanent=True
    )
    taken = came(conn, "mailer-daemon@relay.example", automatic=True, bounce=bounce)
    assert (taken.outcome, taken.conversation_id) == (Outcome.BOUNCE, first.conversation_id)
    assert conn.execute("select status from message where id=%s", [sent]).fetchone()["status"] == "bounced"
    address = conn.execute("select bounced_at from address where value='jean@client.example'").fetchone()
    assert address["bounced_at"] is not None
    assert count(conn, "contact") == 1


def test_a_bounce_about_somebody_we_did_not_write_to_marks_nothing(conn):
    first = came(conn)
    sent = ours(conn, first.conversation_id)
    bounce = Bounce(message_id=sent, recipients=["victim@client.example"], detail="5.1.1", permanent=True)
    assert came(conn, "x@evil.example", automatic=True, bounce=bounce).outcome is Outcome.AUTOMATIC
    assert conn.execute("select status from message where id=%s", [sent]).fetchone()["status"] == "sent"


def test_one_bad_mail_does_not_hold_up_the_others(conn):
    bad = inbound(subject="nul \x00 byte")
    outcomes = [t.outcome for t in take_in(conn, [inbound(), bad, inbound("x@client.example")])]
    assert outcomes == [Outcome.CONTACT, Outcome.ASIDE, Outcome.CONTACT]
    aside = conn.execute("select reason, content from set_aside").fetchone()
    assert aside["content"] == bad.raw
    assert aside["reason"]


def test_a_mail_without_sender_is_a_contact(conn):
    assert came(conn, "").outcome is Outcome.CONTACT
    assert came(conn, "", body="Une autre.").outcome is Outcome.CONTACT
    assert count(conn, "person") == 2  # nobody is taken for somebody else


def test_nothing_is_acknowledged_when_the_database_is_away(database_url, conn):
    with contextlib.closing(db.connect(database_url)) as mine:
        mine.close()
        with pytest.raises((psycopg.OperationalError, psycopg.InterfaceError)):
            take_in(mine, [inbound()])
    assert count(conn, "message") == 0


def test_words_of_a_mail_are_found_at_once(conn):
    came(conn, body="Mes élèves n’ont pas reçu leurs bulletins.")
    from portevoix.store import words

    for sought in ("élève", "ELEVES", "bulletin", "reçus", "bulletins"):
        row = conn.execute(
            "select count(*) as n from message where search @@ %s::tsquery", [words.term(sought)]
        )
        assert row.fetchone()["n"] == 1, sought


def test_after_a_split_an_answer_goes_where_its_message_went(conn):
    first = came(conn, external_id="a@client.example")
    second = came(conn, external_id="b@client.example", body="Autre chose.")
    ours_id = f"pv.{first.conversation_id}.99.x@centre.example"
    sent = ours(conn, first.conversation_id)
    conn.execute(
        "update message set external_id = %s, conversation_id = %s where id = %s",
        [ours_id, second.conversation_id, sent],
    )
    joined = came(conn, references=[ours_id], token=first.conversation_id, token_id=ours_id)
    assert joined.conversation_id == second.conversation_id


def test_an_answer_costs_the_same_however_many_contacts_are_open(conn):
    """Plans are kept for as long as the process lives; one made on an empty table read all open contacts."""
    read = "select sum(idx_tup_read)::int as n from pg_stat_user_indexes where relname = 'contact'"
    answer = [inbound(external_id="r@client.example"), inbound(references=["r@client.example"])]
    take_in(conn, answer)
    take_in(conn, [inbound(f"p{n}@client.example", external_id=f"m{n}@client.example") for n in range(400)])
    conn.execute("select pg_stat_force_next_flush()")
    before = conn.execute(read).fetchone()["n"]
    for n in range(10):
        take_in(conn, [inbound(f"p{n}@client.example", references=[f"m{n}@client.example"])])
    conn.execute("select pg_stat_force_next_flush()")
    assert conn.execute(read).fetchone()["n"] - before < 10 * 10
