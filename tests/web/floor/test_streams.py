"""What reaches an outsourcer's manager without asking: numbers only, and only of their own lines and people."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from centre_world import World, mail
from starlette.routing import Route

from portevoix.actions import contacts, presence
from portevoix.bus import PUSH
from portevoix.bus.memory import MemoryBus
from portevoix.realtime import app as live_app
from portevoix.realtime import token
from portevoix.runners.herald import Herald

SECRETS = (
    "Zoé Secrète",
    "zoe@secret.example",
    "Objet secret",
    "Corps secret",
    "déjeuner secret",
    "raison secrète",
)


def now() -> datetime:
    return datetime.now(UTC)


def told(world: World, act: Any) -> list[tuple[str, str]]:
    """(topic, what a browser that follows it gets) of everything that ``act`` did."""
    bus = MemoryBus()
    heard: list[tuple[str, str]] = []
    bus.listen(
        f"{PUSH}.>", lambda subject, payload: heard.append((subject[len(PUSH) + 1 :], payload.decode()))
    )
    herald = Herald(SimpleNamespace(bus=bus))
    herald.begin(world.conn)
    heard.clear()
    act()
    herald.round(world.conn)
    return heard


def granted(sign: Any, who: str) -> frozenset[str]:
    made = sign(who).get("/live/token").json()["token"]
    return token.read(os.environ["PORTEVOIX_SECRET"].encode(), made, time.time()).topics


def test_every_stream_there_is_has_a_test_here() -> None:
    """Another stream than the one below asks for its own. (``/here`` only hears; tests/attacks.)"""
    known = {"/events", "/health", "/here"}
    assert {route.path for route in live_app.app.routes if isinstance(route, Route)} == known


def test_a_managers_stream_follows_their_own_lines_and_nobody_elses_account(world: World, sign: Any) -> None:
    line = {slug: f"line.{row.pk}" for slug, row in world.lines.items()}
    for who in ("manon", "noe", "ivo"):
        topics = granted(sign, who)
        own = f"account.{world.accounts[who].pk}"
        assert own in topics
        assert topics <= {own, *line.values()}, who
        assert line["cpf"] not in topics, who


def test_what_happens_in_the_house_is_not_told_to_an_outsourcers_manager(world: World, sign: Any) -> None:
    alice, bob = world.accounts["alice"].pk, world.accounts["bob"].pk
    topics = granted(sign, "manon")

    def act() -> None:
        taken = world.receive(
            mail(sender="Zoé Secrète <zoe@secret.example>", subject="Objet secret", text="Corps secret"),
            to="cpf@centre.example",
        )
        world.offer("bob", taken.contact_id)
        contacts.accept(world.conn, taken.contact_id, bob, now())
        contacts.close(world.conn, taken.contact_id, bob, subject_id=None, at=now())
        presence.set_state(world.conn, alice, "available", "", now())
        presence.set_state(world.conn, alice, "paused", "déjeuner secret", now())
        sign("sophie").post(
            f"/plateau/lignes/{world.lines['cpf'].pk}/pause", {"raison": "raison secrète", "minutes": "15"}
        )

    heard = told(world, act)
    kinds = {json.loads(body)["kind"] for _, body in heard}
    assert {
        "contact-received",
        "contact-accepted",
        "contact-closed",
        "presence-changed",
        "configuration-changed",
    } <= kinds
    for topic, body in heard:
        assert set(json.loads(body)) == {"seq", "kind", "id", "contact", "mine"}
        assert not [secret for secret in SECRETS if secret in body]
        assert topic not in topics, body
    assert {topic for topic, _ in heard} & granted(sign, "sophie"), "who runs that line hears of it"
