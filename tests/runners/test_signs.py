"""Who is silent has vanished, unless it is the way that is silent."""

from __future__ import annotations

import orjson

from portevoix.bus import HERE, MemoryBus
from portevoix.runners.signs import Signs, Steady


class World:
    """A live process that speaks each second, and a clock that a test turns."""

    def __init__(self) -> None:
        self.now, self.live = 1000.0, "first"
        self.bus = MemoryBus()
        self.signs = Signs(self.bus, HERE, clock=lambda: self.now)

    def seconds(self, count: int, *accounts: int, every: int = 5) -> None:
        """Time passes; these answer every so many seconds."""
        for _ in range(count):
            self.now += 1
            here = [one for one in accounts if self.now % every == 0]
            self.bus._deliver(HERE, orjson.dumps({"accounts": here, "live": self.live}))


def test_who_answers_no_more_is_silent_within_fifteen_seconds_and_others_are_not() -> None:
    world = World()
    world.seconds(60, 1, 2)
    assert world.signs.silent() == []
    world.seconds(14, 2)
    assert world.signs.silent() == []
    world.seconds(1, 2)
    assert world.signs.silent() == [1]


def test_after_a_silence_of_the_live_process_nothing_is_known_of_who_has_not_answered_since() -> None:
    world = World()
    world.seconds(60, 1, 2)
    world.now += 30  # nobody was heard of, and that says nothing
    assert world.signs.silent() == []
    world.seconds(20, 1)
    assert world.signs.silent() == []
    world.seconds(20)
    assert world.signs.silent() == [1]


def test_a_live_process_that_is_back_at_once_is_another_one() -> None:
    """A hidden page may come back to it only after a minute: its timers are throttled."""
    world = World()
    world.seconds(60, 1, 2)
    world.live = "second"
    world.seconds(20, 2)
    assert world.signs.silent() == []


def test_of_two_live_processes_each_has_its_own_pages_and_one_may_go() -> None:
    world = World()
    for _ in range(60):
        world.live = "first"
        world.seconds(1, 1, every=1)
        world.live = "second"
        world.seconds(1, 2, every=1)
    world.live = "first"
    world.seconds(3, 1, every=1)
    world.seconds(20, 1)  # the second is gone, and its pages have not come to the first yet
    assert world.signs.silent() == []
    world.seconds(20, 2)
    assert world.signs.silent() == [1]


def test_who_came_back_is_silent_no_more_and_who_is_long_gone_is_forgotten() -> None:
    world = World()
    world.seconds(30, 1, 2)
    world.seconds(20)
    assert world.signs.silent() == [1, 2]
    world.seconds(5, 1)
    assert world.signs.silent() == [2]
    world.seconds(150, 1)
    world.signs.silent()
    assert world.signs.silent() == []


def test_the_table_hears_of_it_seldom_and_what_is_no_message_is_left() -> None:
    world = World()
    for wrong in (b"", b"[]", b'{"accounts": 3}', b'{"accounts": ["x"]}', b'{"accounts": [7]}'):
        world.bus._deliver(HERE, wrong)
    world.seconds(10, 7)
    assert world.signs.to_write() == [7]
    world.seconds(1, 7, every=1)
    assert world.signs.to_write() == []
    world.seconds(4, 8, every=1)
    assert world.signs.to_write() == [7, 8]


def test_after_a_time_without_the_database_the_table_says_nothing_for_as_long_as_it_is_to_be_trusted() -> (
    None
):
    now = 1000.0
    steady = Steady(clock=lambda: now)

    def rounds(seconds: int) -> None:
        nonlocal now
        for _ in range(seconds):
            now += 1
            steady.worked()

    rounds(74)
    assert not steady.holds(75)  # this process has just begun
    rounds(10)
    assert steady.holds(75)
    now += 60
    assert not steady.holds(75)
    rounds(60)
    assert not steady.holds(75)
    rounds(20)
    assert steady.holds(75)
