"""Staff for chats held side by side and for mails that may wait."""

from __future__ import annotations

import csv
import io
import json
from itertools import accumulate
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portevoix.cli import main
from portevoix.planning import chat, deferred
from portevoix.planning.erlang import impatient, patient
from portevoix.planning.required import Goal, required_impatient


@pytest.mark.parametrize(("load", "people"), [(10, 14), (1, 2), (50, 56), (160, 168)])
def test_one_chat_at_once_is_erlang_c(load: float, people: int) -> None:
    there, here = patient(load, people, 180, 20), chat.met(load / 180, people, [180], 20)
    assert here.waiting == pytest.approx(there.waiting, rel=1e-12)
    assert here.service_level == pytest.approx(there.service_level, rel=1e-12)
    assert here.wait_s == pytest.approx(there.asa_s, rel=1e-12)
    assert here.occupancy == pytest.approx(there.occupancy, rel=1e-12)


def by_hand(arrivals: float, people: int, seconds: list[float]) -> float:
    """The share that waits, from the balance equations cut off far out."""

    def rate(n: int) -> float:
        held = [0] * people
        for one in range(min(n, people * len(seconds))):
            held[one % people] += 1
        return sum(h / seconds[h - 1] for h in held if h)

    weights = [1.0]
    for n in range(1, 4000):
        weights.append(weights[-1] * arrivals / rate(n))
        if weights[-1] < 1e-25 * max(weights):
            break
    return sum(weights[people * len(seconds) :]) / sum(weights)


@pytest.mark.parametrize(("people", "arrivals"), [(1, 0.012), (2, 0.02), (5, 0.06)])
def test_the_share_that_waits_is_that_of_the_balance_equations(people: int, arrivals: float) -> None:
    seconds = [100.0, 140.0, 190.0]
    assert chat.met(arrivals, people, seconds, 30).waiting == pytest.approx(
        by_hand(arrivals, people, seconds), rel=1e-9
    )


def test_many_chats_do_not_overflow() -> None:
    many = chat.met(30, 9000, [300, 400, 500], 20)  # each of 9000 chats at 300 s: 30 in a second
    assert many.waiting == 0.0
    assert many.service_level == 1.0
    assert 0.97 < many.occupancy <= 1.0
    assert 1.0 < many.in_hand < 1.2
    assert chat.met(1, 5, [300], 20).wait_s == inf


def test_the_fewest_people_for_chats() -> None:
    people = chat.required(0.1, [300, 380, 470], 0.8, 30)
    assert chat.met(0.1, people, [300, 380, 470], 30).service_level >= 0.8
    assert chat.met(0.1, people - 1, [300, 380, 470], 30).service_level < 0.8
    assert people < chat.required(0.1, [300], 0.8, 30)  # two at once are faster in all than one


def test_slower_in_all_with_one_more_is_refused() -> None:
    with pytest.raises(ValueError, match="slower in all"):
        chat.met(0.1, 5, [100, 300], 20)


def test_the_fewest_people_when_callers_give_up() -> None:
    goal = Goal(0.8, 20)
    people = required_impatient(50, 180, 180, goal, abandonment=0.03)
    met, fewer = impatient(50, people, 180, 20, 180), impatient(50, people - 1, 180, 20, 180)
    assert met.service_level >= 0.8
    assert met.abandonment <= 0.03
    assert fewer.service_level < 0.8 or fewer.abandonment > 0.03


WORK = st.lists(st.integers(0, 40).map(float), min_size=1, max_size=40)


@given(WORK, st.integers(0, 12), st.integers(0, 30).map(float))
def test_a_plan_for_mails_does_what_is_due_and_nothing_that_has_not_come(
    work: list[float], due_after: int, backlog: float
) -> None:
    plan = deferred.even_plan(work, due_after, backlog)
    done, come = list(accumulate(plan)), list(accumulate(work, initial=backlog))[1:]
    assert min(plan) > -1e-9
    for at, total in enumerate(done):
        assert total <= come[at] + 1e-6
        if at >= due_after:
            assert total >= come[at - due_after] - 1e-6
    assert done[-1] == pytest.approx(come[-1])
    # The lowest peak any plan can have: what must be done between two moments, over the time between them.
    due = [0.0] + [come[at - due_after] if at >= due_after else 0.0 for at in range(len(work))]
    due[-1] = come[-1]
    ready = [0.0, *come]
    least = max((due[j] - ready[i]) / (j - i) for i in range(len(due)) for j in range(i + 1, len(due)))
    assert max(plan) == pytest.approx(max(least, 0.0), abs=1e-6)


def test_mails_are_spread_over_the_day() -> None:
    assert deferred.even_plan([8, 0, 0, 0], 3) == [2, 2, 2, 2]
    assert deferred.people([8, 0, 0, 0], 1.0, 0) == [8, 0, 0, 0]


def told(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, float]:
    assert main(["staffing", *args, "--json"]) == 0
    found: dict[str, float] = json.loads(capsys.readouterr().out)
    return found


def test_the_command_knows_chats_and_those_who_give_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        told(capsys, "required", "--load", "50", "--patience", "180", "--abandonment", "0.03")["abandonment"]
        <= 0.03
    )
    assert told(capsys, "chat", "--per-hour", "360", "--seconds", "300,380,470")["people"] == chat.required(
        0.1, [300, 380, 470], 0.8, 20
    )


def test_a_table_of_intervals(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "day.csv"
    table.write_text("start,calls,aht_s\n09:00,50,180\n09:15,0,180\n", "utf-8")
    assert main(["staffing", "table", str(table), "--minutes", "15"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["start"], row["people"]) for row in rows] == [("09:00", "14"), ("09:15", "0")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "start,calls,aht_s\n09:00,many,180\n",
            "line 2, calls: a number that is not negative was expected, not 'many'",
        ),
        ("start,calls,aht_s\n09:00,5,0\n", "line 2, aht_s: a positive number was expected, not '0'"),
        ("start,calls\n09:00,5\n", "line 1: the column aht_s is missing"),
        ("", "line 1: the column start is missing"),
    ],
)
def test_a_table_with_a_mistake_says_where(tmp_path, capsys, text: str, said: str) -> None:
    table = tmp_path / "day.csv"
    table.write_text(text, "utf-8")
    assert main(["staffing", "table", str(table)]) == 2
    assert said in capsys.readouterr().err
