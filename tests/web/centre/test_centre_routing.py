"""How a line's work finds its people: saved, told to routers, refused in words, taken back, exported."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse


def values(**changes: Any) -> dict[str, Any]:
    return {
        "urgency_weight": "2", "urgency_minutes_hours": "0", "urgency_minutes_minutes": "30", "reserve_people": "1",
        "data_class": "health", "alarm_waiting": "20", "alarm_minutes": "0", "alarm_late": "1",
        "after_0": "60", "skills_0": "minus-1", "lines_0": [],
    } | changes  # fmt: skip


def address(world: SimpleNamespace) -> str:
    return reverse("centre:line-routing", args=[world.cpf.pk])


def test_what_is_set_is_kept_and_told(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.centre.models import ConfigChange

    page = at("admin")
    assert page.post(address(world), values())["Location"] == address(world)
    world.cpf.refresh_from_db()
    assert (world.cpf.urgency_weight, world.cpf.urgency_minutes, world.cpf.reserve_people) == (2, 30, 1)
    assert world.cpf.data_class == "health"
    assert world.cpf.relaxations == [{"after": 60, "skills": "minus-1", "lines": []}]
    page.post(address(world), values(after_1="600", skills_1="none", lines_1=["scolaire"]))
    world.cpf.refresh_from_db()
    assert world.cpf.relaxations[1] == {"after": 600, "skills": "none", "lines": ["scolaire"]}
    shown = page.get(address(world)).content.decode()
    assert shown.count("Élargissement n°") == 3  # and one to fill in
    change = ConfigChange.objects.first()
    assert page.post(reverse("centre:undo", args=[change.pk])).status_code == 302
    world.cpf.refresh_from_db()
    assert len(world.cpf.relaxations) == 1


def test_a_time_left_empty_takes_the_step_away(world: SimpleNamespace, at: Any) -> None:
    page = at("admin")
    page.post(address(world), values())
    page.post(address(world), values(after_0="", skills_0="same"))
    world.cpf.refresh_from_db()
    assert world.cpf.relaxations == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"urgency_weight": "0"}, "supérieure ou égale à 1"),
        ({"urgency_weight": "cher"}, "Écrivez un nombre entier."),
        ({"urgency_minutes_minutes": "0"}, "Donnez au moins une minute."),
        ({"after_0": "-5"}, "supérieure ou égale à 1"),
        ({"after_0": "", "skills_0": "none"}, "Après combien de secondes d’attente ?"),
        ({"skills_0": "same"}, "Il ne change rien"),
        ({"lines_0": ["nulle-part"]}, "nulle-part"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(
    world: SimpleNamespace, at: Any, wrong: dict[str, str], said: str
) -> None:
    answer = at("admin").post(address(world), values(**wrong))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    world.cpf.refresh_from_db()
    assert (world.cpf.urgency_weight, world.cpf.relaxations) == (1, [])


@pytest.mark.parametrize("who", ["adviser", "supervisor", "outside"])
def test_others_may_not(world: SimpleNamespace, at: Any, who: str) -> None:
    page = at(who)
    assert page.get(address(world)).status_code == 403
    assert page.post(address(world), values()).status_code == 403


def test_the_export_comes_back_the_same(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.centre.exporting import configuration

    at("admin").post(address(world), values(lines_0=["scolaire"]))
    (line,) = [one for one in configuration(people=False)["lines"] if one["slug"] == "cpf"]
    assert line["relaxations"] == [{"after": 60, "skills": "minus-1", "lines": ["scolaire"]}]
    assert line["urgency_weight"] == 2
