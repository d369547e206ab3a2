"""How many placements the pure router decides in a second, on one core, without a database.

The centre: 1,000 advisers, 50 skills, 10 lines; every contact asks for one or two skills. Each step, one adviser
finishes a contact, another contact comes, and the router decides: the number waiting stays the same.

    python bench/router_pure.py [--waiting N] [--steps N]

With PORTEVOIX_NATIVE=no the plain form (docs/decisions/0017-machine-code.md).
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
from random import Random
from time import perf_counter, process_time

from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.channels import Channel
from portevoix.domain.routing import floor
from portevoix.domain.routing.floor import Floor
from portevoix.domain.routing.types import Adviser, Waiting
from portevoix.runners.router import LAZY

ADVISERS, SKILLS, LINES = 1_000, 50, 10
CHANNELS = (Channel.PHONE, Channel.MAIL, Channel.CHAT)


#: Seconds that are a good wait, by channel; a line multiplies them.
TARGETS = {Channel.PHONE: 20, Channel.MAIL: 7200, Channel.CHAT: 60}


def contact(chance: Random, number: int, now: float, channel: Channel) -> Waiting:
    """A contact of a random line, for one or two skills of that line. One in twenty waits again: it is older."""
    line = chance.randrange(LINES)
    own = range(line * SKILLS // LINES, (line + 1) * SKILLS // LINES)
    skills = frozenset((skill, 1) for skill in chance.sample(own, chance.choice((1, 1, 2))))
    since = now - chance.randrange(600) if chance.random() < 0.05 else now
    return Waiting(number, line, channel, since, since + TARGETS[channel] * (1 + line), skills)


def adviser(chance: Random, number: int) -> Adviser:
    """An adviser of three lines, with a third of their skills and one more."""
    lines = frozenset(chance.sample(range(LINES), 3))
    own = [skill for line in lines for skill in range(line * SKILLS // LINES, (line + 1) * SKILLS // LINES)]
    skills = frozenset((skill, chance.choice((1, 2, 3))) for skill in chance.sample(own, 6))
    return Adviser(number, lines, skills, limits=Limits(chats=3, mails=3))


def measure(waiting: int, steps: int, channels: tuple[Channel, ...]) -> dict[str, float]:
    """Fill the waiting room, then run ``steps`` steps of one release, one arrival and one decision."""
    chance = Random(1)
    room = Floor()
    contacts = [contact(chance, n, n / 100, channels[n % len(channels)]) for n in range(waiting)]
    channel_of = {each.contact_id: each.channel for each in contacts}
    advisers = [adviser(chance, number) for number in range(ADVISERS)]
    in_hand: list[list[Channel]] = [[] for _ in advisers]

    start = process_time()
    for each in contacts:
        room.add(each)
    for person in advisers:
        room.set_adviser(person)
    for placed in room.place(waiting / 100):
        in_hand[placed.adviser_id].append(channel_of[placed.contact_id])
    rebuilt = process_time() - start

    finishing = [chance.randrange(ADVISERS) for _ in range(steps)]
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LAZY)  # as the live router does
    done = 0
    deciding = 0.0
    for number, person_id in enumerate(finishing, waiting):
        each = contact(chance, number, number / 100, channels[number % len(channels)])
        now = number / 100
        channel_of[number] = each.channel
        hand = in_hand[person_id]
        # Mails pause under a call: the call, the last taken, ends first.
        channel = hand.pop() if hand else None
        begun = perf_counter()
        room.add(each)
        if channel is not None:
            room.release(person_id, channel, now)
        placements = room.place(now)
        deciding += perf_counter() - begun
        for placed in placements:
            in_hand[placed.adviser_id].append(channel_of[placed.contact_id])
        done += len(placements)
    return {
        "waiting": waiting,
        "channels": len(channels),
        "placed": done,
        "placements_per_s": round(done / deciding),
        "us_per_step": round(deciding / steps * 1e6, 1),
        "rebuild_s": round(rebuilt, 3),
    }


def main() -> None:
    """Print one JSON object a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=50_000)
    options = parser.parse_args()
    for channels in (CHANNELS[:1], CHANNELS):
        for waiting in options.waiting:
            figures = measure(waiting, options.steps, channels)
            form = "plain" if str(floor.__file__).endswith(".py") else "compiled"
            print(
                json.dumps(
                    {"bench": "router-pure", "form": form, "figures": figures, "machine": platform.machine()}
                )
            )


if __name__ == "__main__":
    main()
