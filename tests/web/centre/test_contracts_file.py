"""The contracts as a file: out and in again, every mistake with its line and field, and nothing changed as long as there is one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ADDRESS = "/reglages/contrats/fichier"
GOOD = """\
[[contract]]
organisation = "Maison"
share = 70

[[contract]]
organisation = "Nord"
share = 30
lines = ["cpf"]
channels = ["phone"]
first_day = 2026-12-01
hours = ["lun-ven 08:00-18:30"]
day_least = 10
day_most = 200
ramp = ["2026-12-01 25", "2027-01-05 100"]
helps_after = 60
knows = ["health"]
price_contact = 3.2
reference_visible = true
own_platform = true
"""


@pytest.fixture
def nord(world: SimpleNamespace) -> Any:
    from portevoix.web.records.models import Contract, Organisation

    Contract.objects.all().delete()
    Organisation.objects.filter(pk=world.house.pk).update(name="Maison")
    return Organisation.objects.create(name="Nord", kind="outsourcer")


def carry_out(content: str) -> Any:
    from portevoix.web.centre.importing import contracts
    from portevoix.web.centre.keeping import recording

    with recording(None) as kept:
        return contracts.carry_out(content, kept)


def everything() -> list[dict[str, Any]]:
    from portevoix.web.records.models import Contract

    return [
        {k: v for k, v in row.items() if k != "id"}
        for row in Contract.objects.order_by("organisation_id").values()
    ]


def test_what_is_written_reads_as_the_same(nord: Any) -> None:
    from portevoix.web.centre.importing import contracts

    assert carry_out(GOOD).mistakes == []
    before = everything()
    assert before[1]["own_platform"]
    again = carry_out(contracts.write())
    assert (again.mistakes, again.changes, again.unchanged) == ([], [], 2)
    assert everything() == before


TEXTS = st.lists(st.sampled_from(["lun-ven 08:00-18:30", "sam 09:00-12:00"]), max_size=2, unique=True)
AMOUNTS = st.one_of(st.none(), st.integers(0, 1000))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=st.integers(0, 100), hours=TEXTS, most=AMOUNTS, after=AMOUNTS, knows=st.sets(st.sampled_from(["health", "complaint-2"])),
    price=st.one_of(st.none(), st.integers(0, 99_999)), visible=st.booleans(),
)  # fmt: skip
def test_any_contract_comes_back_as_it_was(
    nord: Any,
    share: int,
    hours: list[str],
    most: int | None,
    after: int | None,
    knows: set[str],
    price: int | None,
    visible: bool,
) -> None:
    from decimal import Decimal

    from portevoix.web.centre.importing import contracts
    from portevoix.web.records.models import Contract

    Contract.objects.all().delete()
    Contract.objects.create(
        organisation=nord, share=share, hours="\n".join(hours), day_most=most, helps_after=after, knows=sorted(knows),
        price_contact=None if price is None else Decimal(price) / 100, reference_visible=visible,
    )  # fmt: skip
    before = everything()
    plan = carry_out(contracts.write())
    assert plan.mistakes == []
    assert plan.unchanged == 1
    assert everything() == before


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('organisation = "Nord"', 'organisation = "Sud"', 6, "contract[2].organisation"),
        ("share = 30", "", 5, "contract[2].share: is missing"),
        ("share = 30", "share = 300", 7, "contract[2].share"),
        ('"phone"', '"fax"', 9, "contract[2].channels"),
        ('["cpf"]', '["nowhere"]', 8, "contract[2].lines"),
        ("2026-12-01\nhours", '"tomorrow"\nhours', 10, "contract[2].first_day"),
        ("08:00-18:30", "18:00-08:00", 11, "contract[2].hours"),
        ("day_most = 200", "day_most = 2", 13, "contract[2].day_most"),
        ("2027-01-05 100", "2027-01-05 900", 14, "contract[2].ramp"),
        ("price_contact = 3.2", 'price_contact = "dear"', 17, "contract[2].price_contact"),
        ("own_platform = true", "color = 3", 19, "contract[2].color"),
        ("share = 70", "share = ", 3, "not TOML"),
    ],
)
def test_a_mistake_has_its_line_and_field_and_changes_nothing(
    nord: Any, old: str, new: str, line: int, said: str
) -> None:
    carry_out(GOOD)
    before = everything()
    plan = carry_out(
        GOOD.replace("share = 70", "share = 10", 1).replace(old.replace("share = 70", "share = 10"), new, 1)
    )
    assert any(one.startswith(f"line {line}") and said in one for one in plan.mistakes), plan.mistakes
    assert everything() == before


def test_all_mistakes_are_told_at_once(nord: Any) -> None:
    plan = carry_out(GOOD.replace("share = 70", "share = -1").replace('"Nord"', '"Sud"').replace("3.2", "-3"))
    assert len(plan.mistakes) == 3


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(GOOD)), st.text(max_size=8), st.integers(0, 12))
def test_no_broken_file_breaks_anything(nord: Any, at: int, more: str, less: int) -> None:
    from portevoix.web.centre.importing import contracts

    before = everything()
    contracts.look(GOOD[:at] + more + GOOD[at + less :])
    assert everything() == before


def test_on_the_page_one_looks_first_and_applies_then(nord: Any, at: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    page = at("admin")
    answer = page.post(ADDRESS, {"fichier": SimpleUploadedFile("c.toml", GOOD.encode())})
    assert "contrat ajouté" in answer.content.decode()
    assert everything() == []
    answer = page.post(ADDRESS, {"contenu": GOOD, "appliquer": "1"}, follow=True)
    assert "sont en place" in answer.content.decode()
    assert len(everything()) == 2
    answer = page.post(ADDRESS, {"contenu": GOOD.replace("share = 70", "share = x"), "appliquer": "1"})
    assert answer.status_code == 422
    assert "Rien n’est changé" in answer.content.decode()
    assert page.get(ADDRESS + ".toml").content.decode().count("[[contract]]") == 2
    assert page.post(ADDRESS, {"fichier": SimpleUploadedFile("c.toml", b"\xff\xfe\x00")}).status_code == 422
