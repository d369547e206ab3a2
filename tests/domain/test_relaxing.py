"""How what a line requires widens."""

from __future__ import annotations

import pytest

from portevoix.domain.lines.relaxing import MOST_STEPS, Relaxation, WrongRelaxation, read


def test_the_steps_come_in_the_order_of_their_times() -> None:
    told = [{"after": 600, "skills": "none", "lines": ["b", "a", "b"]}, {"after": 60, "skills": "minus-1"}]
    assert read(told) == (Relaxation(60, "minus-1"), Relaxation(600, "none", ("a", "b")))
    assert next(one.as_value() for one in read(told)) == {"after": 60, "skills": "minus-1", "lines": []}


@pytest.mark.parametrize(
    ("skills", "levels"),
    [
        ("same", {(1, 3), (2, 1)}),
        ("minus-1", {(1, 2), (2, 1)}),
        ("minus-2", {(1, 1), (2, 1)}),
        ("none", set()),
    ],
)
def test_what_is_required_then(skills: str, levels: set[tuple[int, int]]) -> None:
    assert Relaxation(60, skills).levels([(1, 3), (2, 1)]) == levels


def test_the_word_that_stays_with_the_offer() -> None:
    assert Relaxation(60, "minus-1", ("cpf",)).why == "60s minus-1 +cpf"
    assert Relaxation(5, "same", ("cpf",)).why == "5s +cpf"


@pytest.mark.parametrize(
    ("told", "place", "field", "code"),
    [
        ("x", 0, "", "not-a-list"),
        ([3], 0, "", "not-a-list"),
        ([{"after": 0, "skills": "none"}], 0, "after", "not-seconds"),
        ([{"after": True, "skills": "none"}], 0, "after", "not-seconds"),
        ([{"skills": "none"}], 0, "after", "not-seconds"),
        ([{"after": 1, "skills": "less"}], 0, "skills", "not-skills"),
        ([{"after": 1, "skills": "none", "lines": "cpf"}], 0, "lines", "not-lines"),
        ([{"after": 1, "skills": "none", "lines": [""]}], 0, "lines", "not-lines"),
        ([{"after": 1}], 0, "skills", "nothing-changes"),
        ([{"after": 1, "skills": "none"}, {"after": 1, "skills": "minus-1"}], 1, "after", "same-time"),
        ([{"after": 1, "skills": "none", "x": 1}], 0, "x", "unknown-field"),
        ([{"after": n, "skills": "none"} for n in range(1, MOST_STEPS + 2)], MOST_STEPS, "", "too-many"),
    ],
)
def test_what_is_wrong_is_told(told: object, place: int, field: str, code: str) -> None:
    with pytest.raises(WrongRelaxation) as wrong:
        read(told)
    assert (wrong.value.place, wrong.value.field, wrong.value.code) == (place, field, code)
