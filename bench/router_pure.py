"""How many placements the pure router decides in a second, on one core, without a database.

The centre: 1,000 advisers, 50 skills, 10 lines; every contact asks for one or two skills. Each step, one adviser
finishes a contact, another contact comes, and the router decides: the number waiting stays the same.

    python bench/router_pure.py [--waiting N] [--steps N]
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
from random import Random
from time import perf_counter

from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.channels import Channel
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.types import Adviser, Waiting

ADVISERS, SKILLS, LINES = 1_000, 50, 10
CHANNELS = (Channel.PHONE, Channel.MAIL, Channel.CHAT)


def contact(chance: Random, number: int, now: float) -> Waiting:
    """A contact of a random line, for one or two skills of that line."""
    line = chance.randrange(LINES)
    own = range(line * SKILLS // LINES, (line + 1) * SKILLS // LINES)
    skills = frozenset((skill, 1) for skill in chance.sample(own, chance.choice((1, 1, 2))))
    return Waiting(number, line, CHANNELS[number % 3], now, now + chance.randrange(20, 7200), skills)


def adviser(chance: Random, number: int) -> Adviser:
    """An adviser of three lines, with a third of their skills and one more."""
    lines = frozenset(chance.sample(range(LINES), 3))
    own = [skill for line in lines for skill in range(line * SKILLS // LINES, (line + 1) * SKILLS // LINES)]
    skills = frozenset((skill, chance.choice((1, 2, 3))) for skill in chance.sample(own, 6))
    return Adviser(number, lines, skills, limits=Limits(chats=3, mails=3))


def measure(waiting: int, steps: int) -> dict[str, float]:
    """Fill the waiting room, then run ``steps`` steps of one release, one arrival and one decision."""
    chance = Random(1)
    floor = Floor()
    contacts = [contact(chance, number, number / 100) for number in range(waiting + steps)]
    channel_of = {c.contact_id: c.channel for c in contacts}
    advisers = [adviser(chance, number) for number in range(ADVISERS)]

    start = perf_counter()
    for each in contacts[:waiting]:
        floor.add(each)
    for person in advisers:
        floor.set_adviser(person)
    now = waiting / 100
    held = [(p.adviser_id, channel_of[p.contact_id]) for p in floor.place(now)]
    filled = perf_counter() - start

    gc.collect()
    gc.freeze()
    chance.shuffle(held)
    done = 0
    deciding = 0.0
    start = perf_counter()
    for each in contacts[waiting:]:
        now = each.since
        person_id, channel = held[done % len(held)]
        floor.add(each)
        begun = perf_counter()
        floor.release(person_id, channel, now)
        placed = floor.place(now)
        deciding += perf_counter() - begun
        if placed:
            # The list of who holds what is kept the same length: the freed slot takes the first, others join.
            held[done % len(held)] = (placed[0].adviser_id, channel_of[placed[0].contact_id])
            held += [(p.adviser_id, channel_of[p.contact_id]) for p in placed[1:]]
            done += len(placed)
        else:
            held[done % len(held)] = held[-1]
            held.pop()
    elapsed = perf_counter() - start
    return {
        "waiting": waiting,
        "advisers": ADVISERS,
        "skills": SKILLS,
        "queues": len(floor._queues),
        "placed": done,
        "placements_per_s": round(done / elapsed),
        "placements_per_s_without_arrivals": round(done / deciding),
        "rebuild_s": round(filled, 3),
    }


def main() -> None:
    """Print one JSON object a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=50_000)
    options = parser.parse_args()
    for waiting in options.waiting:
        figures = measure(waiting, options.steps)
        print(json.dumps({"bench": "router-pure", "figures": figures, "machine": platform.processor()}))


if __name__ == "__main__":
    main()
