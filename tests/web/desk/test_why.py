"""Why a contact came to somebody: in words, for those who may see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from centre_world import World, mail


def offered(world: World, who: str, **reason: Any) -> Any:
    taken = world.receive(mail())
    why = {
        "line_id": 1, "skills": [], "seconds_left": 7200.0, "idle_seconds": 240.0, "held": 1, "preferred": False,
        "policy": "1", "step": 0, "why": "",
    } | reason  # fmt: skip
    world.offer(who, taken.contact_id)
    world.conn.execute(
        "update event set data = jsonb_set(data, '{reason}', %s) where contact_id = %s and kind = 'contact-offered'",
        [json.dumps(why), taken.contact_id],
    )
    return taken


def page(client: Any, taken: Any) -> str:
    answer = client.get(f"/bureau/c/{taken.conversation_id}/pourquoi")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_offer_is_explained(world: World, sign: Any) -> None:
    shown = page(sign("alice"), offered(world, "alice"))
    assert f"Proposé à {world.accounts['alice'].full_name}" in shown
    assert (
        "L’échéance tombait 2 heures plus tard." in shown
        or "L’échéance tombait 120 minutes plus tard." in shown
    )
    assert "1 contact en main, libre depuis 4 minutes." in shown
    assert "Aucune compétence exigée." in shown


def test_what_was_widened_and_the_last_adviser(world: World, sign: Any) -> None:
    taken = offered(
        world, "alice", step=1, why="60s minus-1 +cpf 90s organisations", preferred=True, seconds_left=-90.0
    )
    shown = page(sign("alice"), taken)
    assert "C’est le conseiller qui suit déjà cette personne." in shown
    assert "L’échéance était passée depuis 2 minutes." in shown
    assert "après 1 minute d’attente, un niveau de moins suffit, les personnes de CPF aident" in shown
    assert "d’autres organisations aident" in shown


def test_nobody_yet(world: World, sign: Any) -> None:
    assert "Pas encore proposé" in page(sign("sophie"), world.receive(mail()))


@pytest.mark.parametrize(("who", "sees"), [("sophie", True), ("alice", False)])
def test_shares_are_for_those_in_house_who_supervise(world: World, sign: Any, who: str, sees: bool) -> None:
    taken = offered(world, "alice")
    house = world.conn.execute(
        "select id from organisation where kind = 'in-house' order by id limit 1"
    ).fetchone()
    assert house
    why = [{"organisation": house["id"], "code": "owed-most", "share": 0.7, "had": 0.682, "owed": 1.2}]
    world.conn.execute(
        "insert into allocation (contact_id, line_id, channel, day, organisation_id, first, may, why, at)"
        " select id, line_id, channel, current_date, %s, array[%s::bigint], array[%s::bigint], %s, now() from contact"
        " where id = %s",
        [house["id"], house["id"], house["id"], json.dumps(why), taken.contact_id],
    )
    shown = page(sign(who), taken)
    assert ("à qui il en manquait le plus" in shown) is sees
    assert ("68" in shown and "Part convenue" in shown) is sees


def test_what_one_may_not_see_is_not_there(world: World, sign: Any) -> None:
    taken = offered(world, "alice")
    for who in ("bob", "charlie", "admin"):
        assert sign(who).get(f"/bureau/c/{taken.conversation_id}/pourquoi").status_code == 404
    assert sign("sophie").get("/bureau/c/999999/pourquoi").status_code == 404
