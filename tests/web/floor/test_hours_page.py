"""Hours in each state: everybody their own, supervisors everybody's, an outsourcer's manager only their people's."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portevoix.actions import presence

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # nine o'clock in Paris
PAGE, FILE = "/plateau/heures", "/plateau/heures.csv"
DAY = "?du=2026-03-02&au=2026-03-02"


def live(world: Any, name: str, *states: tuple[int, str, str]) -> None:
    """(minutes after nine, state, reason) in order."""
    for minutes, state, reason in states:
        at = MONDAY + timedelta(minutes=minutes)
        presence.set_state(world.conn, world.accounts[name].pk, state, reason, at)


@pytest.fixture
def worked(world: Any) -> Any:
    live(
        world,
        "alice",
        (0, "available", ""),
        (120, "paused", "=Entretien"),
        (165, "available", ""),
        (425, "offline", ""),
    )
    live(world, "charlie", (30, "available", ""), (90, "offline", ""))
    return world


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(answer).removeprefix("\ufeff")), delimiter=";"))


def test_a_day_is_summed_by_person_and_state(worked: Any, sign: Any) -> None:
    shown = text(sign("sophie").get(PAGE + DAY))
    (line,) = [part for part in shown.split("<tr>") if "Alice Martin" in part]
    assert [cell.split("</td>")[0].split(">")[-1] for cell in line.split('<td class="num">')[1:5]] == [
        "6 h 20", "0 h 00", "0 h 45", "0 h 00",
    ]  # fmt: skip
    assert "<strong>7 h 05</strong>" in line
    found = [
        (r["État"], r["Motif"], r["Fois"], r["Secondes"])
        for r in rows(sign("sophie").get(FILE + DAY))
        if r["Personne"] == "Alice Martin"
    ]
    assert found == [("Disponible", "", "2", "22800"), ("En pause", "'=Entretien", "1", "2700")]


def test_a_state_over_midnight_is_cut_where_the_period_ends(world: Any, sign: Any) -> None:
    live(world, "alice", (14 * 60, "available", ""), (16 * 60, "offline", ""))  # 23:00 to 1:00 in Paris
    for day in ("2026-03-02", "2026-03-03"):
        (row,) = rows(sign("sophie").get(f"{FILE}?du={day}&au={day}"))
        assert row["Secondes"] == "3600"
    (row,) = rows(sign("sophie").get(f"{FILE}?du=2026-03-02&au=2026-03-03"))
    assert row["Secondes"] == "7200"


def test_a_state_that_lasts_counts_until_now(world: Any, sign: Any) -> None:
    presence.set_state(
        world.conn, world.accounts["alice"].pk, "available", "", datetime.now(UTC) - timedelta(minutes=1)
    )
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    (row,) = rows(sign("sophie").get(f"{FILE}?du={day}&au={day + timedelta(days=2)}"))
    assert int(row["Secondes"]) >= 60


def test_an_outsourcer_sees_only_its_people(worked: Any, sign: Any) -> None:
    for address in (PAGE, FILE):
        shown = text(sign("manon").get(address + DAY))
        assert worked.accounts["charlie"].full_name in shown
        assert "Alice" not in shown
        assert "Entretien" not in shown


def test_everybody_sees_their_own_hours_and_nobody_elses(worked: Any, sign: Any) -> None:
    for who, other in (("alice", "charlie"), ("charlie", "alice")):
        for address in (PAGE, FILE):
            shown = text(sign(who).get(address + DAY))
            assert worked.accounts[who].full_name in shown
            assert worked.accounts[other].full_name not in shown


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_nobody_looks_without_signing_in(world: Any, sign: Any, address: str) -> None:
    assert sign("").get(address).status_code == 302


@pytest.mark.parametrize(
    "asked", ["?du=hier", "?du=2026-03-05&au=2026-03-01", "?du=0001-01-01&au=9999-12-31", "?du=%00"]
)
def test_dates_that_cannot_be_are_told(world: Any, sign: Any, asked: str) -> None:
    assert "trente derniers jours" in text(sign("sophie").get(PAGE + asked))


def test_without_hours_it_says_so(world: Any, sign: Any) -> None:
    assert "Personne n’a été présent" in text(sign("sophie").get(PAGE + DAY))
