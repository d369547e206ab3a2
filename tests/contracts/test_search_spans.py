"""Search goes through the messages in spans of ids: whatever the spans, nothing is missed and nothing stands twice."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from centre_rows import NOW
from hypothesis import given
from hypothesis import strategies as st

from portevoix.store import search, spans
from portevoix.store.words import fold, vector

WORDS = ["relevé", "inscription", "bourse", "cantine", "élève", "attestation", "rare"]
ODDS = [300, 60, 60, 20, 20, 9, 9]
EVERYWHERE = search.Filters([1, 2])


def _message(conn, number, conversation, text, subject=""):
    conn.execute(
        "insert into message (id, conversation_id, kind, at, sender, subject, body, search)"
        " values (%s, %s, 'in', %s, 'jean@client.example', %s, %s, %s::tsvector)",
        [number, conversation, NOW, subject, text, vector(text, subject)],
    )


def _conversation(conn, number, line=1, merged_into=None):
    conn.execute(
        "insert into conversation (id, line_id, person_id, subject, opened_at, last_at, merged_into)"
        " values (%s, %s, 1, %s, %s, %s, %s)",
        [number, line, f"Affaire {number}", NOW, NOW + timedelta(minutes=number), merged_into],
    )


@pytest.fixture
def written(conn):
    """400 messages with ids far apart (dense at the end, thin before), some conversations merged: (conversation, line, words)."""
    chance = Random(7)
    conn.execute("insert into person (id, name, created_at) values (1, 'Jean', now())")
    ids = chance.sample(range(20_000_000, 20_010_000), 250) + chance.sample(range(1, 20_000_000), 150)
    stored = []
    for number in range(1, 181):
        _conversation(conn, number, 1 + number % 2, number - 30 if number > 150 else None)
    for number in ids:
        conversation = chance.randrange(1, 181)
        said = [word for word, odds in zip(WORDS, ODDS, strict=True) if chance.random() * 400 < odds]
        chance.shuffle(said)
        subject = said.pop() if len(said) > 2 else ""
        text = " ".join(["dit", *said])
        _message(conn, number, conversation, text, subject)
        root = conversation - 30 if conversation > 150 else conversation
        stored.append((root, 1 + root % 2, fold(f"{subject} {text}")))
    conn.execute("analyze")
    return stored


def _pages(conn, text, filters=EVERYWHERE):
    """All pages: the conversations in order, a list a page."""
    found = search.messages(conn, text, filters)
    yield [row["conversation_id"] for row in found.rows]
    while found.next:
        found = search.messages(conn, text, filters, found.next)
        yield [row["conversation_id"] for row in found.rows]


SIZES = [
    {},
    {"WINDOW": 7, "LOOK": 11, "PHRASE_WINDOW": 3, "PHRASE_LOOK": 5, "TEXTS": 2, "PAGE": 4},
    {"WINDOW": 50, "LOOK": 60, "MOST_LARGE": 2, "GROWTH": 2, "PAGE": 20},
]


@pytest.mark.parametrize("sizes", SIZES)
def test_all_pages_together_hold_every_hit_once(conn, written, monkeypatch, sizes):
    for name, value in sizes.items():
        monkeypatch.setattr(search if name == "PAGE" else spans, name, value)
    cases = {
        "releve": lambda said: "releve" in said,
        "inscription bourse": lambda said: {"inscription", "bourse"} <= set(said),
        "releve -inscription": lambda said: "releve" in said and "inscription" not in said,
        "rare": lambda said: "rare" in said,
        "cantines": lambda said: "cantine" in said,
        '"inscription releve"': lambda said: ("inscription", "releve") in pairwise(said),
    }
    for text, holds in cases.items():
        for lines in ([1, 2], [2]):
            wanted = {root for root, line, said in written if line in lines and holds(said)}
            shown = [one for page in _pages(conn, text, search.Filters(lines)) for one in page]
            assert len(shown) == len(set(shown)), text
            assert set(shown) == wanted, text
            assert wanted, text


@given(
    high=st.integers(1, 10**8), end=st.integers(0, 10**8), blocks=st.integers(1, 40_000), at=st.floats(0, 1)
)
def test_a_span_names_the_blocks_of_all_its_ids(high, end, blocks, at):
    end = min(end, high - 1)
    span = spans._span(high, end, blocks)
    assert end <= span["floor"] < high == span["before"]
    for one in (span["floor"], high - 1, span["floor"] + int(at * (high - 1 - span["floor"]))):
        assert span["blocks"] is None or {one >> 12, ~(one >> 17)} & set(span["blocks"])


def test_a_lone_old_message_is_on_the_first_page(conn):
    conn.execute("insert into person (id, name, created_at) values (1, 'Jean', now())")
    _conversation(conn, 1)
    _conversation(conn, 2)
    _message(conn, 3, 1, "un parapluie oublié")
    _message(conn, 90_000_000, 2, "rien de tel")
    assert list(_pages(conn, "parapluie")) == [[1]]


def test_newest_window_first_and_within_it_the_subject_before_the_text(conn, monkeypatch):
    monkeypatch.setattr(spans, "WINDOW", 3)
    conn.execute("insert into person (id, name, created_at) values (1, 'Jean', now())")
    for number in range(1, 7):
        _conversation(conn, number)
        _message(conn, number * 100_000, number, "une bourse", "Bourse" if number in (1, 4) else "")
    assert list(_pages(conn, "bourse"))[:2] == [[4, 6, 5], [1, 3, 2]]


def test_what_comes_during_the_reading_moves_no_page(conn, monkeypatch):
    monkeypatch.setattr(search, "PAGE", 2)
    monkeypatch.setattr(spans, "WINDOW", 4)
    conn.execute("insert into person (id, name, created_at) values (1, 'Jean', now())")
    for number in range(1, 11):
        _conversation(conn, number)
        _message(conn, number * 10, number, "une bourse")
    found = search.messages(conn, "bourse", EVERYWHERE)
    shown = [row["conversation_id"] for row in found.rows]
    later = 1_000
    while found.next:
        later += 1
        _message(conn, later, 1 + later % 10, "encore une bourse")
        found = search.messages(conn, "bourse", EVERYWHERE, found.next)
        shown += [row["conversation_id"] for row in found.rows]
    assert shown == list(range(10, 0, -1))


def test_a_phrase_in_any_message_of_a_conversation_is_found(conn):
    conn.execute("insert into person (id, name, created_at) values (1, 'Jean', now())")
    _conversation(conn, 1)
    _message(conn, 1, 1, "je demande une bourse d’étude")
    _message(conn, 2, 1, "étude, puis bourse", "Bourse étude")
    assert list(_pages(conn, '"bourse d’étude"')) == [[1]]


def test_a_typo_beside_a_word_met_everywhere(conn):
    conn.execute("insert into person (id, name, created_at) values (1, 'Jean', now())")
    _conversation(conn, 1)
    _message(conn, 1, 1, "le calendrier de la bourse")
    search.add_words(conn, {"calendrier": 1, "bourse": 1})
    found = search.messages(conn, "bourses calendreir", EVERYWHERE)
    assert found.corrected == {"calendreir": "calendrier"}
    assert [row["conversation_id"] for row in found.rows] == [1]


def test_a_full_name_is_found_among_hundreds_who_share_a_part_of_it(conn):
    for number in range(1, 801):
        name = "Hugo Martin" if number == 799 else "Jean Martin" if number % 2 else "Hugo Bernard"
        conn.execute("insert into person (id, name, created_at) values (%s, %s, now())", [number, name])
        kind = "other.example" if number == 500 else "client.example"
        conn.execute(
            "insert into address (kind, value, person_id, origin_id) values ('mail', %s, %s, %s)",
            [f"p{number}@{kind}", number, number],
        )
        _conversation(conn, number)
        conn.execute("update conversation set person_id = %s where id = %s", [number, number])
    conn.execute("analyze")
    named = {
        text: [row["id"] for row in search.persons(conn, text, [1, 2])]
        for text in ("hugo martin", "martin", "bernard other.example", "p77@client", "bernard nobody.example")
    }
    assert named["hugo martin"] == [799]
    assert len(named["martin"]) == 6
    assert named["bernard other.example"] == [500]
    assert named["p77@client"] == [77]
    assert named["bernard nobody.example"] == []
    assert search.persons(conn, "hugo martin", [2]) == []
