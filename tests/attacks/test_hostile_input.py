"""Filters, sort keys, numbers and words that nobody types: a page or a refusal, never an error, never a foreign row."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from attacks.routes import addresses
from centre_world import World, mail

DIGITS = "9" * 5000  # int() refuses more than 4,300 digits
STRANGE = [
    "²", "٣", DIGITS, "9" * 25, "-1", "0x10", "1e9", "1;drop table message", "' or 1=1 --", "\x00", "a\x00b", "%", "_",
    "\\", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "9999-12-31", "0001-01-01", "[]", "{}", "null",
    "' || pg_sleep(9) || '", "a & | ! ( ) : * <-> b", '"', "../../etc/passwd", "$(id)", "{{ 7*7 }}", "x" * 20_000,
]  # fmt: skip
KEYS = [
    base64.urlsafe_b64encode(raw).decode().rstrip("=")
    for raw in (
        b'["0001-01-01T00:00:00+00:00", 1]', b'["9999-12-31T23:59:59-12:00", 1]', b'["0001-01-01T00:00:00+14:00", 1]',
        b"[1e308, 1]", b"[99999999999999999999999, 1]", b'["1", "2"]', b"[[], {}]", b"[true, null]", b"{}", b"1",
        b'["2026-01-01T00:00:00+00:00", ' + b"9" * 5000 + b"]", b"[" * 5000,
    )
]  # fmt: skip
GETS = ("q", "ligne", "etat", "du", "au", "conseiller", "motif", "apres", "page", "message", "event", "avant", "qui",
        "conversation", "images", "depuis", "marque", "objet", "next", "line")  # fmt: skip
POSTS = ("date", "destination", "note", "autre", "message", "motif", "quand", "jour", "heure", "body", "to", "cc", "piece",
         "token", "version", "name", "etat", "raison", "nom", "q", "theme", "language", "next", "conversation",
         "envoyer", "username", "password", "email", "spans", "line", "above", "parent", "above_id")  # fmt: skip


@pytest.fixture(scope="module")
def filled(world: World, ids: dict[str, Any]) -> dict[str, Any]:
    return ids | {"account_id": world.accounts["eve"].pk}


def mixtures(fields: tuple[str, ...], values: list[str], rounds: int) -> list[dict[str, str]]:
    """Each field gets another value in each round: every field meets ``rounds`` values, in company that differs."""
    step = len(values) // rounds + 1
    return [
        {name: values[(at * 7 + turn * step) % len(values)] for at, name in enumerate(fields)}
        for turn in range(rounds)
    ]


def broken(client: Any, method: str, path: str, form: dict[str, str]) -> str:
    answer = getattr(client, method)(path, form, headers={"HX-Request": "true"})
    return (
        ""
        if answer.status_code < 500
        else f"{path} {answer.exc_info[1] if answer.exc_info else answer.status_code}"
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", ["alice", "admin"])
def test_no_query_breaks_a_page(sign: Any, world: World, filled: dict[str, Any], who: str) -> None:
    client = sign(who)
    client.raise_request_exception = False
    wrong = []
    for _name, path in addresses(filled):
        if client.get(path).status_code == 200:
            wrong += [broken(client, "get", path, asked) for asked in mixtures(GETS, STRANGE + KEYS, 6)]
    assert not set(wrong) - {""}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("field", ["each", "q", "ligne", "motif", "du", "au", "apres", "etat"])
def test_no_filter_breaks_the_search(sign: Any, world: World, ids: dict[str, Any], field: str) -> None:
    client = sign("alice")
    client.raise_request_exception = False
    for value in KEYS if field in ("each", "apres") else STRANGE:
        asked = {"q": "relevé", "apres": value} if field == "each" else {field: value}
        assert not broken(client, "get", "/recherche/", asked), value[:40]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", ["alice", "admin"])
def test_no_form_breaks_a_page(sign: Any, world: World, filled: dict[str, Any], who: str) -> None:
    client = sign(who)
    client.raise_request_exception = False
    wrong = []
    for name, path in addresses(filled):
        # Those end the session, or do the same whatever the form says.
        if name in ("accounts:sign-out", "accounts:password", "centre:person-close", "centre:person-link"):
            continue
        if client.post(path).status_code not in (403, 404, 405):
            wrong += [
                broken(client, "post", path, form | {"moi": "1"}) for form in mixtures(POSTS, STRANGE, 6)
            ]
    assert not set(wrong) - {""}


def test_a_filter_never_widens_what_one_sees(sign: Any, world: World, ids: dict[str, Any]) -> None:
    world.receive(mail(subject="Cachée scolaire", to="scolaire@centre.example"), "scolaire@centre.example")
    other = world.lines["scolaire"].pk
    for query in (
        {"ligne": other}, {"ligne": other, "q": "cachée"}, {"etat": "ouvert"}, {"etat": "' or true --"},
        {"conseiller": world.accounts["charlie"].pk}, {"ligne": f"{other} or 1=1"}, {"q": "cach%"}, {"q": "scolaire@"},
    ):  # fmt: skip
        page = sign("alice").get("/recherche/", query).content.decode()
        assert "scolaire</" not in page.replace("Cachée scolaire", "scolaire</"), query
        assert (
            f"/bureau/c/{world.conn.execute('select max(id) as id from conversation').fetchone()['id']}/"
            not in page
        )
