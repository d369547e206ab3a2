"""Every address of the settings, asked for by everybody who must not have it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

SUPERVISORS = {
    "overview", "answers", "answer-new", "answer-preview", "answer", "answer-activate", "answer-deactivate",
    "aside", "aside-raw", "aside-retry", "aside-dismiss", "aside-restore",
}  # fmt: skip


def addresses(world: SimpleNamespace) -> list[tuple[str, str]]:
    """Name and path of each page, with ids that exist where they can."""
    from django.urls import reverse

    from portevoix.web.centre.urls import urlpatterns

    known = {
        "line_id": world.cpf.pk, "door_id": world.door.pk, "subject_id": world.root.pk, "skill_id": world.skill.pk,
        "person_id": world.adviser.pk, "answer_id": world.answer.pk, "row_id": world.house.pk, "kind": "organisations",
        "contract_id": world.contract.pk, "exception_id": 1, "pause_id": 1, "season_id": 1, "import_id": 1, "aside_id": 1, "change_id": 1, "token": "x",
    }  # fmt: skip
    found = []
    for pattern in urlpatterns:
        given = {name: known[name] for name in pattern.pattern.converters}
        kwargs = {**given, **pattern.default_args}
        found.append((pattern.name or "", reverse(f"centre:{pattern.name}", kwargs=kwargs)))
    return found


def counts() -> dict[str, int]:
    """Rows of every configuration table: a refusal must change none."""
    from django.apps import apps

    return {model.__name__: model.objects.count() for model in apps.get_app_config("records").get_models()}


@pytest.mark.parametrize("who", ["", "adviser", "supervisor", "outside"])
def test_refused_everywhere(who: str, world: SimpleNamespace, at: Any) -> None:
    client, before = at(who), counts()
    for name, path in addresses(world):
        if name == "welcome" or (who == "supervisor" and name in SUPERVISORS):
            continue
        for answer in (client.get(path), client.post(path, {"name": "x"})):
            if who:
                assert answer.status_code == 403, (name, answer.status_code)
            else:
                assert answer.status_code == 302, name
                assert answer["Location"].startswith("/compte/connexion"), name
    assert counts() == before


def test_an_administrator_opens_every_page(world: SimpleNamespace, at: Any) -> None:
    client = at("admin")
    for name, path in addresses(world):
        assert client.get(path).status_code in (200, 404, 405), name


def test_closed_account_is_out(world: SimpleNamespace, at: Any) -> None:
    client = at("admin")
    type(world.admin).objects.filter(pk=world.admin.pk).update(is_active=False)
    assert client.get("/reglages/lignes").status_code == 302


def test_supervisor_sees_answers_of_the_lines_overseen_only(world: SimpleNamespace, at: Any) -> None:
    client = at("supervisor")
    page = client.get("/reglages/reponses").content.decode()
    assert "Bonjour" in page
    assert "École" not in page
    assert client.get(f"/reglages/reponses/{world.answer.pk}").status_code == 200
    assert client.get(f"/reglages/reponses/{world.foreign.pk}").status_code == 404
    assert client.post(f"/reglages/reponses/{world.foreign.pk}/retirer").status_code == 404
    values = {"title": "T", "body": "B", "language": "fr", "line": world.school.pk}
    assert client.post("/reglages/reponses/nouvelle", values).status_code == 422
    assert client.post("/reglages/reponses/nouvelle", values | {"line": ""}).status_code == 422
