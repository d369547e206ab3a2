"""Words of texts: the short way for Latin text says what the long way says; both forms of a vector are one."""

import contextlib
import json

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portevoix.store import words
from portevoix.store.binary import Statement, column

SIGNS = st.one_of(st.characters(max_codepoint=255), st.sampled_from("’‘“”…œŒéè\u202f\u0301Ωжł\u00adﬁ№½ß"))


@given(st.text(alphabet=SIGNS))
def test_the_short_way_finds_the_words_of_the_long_way(text):
    assert words._split(text) == words._decomposed(text)


def test_words_are_folded():
    text = "L’élève n’a « pas » reçu sa bourse… cœur : délais, Straße, ½ ça Ελλάδα"
    assert " ".join(words.fold(text)) == "l eleve n a pas recu sa bourse coeur delais strasse 1 2 ca ελλαδα"
    assert words.fold("LONG" * 40) == ["long" * 15]


def test_the_binary_vector_is_the_literal(connection: psycopg.Connection) -> None:
    samples = [
        ("", ""),
        ("Les délais, reçus le 12 mars", "Délai pour Élodie"),
        ("Ελλάδα и Москва " + "mot " * 50, "x" * 100),
        (" ".join(f"m{n}" for n in range(3000)), ""),
    ]
    statement = Statement("vectors", "select array_to_json(%(v)b::tsvector[]::text[])")
    given_ = column("tsvector", [words.binary_vector(*sample) for sample in samples])
    made = json.loads(statement.run(connection, {"v": given_}) or b"")
    for sample, one in zip(samples, made, strict=True):
        row = connection.execute("select %s::tsvector::text", [words.vector(*sample)]).fetchone()
        assert row == (one,)


def test_columns_arrive_as_they_were(connection: psycopg.Connection) -> None:
    texts = ["é", None, "", "x" * 70_000]
    text = "select json_build_array(%(n)b::bigint[], %(t)b::text[], %(none)b::int[], %(n)b::bigint[])"
    statement = Statement("columns", text)
    given_ = {
        "n": column("bigint", [1, None, -3, 2**60]),
        "t": column("text", texts),
        "none": column("int", []),
    }
    numbers = [1, None, -3, 2**60]
    assert json.loads(statement.run(connection, given_) or b"") == [numbers, texts, [], numbers]


def test_a_refused_value_raises_and_the_connection_goes_on(connection: psycopg.Connection) -> None:
    statement = Statement("refused", "select (1 / cardinality(%(n)b::int[]))::text")
    with pytest.raises(psycopg.errors.DivisionByZero), connection.transaction():
        statement.run(connection, {"n": column("int", [])})
    assert statement.run(connection, {"n": column("int", [5])}) == b"1"
    # psycopg lets go of all prepared statements after a rollback once it has prepared one itself.
    connection.execute("select 1", prepare=True)
    with contextlib.suppress(ZeroDivisionError), connection.transaction():
        raise ZeroDivisionError
    connection.execute("select 2")
    assert statement.run(connection, {"n": column("int", [5])}) == b"1"
    connection.close()
    with pytest.raises(psycopg.OperationalError):
        statement.run(connection, {"n": column("int", [5])})
