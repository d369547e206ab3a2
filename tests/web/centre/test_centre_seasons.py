"""Seasons of a line and days of several intervals: typed, kept, counted by the line's clock, taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.urls import reverse
from psycopg.rows import dict_row


def season(**changes: str) -> dict[str, str]:
    """What the form posts."""
    return {
        "name": "Vacances de Noël", "first_day": "2030-12-21", "last_day": "2031-01-05", "spans": "2", "do": "save",
    } | changes  # fmt: skip


@pytest.fixture
def opened(django_database: str) -> Any:
    """``opened("2030-12-23T10:00", line)``: whether the processes count the line as open then."""
    from portevoix.store import live

    def ask(when: str, line: Any) -> bool:
        with psycopg.connect(django_database, row_factory=dict_row) as conn:
            return live.hours(conn)[line.pk].is_open(datetime.fromisoformat(when).replace(tzinfo=UTC))

    return ask


def test_a_season_counts_on_its_days_only(world: SimpleNamespace, at: Any, opened: Any) -> None:
    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/periodes/nouvelle"
    page = client.get(path).content.decode()
    assert 'value="09:00"' in page, "it begins with the usual week"
    typed = season(d0_0_opens="10:00", d0_0_closes="12:00", d0_1_opens="14:00", d0_1_closes="15:00")
    assert client.post(path, typed).status_code == 302
    # Mondays; Paris is one hour ahead. The usual week: 9 to 17.
    assert opened("2030-12-16T08:30", world.cpf)
    assert not opened("2030-12-23T08:30", world.cpf)
    assert opened("2030-12-23T09:30", world.cpf)
    assert not opened("2030-12-23T12:30", world.cpf)
    assert opened("2030-12-23T13:30", world.cpf)
    assert opened("2031-01-06T08:30", world.cpf)
    # The usual week was not touched, and the page of the line shows both apart.
    assert world.cpf.hours.filter(season=None).count() == 1
    page = client.get(f"/reglages/lignes/{world.cpf.pk}/horaires").content.decode()
    assert "Vacances de Noël" in page
    assert 'value="10:00"' not in page


def test_a_season_without_hours_closes_the_line(world: SimpleNamespace, at: Any, opened: Any) -> None:
    assert at("admin").post(f"/reglages/lignes/{world.cpf.pk}/periodes/nouvelle", season()).status_code == 302
    assert not opened("2030-12-23T09:30", world.cpf)
    # A line that never had a week stays open day and night outside the season.
    assert (
        at("admin").post(f"/reglages/lignes/{world.school.pk}/periodes/nouvelle", season()).status_code == 302
    )
    assert not opened("2030-12-23T09:30", world.school)
    assert opened("2031-01-06T03:00", world.school)
    assert "La ligne Scolaire n’a pas d’horaires" in at("admin").get("/reglages/").content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Remplissez ce champ"),
        ({"last_day": "2030-12-20"}, "Le dernier jour doit suivre le premier"),
        ({"first_day": "lundi"}, "Écrivez une date"),
        ({"d1_0_opens": "12:00", "d1_0_closes": "09:00"}, "La fermeture doit suivre"),
        ({"first_day": "2031-01-05", "last_day": "2031-01-09"}, "déjà dans la période « Vacances de Noël »"),
    ],
)
def test_wrong_seasons(world: SimpleNamespace, at: Any, typed: dict[str, str], said: str) -> None:
    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/periodes/nouvelle"
    client.post(path, season())
    answer = client.post(path, season(first_day="2031-02-01", last_day="2031-02-09") | typed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert world.cpf.seasons.count() == 1


def test_copying_monday_keeps_nothing_yet(world: SimpleNamespace, at: Any) -> None:
    path = f"/reglages/lignes/{world.cpf.pk}/periodes/nouvelle"
    typed = season(d0_0_opens="10:00", d0_0_closes="12:00", do="copy")
    page = at("admin").post(path, typed).content.decode()
    assert page.count('value="10:00"') == 5
    assert 'value="Vacances de Noël"' in page
    assert world.cpf.seasons.count() == 0


def test_a_season_is_changed_retired_and_given_back(world: SimpleNamespace, at: Any, opened: Any) -> None:
    from portevoix.web.centre.models import ConfigChange

    client, base = at("admin"), f"/reglages/lignes/{world.cpf.pk}/periodes"
    client.post(f"{base}/nouvelle", season(d0_0_opens="10:00", d0_0_closes="12:00"))
    found = world.cpf.seasons.get()
    client.post(f"{base}/{found.pk}", season(name="Fêtes", d0_0_opens="11:00", d0_0_closes="12:00"))
    change = ConfigChange.objects.first()
    assert change.before["hours"] == ["0 10:00-12:00"]
    assert change.after == {"name": "Fêtes", "hours": ["0 11:00-12:00"]}
    client.post(reverse("centre:undo", args=[change.pk]))
    assert opened("2030-12-23T09:30", world.cpf)
    client.post(f"{base}/{found.pk}/retirer")
    assert world.cpf.seasons.count() == 0
    assert opened("2030-12-23T08:30", world.cpf)
    client.post(reverse("centre:undo", args=[ConfigChange.objects.first().pk]))
    again = world.cpf.seasons.get()
    assert (again.name, again.first_day) == ("Vacances de Noël", date(2030, 12, 21))
    assert not opened("2030-12-23T08:30", world.cpf)
    assert opened("2030-12-23T09:30", world.cpf)
    # Not through another line.
    assert client.get(f"/reglages/lignes/{world.school.pk}/periodes/{again.pk}").status_code == 404
    assert client.post(f"/reglages/lignes/{world.school.pk}/periodes/{again.pk}/retirer").status_code == 404


def test_a_special_day_has_a_morning_and_an_afternoon(world: SimpleNamespace, at: Any, opened: Any) -> None:
    from portevoix.web.records.models import LineException

    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/jours"
    day = {"first": "2030-12-28", "kind": "open", "scope": "line", "reason": "Samedi ouvert"}
    spans = {"opens": "09:00", "closes": "12:00", "opens_2": "14:00", "closes_2": "00:00"}
    for wrong, said in (
        ({"opens_2": "11:00"}, "en chevauche une autre"),
        ({"closes_2": ""}, "Donnez une heure"),
        ({"closes_2": "13:00"}, "La fermeture doit suivre"),
    ):
        answer = client.post(path, day | spans | wrong)
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert client.post(path, day | spans).status_code == 302
    assert list(LineException.objects.values_list("opens", "closes")) == [
        (time(9), time(12)), (time(14), time(23, 59)),
    ]  # fmt: skip
    assert [opened(f"2030-12-28T{hour}:30", world.cpf) for hour in ("08", "11", "13", "22")] == [
        True, False, True, True,
    ]  # fmt: skip
    page = " ".join(client.get(f"/reglages/lignes/{world.cpf.pk}/horaires").content.decode().split())
    assert "09:00–12:00, 14:00–23:59" in page
    # Said anew, the day is replaced; retired, all of it goes.
    client.post(path, day | {"kind": "closed"})
    assert LineException.objects.count() == 1
    assert not opened("2030-12-28T08:30", world.cpf)
    client.post(path, day | spans)
    client.post(f"{path}/{LineException.objects.first().pk}/retirer")
    assert LineException.objects.count() == 0


def test_a_season_for_several_lines_at_once(world: SimpleNamespace, at: Any, opened: Any) -> None:
    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/periodes/nouvelle"
    typed = season(d0_0_opens="10:00", d0_0_closes="12:00") | {"aussi": [str(world.school.pk)]}
    assert client.post(path, typed).status_code == 302
    assert opened("2030-12-23T09:30", world.school)
    assert not opened("2030-12-23T12:30", world.school)
    # Changed and saved for both again: the twin is replaced, not doubled.
    mine = world.cpf.seasons.get()
    client.post(
        f"/reglages/lignes/{world.cpf.pk}/periodes/{mine.pk}",
        typed | {"d0_0_opens": "08:00", "d0_0_closes": "09:00"},
    )
    assert world.school.seasons.count() == 1
    assert opened("2030-12-23T07:30", world.school)
    # Another season in the way is left alone, and said.
    world.school.seasons.update(name="À elle")
    page = client.post(
        f"/reglages/lignes/{world.cpf.pk}/periodes/{mine.pk}", typed, follow=True
    ).content.decode()
    assert "Ces lignes ont déjà une autre période sur ces jours" in page
    assert world.school.seasons.get().name == "À elle"
    assert opened("2030-12-23T07:30", world.school)
