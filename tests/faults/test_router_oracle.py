"""The observer of the floor proves something only if it finds what is broken: each bug that is built in must show."""

import sys
from pathlib import Path

import pytest
from crew import Deed
from services.ports import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SEEDED = str(Path(__file__).with_name("seeded_router.py"))


@pytest.mark.parametrize(
    ("bug", "shows"),
    [
        ("last_come_first_served", "overtaken"),
        ("beyond_capacity", "over"),
        ("any_line", "wrong_person"),
        ("any_level", "wrong_person"),
        ("without_the_lock", "over"),
        ("own_clock", "early"),
        ("offers_again", "twice"),
    ],
)
def test_finds(floor, bug, shows):
    scene = floor(router=[sys.executable, SEEDED, bug])
    until(lambda: scene.faults().get(shows), seconds=60)


def test_finds_who_is_forgotten(floor):
    """Calm never returns: people idle, and those are still waiting of whom the router never thinks."""
    scene = floor(router=[sys.executable, SEEDED, "forgetful"])
    scene.crew.enough()

    def only_the_forgotten_are_left():
        with scene.connect() as conn:
            left = [row["id"] for row in conn.execute("select id from contact where closed_at is null")]
        return left and all(number % 7 == 0 for number in left) and scene.idle()

    until(only_the_forgotten_are_left, seconds=60)


def test_finds_what_an_adviser_was_told_and_is_not_so(floor):
    scene = floor()
    scene.crew.deeds.append(Deed("close", 1, 1, 0.0, 1.0, "done"))
    scene.crew.goes_on(10)
    faults = scene.verdict()
    assert list(faults) == ["unheard"]
