"""Each contact that was handed over has exactly one outcome, whatever order things happen in, and whatever dies or is mistyped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from centre_world import World, mail
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ports import until

from portevoix.actions import elsewhere, floor_acts
from portevoix.actions import elsewhere_results as results
from portevoix.actions.access import actor
from portevoix.actions.errors import TooLate
from portevoix.store import db

MANY = 6


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def theirs(world: World) -> int:
    """Charlie's organisation answers on its own platform."""
    from portevoix.web.records.models import Contract

    organisation = world.accounts["charlie"].organisation
    Contract.objects.create(organisation=organisation, share=100, own_platform=True)
    return int(organisation.pk)


def allotted(world: World, organisation: int, count: int) -> list[int]:
    """Contacts that the allocator gave to the organisation, not yet handed over."""
    ids = []
    for number in range(count):
        taken = world.receive(mail(sender=f"L{number} <l{number}@client.example>"))
        world.conn.execute(
            "insert into allocation (contact_id, line_id, channel, day, organisation_id, first, wider, may, why, at)"
            " select id, line_id, 'mail', now()::date, %s, array[%s], '[]', array[%s], '[]', now() from contact where id = %s",
            [organisation, organisation, organisation, taken.contact_id],
        )
        world.conn.execute(
            "update contact set received_at = now() - interval '2 hours' where id = %s", [taken.contact_id]
        )
        ids.append(taken.contact_id)
    return ids


def row(contact: int, ending: str = "done", seconds: str = "60", **other: str) -> dict[str, str]:
    return {
        "contact": str(contact), "their_id": f"N-{contact}", "handling_s": seconds, "ending": ending, "outcome": "",
        "answered_at": (now() - timedelta(hours=1)).isoformat(timespec="seconds"),
    } | other  # fmt: skip


def outcome(world: World, contact: int) -> str:
    """What became of a contact; anything but exactly one outcome fails."""
    (found,) = world.conn.execute(
        "select k.state, k.holder_id is not distinct from e.account_id and e.account_id is not null as held, r.ending,"
        " (select count(*) from event v where v.contact_id = k.id and v.kind = 'contact-closed') as closed,"
        " (select count(*) from event v where v.contact_id = k.id and v.kind = 'contact-taken') as taken"
        " from contact k left join elsewhere_account e on true left join elsewhere_result r on r.contact_id = k.id where k.id = %s",
        [contact],
    ).fetchall()
    known = {
        ("waiting", False, None, 0, 0): "waits",
        ("active", True, None, 0, 1): "out",
        ("closed", True, "done", 1, 1): "done",
        ("closed", False, "done", 1, 1): "done",
        ("waiting", False, "returned", 0, 1): "returned",
        ("waiting", False, None, 0, 1): "taken back",
    }
    return known[found["state"], found["held"], found["ending"], found["closed"], found["taken"]]


STEPS = st.lists(
    st.one_of(
        st.just(("hand over",)),
        st.tuples(
            st.just("file"),
            st.lists(
                st.tuples(
                    st.integers(0, MANY - 1),
                    st.sampled_from(["done", "returned", "perhaps"]),
                    st.sampled_from(["60", "90", "-1"]),
                ),
                min_size=1,
                max_size=4,
            ),
            st.booleans(),
        ),
        st.tuples(st.just("take back"), st.integers(0, MANY - 1)),
    ),
    max_size=8,
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_each_contact_has_exactly_one_outcome(
    world: World, ledger_contacts: list[int], theirs: int, steps: list[Any]
) -> None:
    sophie = actor(world.conn, world.accounts["sophie"].pk)
    with world.conn.transaction(force_rollback=True):
        before = ["waits"] * MANY
        for step in steps:
            if step[0] == "hand over":
                elsewhere.hand_over(world.conn, now())
            elif step[0] == "file":
                rows = [row(ledger_contacts[n], ending, seconds) for n, ending, seconds in step[1]]
                try:
                    with world.conn.transaction():
                        results.take_in(
                            world.conn, theirs, list(enumerate(rows, 2)), "file", now(), right_ones=step[2]
                        )
                except results.WrongResults:
                    assert [outcome(world, one) for one in ledger_contacts] == before
            else:
                try:
                    with world.conn.transaction():
                        floor_acts.pull(world.conn, sophie, ledger_contacts[step[1]], now())
                except TooLate:
                    pass
            after = [outcome(world, one) for one in ledger_contacts]
            for was, became in zip(before, after, strict=True):
                assert was == became or (was, became) in {
                    ("waits", "out"), ("out", "done"), ("out", "returned"), ("out", "taken back"),
                }  # fmt: skip
            before = after


@pytest.fixture
def ledger_contacts(world: World, theirs: int) -> list[int]:
    return allotted(world, theirs, MANY)


CELLS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(results.FIELDS),
    st.text(max_size=30)
    | st.sampled_from(["", "0", "-1", "nan", "inf", "PV-", "PV-000001", "2026-11-25", "done", "\x00"]),
)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(CELLS)
def test_a_mistyped_cell_is_told_with_its_line_and_nothing_is_half_taken(
    world: World, three_out: list[int], theirs: int, cell: tuple[int, str, str]
) -> None:
    place, field, text = cell
    rows = [row(one) for one in three_out]
    rows[place][field] = text
    with world.conn.transaction(force_rollback=True):
        try:
            with world.conn.transaction():
                results.take_in(world.conn, theirs, list(enumerate(rows, 2)), "file", now())
            mistakes = []
        except results.WrongResults as wrong:
            mistakes = wrong.mistakes
        after = [outcome(world, one) for one in three_out]
        assert all(2 <= one.row <= 4 for one in mistakes)
        assert {one.code for one in mistakes} <= set(results.EXPECTED)
        assert after == ["out"] * 3 if mistakes else "out" not in after


@pytest.fixture
def three_out(world: World, theirs: int) -> list[int]:
    ids = allotted(world, theirs, 3)
    assert elsewhere.hand_over(world.conn, now()) == ids
    return ids


def portevoix(world: World, *words: str) -> subprocess.Popen[str]:
    environment = os.environ | {"DATABASE_URL": db.dsn(), "PORTEVOIX_DATA": "/nonexistent"}
    return subprocess.Popen(
        [sys.executable, "-m", "portevoix", "results", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def written(path: Path, rows: list[dict[str, str]]) -> str:
    lines = [",".join(results.FIELDS), *(",".join(one[name] for name in results.FIELDS) for one in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_an_import_that_is_killed_in_the_middle_leaves_nothing_and_goes_well_again(
    world: World, theirs: int, django_database: str, tmp_path: Path
) -> None:
    ids = allotted(world, theirs, 20)
    assert elsewhere.hand_over(world.conn, now()) == ids
    name = world.accounts["charlie"].organisation.name
    file = written(tmp_path / "day.csv", [row(one) for one in ids])
    with db.connect(django_database) as other:
        with other.transaction():  # it comes as far as the fifteenth, and waits
            other.execute("select id from contact where id = %s for update", [ids[14]])
            killed = portevoix(world, "import", name, file)

            def waits() -> bool:
                assert killed.poll() is None, killed.communicate()
                found = world.conn.execute(
                    "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
                ).fetchone()
                return found is not None and found["n"] > 0

            until(waits)
            killed.send_signal(signal.SIGKILL)
            killed.communicate()
    assert {outcome(world, one) for one in ids} == {"out"}
    again = portevoix(world, "import", name, file)
    said, wrong = again.communicate()
    assert (again.returncode, wrong) == (0, "")
    assert said == "20 handled, 0 given back, 0 corrected, 0 known already, 0 left out\n"
    assert {outcome(world, one) for one in ids} == {"done"}
    again = portevoix(world, "import", name, file)
    assert again.communicate()[0].startswith("0 handled, 0 given back, 0 corrected, 20 known already")


def test_the_command_tells_every_mistake_and_only_tries_when_asked(
    world: World, three_out: list[int], theirs: int, tmp_path: Path
) -> None:
    name = world.accounts["charlie"].organisation.name
    rows = [row(one) for one in three_out]
    rows[0]["ending"], rows[2]["handling_s"] = "perhaps", "long"
    file = written(tmp_path / "day.csv", rows)
    ran = portevoix(world, "check", name, file)
    said, wrong = ran.communicate()
    assert (ran.returncode, said) == (2, "")
    assert wrong.splitlines() == [
        f"{file}: line 2: ending: expected done or returned",
        f"{file}: line 4: handling_s: expected seconds from 0 to 604800",
    ]
    ran = portevoix(world, "check", name, written(tmp_path / "good.csv", [row(one) for one in three_out]))
    assert ran.communicate()[0].startswith("would be: 3 handled")
    assert {outcome(world, one) for one in three_out} == {"out"}
    ran = portevoix(world, "export", name)
    assert len(ran.communicate()[0].splitlines()) == 4
    ran = portevoix(world, "import", name, "--right-ones", file)
    assert ran.communicate()[0].startswith("1 handled")
    ran = portevoix(world, "import", "nobody", file)
    assert name in ran.communicate()[1]
