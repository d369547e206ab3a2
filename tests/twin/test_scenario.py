"""Scenario files: what they say, and what is said of a mistake."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.cli import main
from portevoix.domain.channels import Channel
from portevoix.twin.reading import Mistake
from portevoix.twin.scenario import read

GOOD = """\
name = "A morning"
days = 0.25
warm_up_hours = 1
replications = 2

[[stream]]
line = "cpf"
channel = "phone"
per_hour = 60
target_s = 20
handling = {kind = "lognormal", mean = 200, cv = 0.9}
patience = {kind = "exponential", mean = 120}
skills = {francais = 2}

[[stream.relax]]
after = 30
skills = {francais = 1}
why = "lower level"

[[stream]]
line = "cpf"
channel = "mail"
per_quarter = [1, 2, 3]
target_s = 3600
handling = {kind = "constant", mean = 300}

[[staff]]
name = "in-house"
count = 5
lines = ["cpf"]
organisation = "interne"
skills = {francais = 2}
shifts = ["00:00-05:00", "05:00-06:00"]

[policy.today]
choice = "longest-idle"

[policy.tomorrow]
expert_first = true
hold_seconds = 10

[policy.tomorrow.urgency]
cpf = {weight = 2, scale = 600}

[[policy.tomorrow.reserve]]
lines = ["cpf"]
keep = 2
"""


def test_a_good_one(tmp_path: Path) -> None:
    scenario = read(GOOD, tmp_path)
    calls, mails = scenario.streams
    assert (calls.name, calls.channel, calls.quarters, calls.target_s) == (
        "cpf phone",
        Channel.PHONE,
        (15.0,),
        20.0,
    )
    assert calls.relax[0].skills != calls.skills
    assert mails.quarters == (1.0, 2.0, 3.0)
    assert list(scenario.policies) == ["today", "tomorrow"]
    assert scenario.policies["tomorrow"].reserves[0].keep == 2
    assert scenario.staff[0].organisation == scenario.organisations.index("interne")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("per_hour = 60", "per_hour = -1", "line 9, stream[1].per_hour: a number from 0 was expected, not -1"),
        ("per_hour = 60\n", "", "line 6, stream[1].per_quarter: is missing"),
        ('channel = "mail"', 'channel = "fax"', "line 22, stream[2].channel: one of callback, chat, mail"),
        ("count = 5", "count = 2.5", "line 29, staff[1].count: a whole number from 1"),
        ("count = 5", "count = 5\ncolour = 1", "line 30, staff[1].colour: is not known here (known: calls, chats"),
        ('"05:00-06:00"', '"04:00-06:00"', "line 33, staff[1].shifts: spans that do not overlap were expected"),
        ('"05:00-06:00"', '"6h"', "line 33, staff[1].shifts: a span of the day like 08:00-18:30 was expected"),
        ("mean = 200, cv", "men = 200, cv", "line 11, stream[1].handling.mean: is missing"),
        ("days = 0.25", "days = 0.25\n[x", "line 3: not TOML"),
        ("after = 30", "after = 'x'", "line 16, stream[1].relax[1].after: a number from 0 was expected, not 'x'"),
        ("warm_up_hours = 1", "warm_up_hours = 7", "line 3, warm_up_hours: less than the days played"),
        ('lines = ["cpf"]\nkeep', 'lines = ["cfp"]\nkeep', "line 46, policy.tomorrow.reserve[1].lines: a line that some"),
        ("cpf = {weight = 2,", "cfp = {weight = 2,", "policy.tomorrow.urgency.cfp: a line that some stream has"),
        ("weight = 2", "weight = 0", "line 43, policy.tomorrow.urgency.cpf.weight: a number above 0 was expected"),
        ("skills = {francais = 1}", "skills = {francais = 3}\norganisations = ['elsewhere']", None),
        ("skills = {francais = 2}\nshifts", "shifts", "line 13, stream[1].skills: nobody in [[staff]] can ever take"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_field(
    tmp_path: Path, old: str, new: str, said: str | None
) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    if said is None:
        read(text, tmp_path)
        return
    with pytest.raises(Mistake) as mistake:
        read(text, tmp_path)
    assert said in str(mistake.value)


LINES = GOOD.splitlines()
BROKEN = st.lists(
    st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(["", "x", "[", "a = ", "= 1", "1e400", "nan", "[[stream]]"])),
    min_size=1,
    max_size=4,
)  # fmt: skip


@settings(max_examples=300)
@given(BROKEN, st.booleans())
def test_any_broken_file_gets_a_mistake_or_a_scenario(changes: list[tuple[int, str]], inside: bool) -> None:
    lines = list(LINES)
    for at, word in changes:
        key, sign, _ = lines[at].partition("=")
        lines[at] = f"{key}{sign} {word}" if inside and sign else word
    try:
        read("\n".join(lines), Path("/nowhere"))
    except Mistake as mistake:
        assert str(mistake).startswith("line ")  # noqa: PT017


def test_the_command_tells_json_and_writes_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "morning.toml"
    file.write_text(GOOD, "utf-8")
    assert main(["twin", "run", str(file), "--json", "--csv", str(tmp_path / "out.csv")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["replications"] == 2
    assert set(told["policies"]) == {"today", "tomorrow"}
    assert 0 <= told["policies"]["today"]["cpf phone"]["service_level"]["mean"] <= 1
    assert told["differences"]["tomorrow"]["cpf phone"]["offered"] == {"mean": 0.0, "half": 0.0}
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert {row["stream"] for row in rows} == {"cpf phone", "cpf mail", "all", "staff"}


def test_the_command_shows_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "morning.toml"
    file.write_text(GOOD, "utf-8")
    assert main(["twin", "run", str(file), "--replications", "3", "--seed", "9"]) == 0
    shown = capsys.readouterr().out
    assert "A morning: 3 runs" in shown
    assert "tomorrow less today" in shown
    assert "occupancy" in shown
    assert "share interne" in shown


def test_the_command_says_where_the_mistake_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "morning.toml"
    file.write_text(GOOD.replace("count = 5", "count = 0"), "utf-8")
    assert main(["twin", "run", str(file)]) == 2
    assert "line 29, staff[1].count" in capsys.readouterr().err
    assert main(["twin", "check", str(tmp_path / "none.toml")]) == 2


def test_clients_replayed_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "week.csv").write_text("at_s,handling_s,patience_s\n7200,60,\n3600,120,30\n", "utf-8")
    text = GOOD.replace("per_hour = 60", 'replay = "week.csv"').replace(
        'handling = {kind = "lognormal", mean = 200, cv = 0.9}\npatience = {kind = "exponential", mean = 120}\n',
        "",
    )
    scenario = read(text, tmp_path)
    assert scenario.streams[0].replay == ((3600.0, 120.0, 30.0), (7200.0, 60.0, float("inf")))
    (tmp_path / "week.csv").write_text("at_s,handling_s,patience_s\n7200,x,\n", "utf-8")
    with pytest.raises(Mistake, match=r"stream\[1\]\.replay: week\.csv, line 2: three numbers"):
        read(text, tmp_path)
