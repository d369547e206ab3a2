"""Who is silent has vanished, unless it is the way that is silent."""

from __future__ import annotations

import orjson

from portevoix.bus import HERE, MemoryBus
from portevoix.runners.signs import Signs


class World:
    """A live process that speaks each second, and a clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.bus = MemoryBus()
        self.signs = Signs(self.bus, HERE, clock=lambda: self.now)

    def seconds(self, count: int, *accounts: int, every: int = 5) -> None:
        """Time passes; these answer every so many seconds."""
        for _ in range(count):
            self.now += 1
            here = [one for one in accounts if self.now % every == 0]
            self.bus._deliver(HERE, orjson.dumps({"accounts": here}))


def test_who_answers_no_more_is_silent_within_fifteen_seconds_and_others_are_not() -> None:
    world = World()
    world.seconds(60, 1, 2)
    assert world.signs.silent() == []
    world.seconds(14, 2)
    assert world.signs.silent() == []
    world.seconds(1, 2)
    assert world.signs.silent() == [1]


def test_after_a_silence_of_the_live_process_everybody_begins_anew() -> None:
    world = World()
    world.seconds(60, 1, 2)
    world.now += 30  # nobody was heard of, and that says nothing
    assert world.signs.silent() == []
    world.seconds(10)
    assert world.signs.silent() == []
    world.seconds(10)
    assert world.signs.silent() == [1, 2]


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
    for wrong in (b"", b"[]", b'{"accounts": 3}', b'{"accounts": ["x"]}'):
        world.bus._deliver(HERE, wrong)
    world.seconds(10, 7)
    assert world.signs.to_write() == [7]
    world.seconds(1, 7, every=1)
    assert world.signs.to_write() == []
    world.seconds(4, 8, every=1)
    assert world.signs.to_write() == [7, 8]
