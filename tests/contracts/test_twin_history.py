"""A past week from the log, played again: near what was, without anybody's name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from portevoix.twin import engine, history
from portevoix.twin.figures import of_run
from portevoix.twin.scenario import load

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAYS = 3


@pytest.fixture
def past(conn: Any) -> Any:
    """Three days of calls to two people, first come, first served, as a real floor would have written them."""
    chance = Random(4)
    conn.execute("insert into organisation (id, name, kind) values (900, 'Maison \"A\"', 'in-house')")
    conn.execute("insert into skill (id, slug, name) values (700, 'cpf', 'CPF')")
    conn.execute("insert into line_skill (line_id, skill_id, min_level) values (1, 700, 2)")
    conn.execute("delete from adviser_line")
    for person in (1, 2):
        conn.execute(
            "update account set organisation_id = 900, full_name = 'Zoé Secret' where id = %s", [person]
        )
        conn.execute("insert into adviser_line (account_id, line_id) values (%s, 1)", [person])
        conn.execute("insert into adviser_skill (account_id, skill_id, level) values (%s, 700, 3)", [person])
    free = {}
    number = 0
    for day in range(DAYS):
        opens = MONDAY + timedelta(days=day, hours=9)
        for person in (1, 2):
            conn.execute(
                "insert into presence_span (account_id, state, began_at, ended_at) values (%s, 'available', %s, %s)",
                [person, opens, opens + timedelta(hours=8)],
            )
            free[person] = opens
        at = opens
        while (at := at + timedelta(seconds=chance.expovariate(1 / 140))) < opens + timedelta(hours=7):
            number += 1
            who = min(free, key=lambda one: free[one])
            begun, patience = max(at, free[who]), timedelta(seconds=chance.expovariate(1 / 300))
            conn.execute(
                "insert into person (id, name, created_at) values (%s, 'Client Secret', now())",
                [10_000 + number],
            )
            conn.execute(
                "insert into conversation (id, line_id, person_id, subject, opened_at, last_at)"
                " values (%s, 1, %s, 'Secret', %s, %s)", [10_000 + number, 10_000 + number, at, at],
            )  # fmt: skip
            served = begun - at <= patience
            seconds = chance.expovariate(1 / 240)
            ended = begun + timedelta(seconds=seconds) if served else at + patience
            conn.execute(
                "insert into contact (id, conversation_id, line_id, channel, state, received_at, due_at, closed_at)"
                " values (%s, %s, 1, 'phone', %s, %s, %s, %s)",
                [10_000 + number, 10_000 + number, "closed" if served else "abandoned", at, at + timedelta(seconds=20), ended],
            )  # fmt: skip
            if served:
                free[who] = ended
                conn.execute(
                    "insert into handling (contact_id, part, conversation_id, account_id, line_id, channel, began_at,"
                    " ended_at, ending, seconds) values (%s, 1, %s, %s, 1, 'phone', %s, %s, 'closed', %s)",
                    [10_000 + number, 10_000 + number, who, begun, ended, seconds],
                )
    return conn


def test_the_twin_of_a_past_week_says_nearly_what_was(past: Any, tmp_path: Path) -> None:
    told = history.write(past, tmp_path / "week", MONDAY, MONDAY + timedelta(days=DAYS))
    scenario = load(tmp_path / "week" / "scenario.toml")
    assert told.people == 2
    assert told.clients == len(engine.clients(scenario, 0).at) > 400
    run = engine.play(scenario, scenario.policies["today"], engine.clients(scenario, 0))
    figures = of_run(scenario, run)["all"]
    row = past.execute(
        "select avg((k.state = 'abandoned')::int) as gave_up,"
        " avg((extract(epoch from h.began_at - k.received_at) <= 20)::int) filter (where h.contact_id is not null) as soon,"
        " avg(extract(epoch from h.began_at - k.received_at)) as wait"
        " from contact k left join handling h on h.contact_id = k.id where k.id > 10000"
    ).fetchone()
    assert figures["abandonment"] == pytest.approx(float(row["gave_up"]), abs=0.03)
    assert figures["asa_s"] == pytest.approx(float(row["wait"]), rel=0.2)
    answered = np.isfinite(run.begun)
    soon = np.mean((run.begun - run.clients.at)[answered] <= 20)
    assert soon == pytest.approx(float(row["soon"]), abs=0.04)


def test_nobodys_name_address_or_word_is_written(past: Any, tmp_path: Path) -> None:
    history.write(past, tmp_path / "week", MONDAY, MONDAY + timedelta(days=DAYS))
    for file in (tmp_path / "week").iterdir():
        assert "Secret" not in file.read_text("utf-8"), file.name


def test_what_nobody_there_could_take_is_left_out_and_said(past: Any, tmp_path: Path) -> None:
    past.execute("update line_skill set min_level = 5 where line_id = 1")
    with pytest.raises(history.NothingThere):
        history.write(past, tmp_path / "week", MONDAY, MONDAY + timedelta(days=DAYS))
    past.execute("update contact set line_id = 2 where id = 10003")
    past.execute("insert into adviser_line (account_id, line_id) values (1, 2)")
    told = history.write(past, tmp_path / "other", MONDAY, MONDAY + timedelta(days=DAYS))
    assert (told.clients, sum(told.left_out.values())) == (1, 0 + sum(told.left_out.values()))
    assert sum(told.left_out.values()) > 400
    load(tmp_path / "other" / "scenario.toml")


def test_settings_and_contracts_come_along(past: Any, tmp_path: Path) -> None:
    from portevoix.domain.routing.types import LineUrgency

    past.execute("update line set urgency_weight = 3, urgency_minutes = 10, reserve_people = 1 where id = 1")
    past.execute(
        'update line set relaxations = \'[{"after": 60, "skills": "minus-1", "lines": []}]\' where id = 1'
    )
    past.execute(
        "insert into contract (organisation_id, share, lines, channels, hours, ramp, knows, own_platform, reference_visible)"
        " values (900, 80, '[]', '[\"phone\"]', 'lun-ven 08:00-24:00', '', '[]', false, false)"
    )
    history.write(past, tmp_path / "week", MONDAY, MONDAY + timedelta(days=DAYS))
    scenario = load(tmp_path / "week" / "scenario.toml")
    policy = scenario.policies["today"]
    assert policy.urgency == {0: LineUrgency(3.0, 600.0)}
    assert policy.reserves[0].keep == 1
    assert scenario.streams[0].relax[0].after == 60
    (agreed,) = scenario.agreements
    assert (agreed.contract.share, agreed.shifts, agreed.days) == (
        0.8,
        ((28_800.0, 86_400.0),),
        frozenset(range(5)),
    )


def test_a_period_without_anybody_is_said(conn: Any, tmp_path: Path) -> None:
    with pytest.raises(history.NothingThere) as told:
        history.write(conn, tmp_path / "week", MONDAY, MONDAY + timedelta(days=DAYS))
    assert told.value.code == "clients"
