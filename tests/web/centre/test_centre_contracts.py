"""Contracts: saved, refused in words, taken back; who may; and what the router reads is what the page wrote."""

from __future__ import annotations

import contextlib
import os
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

NEW = "/reglages/contrats/nouveau"


@pytest.fixture(autouse=True)
def no_contract(world: SimpleNamespace) -> None:
    world.contract.delete()


def values(world: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    return {
        "organisation": world.other.pk, "share": "30", "lines": ["cpf"], "channels": ["phone", "mail"],
        "first_day": "2026-09-01", "last_day": "", "hours": "lun-ven 09:00-17:30\nsam 9:00-12:00", "day_least": "10",
        "day_most": "200", "week_least": "", "week_most": "", "ramp": "2026-09-01 25\n2026-10-01 100",
        "lends_after": "60", "helps_after": "", "knows": ["health"], "price_contact": "3,20", "price_minute": "",
        "quality_percent": "80", "reference_visible": "on",
    } | changes  # fmt: skip


def test_a_contract_is_kept_told_changed_and_taken_back(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.centre.models import ConfigChange
    from portevoix.web.records.models import Contract

    page = at("admin")
    assert page.post(NEW, values(world))["Location"] == "/reglages/contrats"
    row = Contract.objects.get()
    assert (row.organisation, row.share, row.lines, row.channels) == (
        world.other,
        30,
        ["cpf"],
        ["phone", "mail"],
    )
    assert (str(row.price_contact), row.lends_after, row.helps_after) == ("3.20", 60, None)
    shown = page.get("/reglages/contrats").content.decode()
    assert "Prestataire" in shown
    assert "30 %" in shown
    assert "En vigueur" in shown
    address = reverse("centre:contract", args=[row.pk])
    assert "3,20" in page.get(address).content.decode()
    page.post(address, values(world, share="40"))
    change = ConfigChange.objects.order_by("-pk").first()
    assert (change.before, change.after) == ({"share": 30}, {"share": 40})
    page.post(reverse("centre:undo", args=[change.pk]))
    row.refresh_from_db()
    assert row.share == 30
    assert page.post(reverse("centre:contract-delete", args=[row.pk])).status_code == 302
    assert not Contract.objects.exists()


def test_the_router_reads_what_the_page_wrote(world: SimpleNamespace, at: Any) -> None:
    from portevoix.actions.allocation import Allocation
    from portevoix.domain.allocation.contract import DataClass
    from portevoix.store import allocation as store
    from portevoix.store import db

    at("admin").post(NEW, values(world))
    with contextlib.closing(db.connect(os.environ["DATABASE_URL"])) as conn:
        (row,) = store.rows(conn, "contracts")
    allocation = Allocation()
    allocation._codes = {"cpf": 1}
    made = allocation._contract(row)
    assert (made.share, made.volumes.day_least, made.volumes.day_most) == (0.3, 10, 200)
    assert made.knows == {DataClass.ORDINARY, DataClass.HEALTH}
    assert made.part(date(2026, 9, 15)) == 0.25
    assert (made.lends_after, made.helps_after) == (60, None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"share": "101"}, "inférieure ou égale à 100"),
        ({"share": "beaucoup"}, "Écrivez un nombre entier."),
        ({"organisation": ""}, "Choisissez une réponse."),
        ({"hours": "lun-ven 09:00-17:30\nlundi matin"}, "Ligne 2 : écrivez un jour et des heures"),
        ({"hours": "lun 17:00-09:00"}, "Ligne 1 : la fin doit venir après le début"),
        ({"hours": "xyz 09:00-10:00"}, "Ligne 1 : les jours s’écrivent lun, mar"),
        ({"ramp": "2026-09-01 25\n2026-09-31 50"}, "Ligne 2 : écrivez une date et un pourcentage"),
        ({"ramp": "2026-09-01 25\n2026-09-01 50"}, "Ligne 2 : cette date est déjà donnée."),
        ({"day_most": "5"}, "Le maximum est plus petit que le minimum."),
        ({"last_day": "2026-08-01"}, "Le dernier jour vient avant le premier."),
        ({"price_contact": "cher"}, "Écrivez un prix, comme 3,20."),
        ({"lines": ["nulle-part"]}, "nulle-part"),
    ],
)
def test_what_is_wrong_is_told(world: SimpleNamespace, at: Any, wrong: dict[str, Any], said: str) -> None:
    from portevoix.web.records.models import Contract

    answer = at("admin").post(NEW, values(world, **wrong))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Contract.objects.exists()


def test_one_contract_of_an_organisation_at_a_time(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.records.models import Contract

    page = at("admin")
    page.post(NEW, values(world, last_day="2026-12-31"))
    again = page.post(NEW, values(world, first_day="2026-12-31"))
    assert "Un autre contrat de cette organisation vaut déjà" in again.content.decode()
    assert page.post(NEW, values(world, first_day="2027-01-01")).status_code == 302
    assert page.post(NEW, values(world, organisation=world.house.pk)).status_code == 302
    assert Contract.objects.count() == 3


@pytest.mark.parametrize("who", ["adviser", "supervisor", "outside"])
def test_others_see_no_contract(world: SimpleNamespace, at: Any, who: str) -> None:
    at("admin").post(NEW, values(world))
    from portevoix.web.records.models import Contract

    row = Contract.objects.get()
    page = at(who)
    for address in ("/reglages/contrats", NEW, reverse("centre:contract", args=[row.pk])):
        assert page.get(address).status_code == 403
    assert page.post(NEW, values(world)).status_code == 403
    assert page.post(reverse("centre:contract-delete", args=[row.pk])).status_code == 403
    assert Contract.objects.count() == 1


def test_nothing_yet(world: SimpleNamespace, at: Any) -> None:
    assert "Aucun contrat" in at("admin").get("/reglages/contrats").content.decode()
