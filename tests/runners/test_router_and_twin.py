"""The live router and the twin decide alike: the same clients, people and settings give the same adviser at the same
moment, whether mails go through PostgreSQL and the log or are numbers on a virtual clock.

The live router's clock is set to the moment of each event; everything else of it is real.
"""

import contextlib
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from math import inf
from random import Random
from types import SimpleNamespace

import pytest
from centre_rows import _ACCOUNT, came, fill
from psycopg.types.json import Jsonb

from portevoix.actions import contacts, presence
from portevoix.bus.memory import MemoryBus
from portevoix.domain.advisers.capacity import Limits
from portevoix.domain.channels import Channel
from portevoix.domain.routing.types import LineUrgency, Policy
from portevoix.runners.router import Router
from portevoix.store import db
from portevoix.twin import engine
from portevoix.twin.model import Duration, Group, Kind, Relax, Scenario, Stream

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CODES = {1: "inscription", 2: "cpf"}
SKILL = 501
#: Lines, level of the skill that line 2 asks for (0: none), mails at once.
PEOPLE = (({1}, 0, 1), ({1, 2}, 2, 2), ({2}, 1, 1), ({1, 2}, 1, 1), ({2}, 2, 1))
#: Line 2: a minute is dearer and grows dearer sooner; after 90 s the lower level will do, after 400 s anybody of both lines.
WEIGHTS = {1: (1, 60), 2: (3, 10)}
STEPS = ((90, "minus-1", ()), (400, "none", ("inscription",)))
TARGETS = {1: 300, 2: 600}
ARRIVE, FINISH, TICK = range(3)


def scenario(seed):
    """Whole seconds everywhere: no rounding between two ways of keeping time."""
    chance = Random(seed)

    def told(count):
        return tuple(
            sorted(
                (float(chance.randrange(1800)), float(chance.randrange(60, 400)), inf) for _ in range(count)
            )
        )

    never = Duration(Kind.NEVER)
    asked = frozenset({(SKILL, 2)})
    relax = tuple(
        Relax(
            after,
            frozenset() if how == "none" else frozenset({(SKILL, 1)}),
            None,
            frozenset(line for line, code in CODES.items() if code in lines),
            "",
        )
        for after, how, lines in STEPS
    )
    streams = (
        Stream("one", 1, Channel.MAIL, (), never, never, TARGETS[1], replay=told(25)),
        Stream("two", 2, Channel.MAIL, (), never, never, TARGETS[2], asked, relax=relax, replay=told(20)),
    )
    staff = tuple(
        Group(
            str(n),
            1,
            frozenset(lines),
            frozenset({(SKILL, level)} if level else ()),
            limits=Limits(mails=mails),
        )
        for n, (lines, level, mails) in enumerate(PEOPLE)
    )
    policy = Policy(
        urgency={line: LineUrgency(float(w), minutes * 60.0) for line, (w, minutes) in WEIGHTS.items()}
    )
    return Scenario("both", 1800.0, 0.0, streams, staff, {"same": policy})


class Live:
    """The live router on its tables, and a clock that is set by hand."""

    def __init__(self, conn, url):
        self.conn, self.at = conn, BEGIN
        fill(conn)
        conn.execute("insert into skill (id, slug, name) values (%s, 'cpf', 'CPF')", [SKILL])
        conn.execute("insert into line_skill (line_id, skill_id, min_level) values (2, %s, 2)", [SKILL])
        for line, (weight, minutes) in WEIGHTS.items():
            values = [weight, minutes, line]
            conn.execute("update line set urgency_weight = %s, urgency_minutes = %s where id = %s", values)
        steps = [{"after": after, "skills": how, "lines": list(lines)} for after, how, lines in STEPS]
        conn.execute("update line set relaxations = %s where id = 2", [Jsonb(steps)])
        for number, (lines, level, mails) in enumerate(PEOPLE, 1):
            if number > 2:
                conn.execute(_ACCOUNT, [number, f"p{number}@interne.example", f"Personne {number}", ""])
            conn.execute("update account set mail_capacity = %s where id = %s", [mails, number])
            for line in lines:
                conn.execute("insert into adviser_line (account_id, line_id) values (%s, %s)", [number, line])
            if level:
                values = [number, SKILL, level]
                conn.execute(
                    "insert into adviser_skill (account_id, skill_id, level) values (%s, %s, %s)", values
                )
            presence.set_state(conn, number, "available", "", BEGIN)
        self.router = Router(SimpleNamespace(bus=MemoryBus()))
        self.router._clock = SimpleNamespace(now=lambda _conn: self.at)
        self.own = db.connect(url, name="router under test")
        self.router.begin(self.own)

    def round(self, seconds):
        """What the router offers at that moment, all of it taken at once."""
        self.at = BEGIN + timedelta(seconds=seconds)
        self.router.round(self.own)
        rows = self.conn.execute(
            "select contact_id, account_id, reason from seat where state = 'offered' order by contact_id"
        ).fetchall()
        for row in rows:
            contacts.accept(self.conn, row["contact_id"], row["account_id"], self.at)
        return rows


def play_live(live, people, plan):
    """(adviser, when, relaxed) of each client, as the live router decides it."""
    numbers, taken = {}, {}
    events = [(at, ARRIVE, 0, client) for client, at in enumerate(people.at.tolist())]
    events += [(at + after, TICK, 0, 0) for at, kind, _, client in list(events) for after, *_ in STEPS]
    events.sort()
    while events:
        now, kind, person, client = heappop(events)
        at = BEGIN + timedelta(seconds=now)
        if kind == ARRIVE:
            line = plan.streams[people.stream[client]].line
            came_in = came(
                live.conn,
                f"c{client}@client.example",
                door=line,
                at=at,
                due_at=at + timedelta(seconds=TARGETS[line]),
            )
            numbers[came_in.contact_id] = client
        elif kind == FINISH:
            contact = next(number for number, one in numbers.items() if one == client)
            contacts.close(live.conn, contact, person + 1, subject_id=None, at=at)
        for row in live.round(now):
            one = numbers[row["contact_id"]]
            taken[one] = (row["account_id"] - 1, now, row["reason"]["step"])
            heappush(events, (now + people.handling[one], FINISH, row["account_id"] - 1, one))
    return taken


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_clients_get_the_same_people_at_the_same_moment(conn, database_url, seed):
    plan = scenario(seed)
    people = engine.clients(plan, 0)
    run = engine.play(plan, plan.policies["same"], people)
    assert all(run.begun < inf)
    live = Live(conn, database_url)
    with contextlib.closing(live.own):
        taken = play_live(live, people, plan)
    decided = {client: one[:2] for client, one in taken.items()}
    assert decided == {
        client: (int(person), float(begun))
        for client, (person, begun) in enumerate(zip(run.adviser, run.begun, strict=True))
    }
    # It was no idle day: some waited, some came to somebody only because less was asked of them.
    assert sum(begun > at for begun, at in zip(run.begun, people.at, strict=True)) > 10
    assert {step for *_, step in taken.values()} >= {0, 1}
