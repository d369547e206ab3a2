"""What opens the live feed: only what the account may see, only for a while, only from our pages."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from centre_world import World

from portevoix.realtime import token as live
from portevoix.store.live import topics

SECRET = b"a secret of the tests"


def test_a_damaged_borrowed_or_old_token_opens_nothing() -> None:
    good = live.make(SECRET, 7, ["line.1"], 1000)
    assert live.read(SECRET, good, 1000).topics == {"line.1"}
    body, signature = good.split(".")
    wider = (
        base64.urlsafe_b64encode(orjson.dumps({"a": 7, "t": ["line.1", "line.2"], "u": 10**10}))
        .decode()
        .rstrip("=")
    )
    bad = [
        "", ".", "..", body, f"{body}.", f".{signature}", f"{wider}.{signature}", f"{wider}.", good + ".x", "é.é", "\x00.\x00",
        live.make(b"another", 7, ["line.1"], 1000), "9" * 100_000, good[:-2],
    ]  # fmt: skip
    bad += [
        f"{body[:at]}{'A' if body[at] != 'A' else 'B'}{body[at + 1 :]}.{signature}" for at in range(len(body))
    ]
    for token in bad:
        with pytest.raises(live.BadToken):
            live.read(SECRET, token, 1000)
    with pytest.raises(live.BadToken):
        live.read(SECRET, good, 1001 + live.LIFETIME)


def test_each_gets_the_lines_they_see_and_nobody_elses_account(sign: Any, world: World) -> None:
    secret = os.environ["PORTEVOIX_SECRET"].encode()
    line = {slug: f"line.{row.pk}" for slug, row in world.lines.items()}
    seen = {
        "alice": {line["inscription"]}, "bob": {line["cpf"]}, "charlie": {line["scolaire"]},
        "sophie": {line["inscription"], line["cpf"]}, "admin": set(),
    }  # fmt: skip
    for who, lines in seen.items():
        given = sign(who).get("/live/token", {"t": "line.1", "topics": "centre"}).json()["token"]
        grant = live.read(secret, given, time.time())
        assert grant.topics == lines | {f"account.{world.accounts[who].pk}"}, who
        assert grant.until <= time.time() + live.LIFETIME
    assert sign("").get("/live/token").status_code == 302


def test_every_event_of_a_line_is_told_to_the_line_and_to_whom_it_names(world: World) -> None:
    """Charlie, of the other organisation, hears of nothing on the lines of the house."""
    from portevoix.domain.contacts.events import REGISTRY

    alice, charlie = world.accounts["alice"].pk, world.accounts["charlie"].pk
    here = world.lines["inscription"].pk
    theirs = {f"account.{charlie}", f"line.{world.lines['scolaire'].pk}"}
    for kind, _version in REGISTRY:
        told = topics(kind, here, {"account_id": alice}, alice, alice)
        assert told <= {f"account.{alice}", f"line.{here}", "centre"}, kind
        assert not told & theirs, kind


@dataclass
class Answer:
    """What the process with the open connections said."""

    status: int
    headers: dict[str, str]
    text: str


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Ask that process, without its bus, until it ends the answer."""
    from portevoix.realtime.app import app
    from portevoix.realtime.hub import Hub

    monkeypatch.setenv("PORTEVOIX_PORT", "8123")
    monkeypatch.delenv("PORTEVOIX_ORIGIN", raising=False)
    app.state.hub, app.state.secret, app.state.bus, app.state.here = Hub(), SECRET, None, set()

    def ask(
        token: str = "",
        origin: str | None = None,
        method: str = "GET",
        path: str = "/events",
        body: bytes = b"",
        **query: str,
    ) -> Answer:
        headers = [] if origin is None else [(b"origin", origin.encode())]
        scope = {
            "type": "http", "method": method, "path": path, "headers": headers, "http_version": "1.1",
            "query_string": urlencode({"token": token, **query}).encode(),
        }  # fmt: skip
        sent: list[dict[str, Any]] = []
        never = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if never.is_set():
                await asyncio.sleep(60)
            never.set()
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(asyncio.wait_for(app(scope, receive, send), 20))
        said = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], said, b"".join(m.get("body", b"") for m in sent[1:]).decode())

    return ask


def test_a_foreign_page_is_refused_even_with_a_good_token(feed: Callable[..., Answer]) -> None:
    good = live.make(SECRET, 7, ["line.1"], time.time())
    foreign = ("https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost.evil.example:8123",
               "https://127.0.0.1:8123", "http://127.0.0.1:8123.evil.example", "")  # fmt: skip
    for origin in foreign:
        answer = feed(good, origin)
        assert answer.status == 403, origin
        assert "access-control-allow-origin" not in answer.headers
    answer = feed("x", "http://127.0.0.1:8123")
    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == "http://127.0.0.1:8123"
    assert "access-control-allow-credentials" not in answer.headers
    assert feed().status == 401
    assert feed(good, method="POST").status == 405


def test_a_stream_ends_with_its_token_and_gives_only_its_topics(feed: Callable[..., Answer]) -> None:
    from portevoix.realtime.app import app
    from portevoix.realtime.hub import Push

    hub = app.state.hub
    for seq, topic in ((1, "line.1"), (2, "line.2"), (3, "account.8"), (4, "line.1")):
        hub.push(Push(seq, topic, f'{{"seq":{seq}}}'))
    ending = live.make(SECRET, 7, ["line.1"], time.time() - live.LIFETIME + 2)
    said = feed(ending, last="1").text
    assert '{"seq":4}' in said
    assert '{"seq":2}' not in said
    assert '{"seq":3}' not in said
    assert "event: expired" in said
    assert not hub.listeners


def test_a_quiet_stream_shows_signs_of_life_and_ends_however_far_the_clock_goes_back(
    feed: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    from portevoix.realtime import app as served

    monkeypatch.setattr(served, "PING_SECONDS", 0.1)
    monkeypatch.setattr(served, "_LONGEST", 1.0)
    # The wall clock was set back a day after the token was made: it claims to be good for a day.
    said = feed(live.make(SECRET, 7, ["line.1"], time.time() + 86_400)).text
    assert said.count("event: beat") >= 3
    assert "event: expired" in said


def test_nobody_says_for_another_that_they_are_here(feed: Callable[..., Answer]) -> None:
    """The sign of life of a page counts for the account of its token alone, from our own pages, and is short."""
    from portevoix.realtime.app import app

    good, ours = live.make(SECRET, 7, ["line.1"], time.time()), "http://127.0.0.1:8123"

    def say(body: bytes, origin: str = ours, method: str = "POST") -> int:
        return feed(origin=origin, method=method, path="/here", body=body).status

    old = live.make(SECRET, 8, ["line.1"], time.time() - 2 * live.LIFETIME)
    another = live.make(b"another", 8, [], time.time())
    for body in (b"", b"8", old.encode(), another.encode(), b"\xff.\x00"):
        assert say(body) == 401
    assert say(b"x" * 200_000) == 413
    assert say(good.encode(), origin="https://evil.example") == 403
    assert say(good.encode(), method="GET") == 405
    assert app.state.here == set()
    assert say(good.encode()) == 204
    assert app.state.here == {7}
