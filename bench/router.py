"""``portevoix bench router``: the pure router on one core, then the live one through PostgreSQL and NATS.

Live: 1,000 people are here, 300 contacts a second begin to wait (in small transactions, as intake writes them), two routers
run, a driver finishes what was offered a moment later. An offer is timed from just before the commit of the arrival to the moment at
which a reader of the log sees the offer, both on the database's clock. Then 100,000 contacts wait, the leading router is
killed, and the time is taken until the other one offers. Afterwards the tables are held against the log: what was offered twice, what is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.centre import Centre, machine
from bench.mail import account, percentile
from bench.router_pure import CHANNELS, measure

from portevoix.bus import NatsBus
from portevoix.store import log

if TYPE_CHECKING:
    from portevoix.store.db import Connection

LINES = [f"ligne{number}" for number in range(1, 11)]
PEOPLE, RATE, BATCH = 1_000, 300, 15

_ARRIVE = """
with n as (select g, clock_timestamp() as at from generate_series(1, %(count)s) g),
p as (insert into person (name, created_at) select 'Client', now() from n returning id),
pn as (select id, row_number() over (order by id) as g from p),
c as (insert into conversation (line_id, person_id, subject, opened_at, last_at)
  select 1 + (pn.id %% %(lines)s), pn.id, 'Demande', now(), now() from pn returning id, line_id),
k as (insert into contact (conversation_id, line_id, channel, state, received_at, waiting_since, due_at)
  select c.id, c.line_id, 'mail', 'waiting', clock_timestamp(), clock_timestamp(), now() + interval '1 day' from c
  returning id, conversation_id, line_id, received_at)
insert into event (at, kind, v, contact_id, conversation_id, line_id, data)
select received_at, 'contact-received', 1, id, conversation_id, line_id, '{"channel": "mail", "state": "waiting"}' from k"""

#: What a person does with an offer, for many at once: taken and closed, with the events that the router reads.
_FINISH = """
with done as (delete from seat where contact_id = any(%(ids)s) returning contact_id, account_id),
k as (update contact set state = 'closed', holder_id = done.account_id, closed_at = clock_timestamp(), version = version + 2
  from done where contact.id = done.contact_id returning contact.id, conversation_id, line_id, done.account_id)
insert into event (at, kind, v, contact_id, conversation_id, line_id, actor_id, data)
select clock_timestamp(), kind, 1, k.id, k.conversation_id, k.line_id, k.account_id, jsonb_build_object('account_id', k.account_id)
from k cross join (values ('contact-accepted'), ('contact-closed')) as e(kind)"""


def people(centre: Centre) -> None:
    """Everybody is here and answers three lines."""
    with contextlib.closing(centre.connect()) as conn, conn.transaction():
        house = conn.execute(
            "insert into organisation (name, kind) values ('Maison', 'in-house') returning id"
        ).fetchone()
        assert house is not None
        for number in range(1, PEOPLE + 1):
            lines = sorted({1 + number % 10, 1 + number * 3 % 10, 1 + number * 7 % 10})
            account(conn, number, house["id"], lines, capacity=3)
        conn.execute(
            "insert into presence (account_id, state, since, idle_since, seen_at)"
            " select id, 'available', now(), now(), now() + interval '1 day' from account"
        )


class Driver:
    """Arrivals in one thread; offers seen and finished in another."""

    def __init__(self, centre: Centre, env: dict[str, str]) -> None:
        self._centre, self._bus = centre, NatsBus(env["NATS_URL"], name="bench-router")
        self._stop = threading.Event()
        self.waits: list[float] = []  # milliseconds
        self.offered: list[float] = []  # when, on our clock
        self.finish = True
        self._received: dict[int, Any] = {}
        self._threads = [threading.Thread(target=self._watch, daemon=True)]
        self._threads[0].start()

    def arrive(self, seconds: float) -> int:
        """So many a second, evenly; gives how many."""
        with contextlib.closing(self._centre.connect()) as conn:
            begun, sent = time.monotonic(), 0
            while (now := time.monotonic() - begun) < seconds:
                if sent < now * RATE:
                    with conn.transaction():
                        conn.execute(_ARRIVE, {"count": BATCH, "lines": len(LINES)})
                    self._bus.poke()
                    sent += BATCH
                else:
                    time.sleep(0.002)
        return sent

    def _watch(self) -> None:
        with contextlib.closing(self._centre.connect()) as conn:
            reader = log.Follower(log.head(conn))
            open_offers: list[int] = []
            while not self._stop.is_set():
                news = reader.news(conn)
                seen = self._clock(conn) if news else None
                for one in news:
                    if one.event.kind == "contact-received":
                        self._received[one.contact_id or 0] = one.at
                    elif one.event.kind == "contact-offered":
                        self.offered.append(time.monotonic())
                        open_offers.append(one.contact_id or 0)
                        came = self._received.pop(one.contact_id or 0, None)
                        if came is not None and seen is not None:
                            self.waits.append((seen - came).total_seconds() * 1000)
                if open_offers and self.finish:
                    with conn.transaction():
                        conn.execute(_FINISH, {"ids": open_offers})
                    self._bus.poke()
                    open_offers = []
                if not news:
                    time.sleep(0.003)

    @staticmethod
    def _clock(conn: Connection) -> Any:
        row = conn.execute("select clock_timestamp() as at").fetchone()
        assert row is not None
        return row["at"]

    def stop(self) -> None:
        """No more."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


def live(seconds: float, waiting: int) -> dict[str, float]:
    """The live figures."""
    with Centre() as centre:
        centre.lines(LINES)
        people(centre)
        routers = [centre.runner("router")]
        time.sleep(2)  # the first one leads
        routers.append(centre.runner("router"))
        driver = Driver(centre, centre.env)
        begun = time.monotonic()
        sent = driver.arrive(seconds)
        _settle(centre, lambda conn: _count(conn, "state in ('waiting', 'offered')") == 0)
        took = time.monotonic() - begun
        waits = sorted(driver.waits)
        figures = {
            "live_contacts_per_s": round(len(waits) / took, 1),
            "live_offer_p50_ms": round(percentile(waits, 50), 1),
            "live_offer_p99_ms": round(percentile(waits, 99), 1),
            "arrived": sent,
        }
        figures |= _takeover(centre, driver, routers, waiting)
        driver.stop()
        with contextlib.closing(centre.connect()) as conn:
            figures["doubled"] = conn.execute(
                "select count(*) as n from (select contact_id from event where kind = 'contact-offered'"
                " group by contact_id having count(*) > 1 + (select count(*) from event x where x.contact_id = event.contact_id"
                " and x.kind in ('contact-expired', 'contact-declined', 'contact-released'))) d"
            ).fetchone()["n"]  # type: ignore[index]
            figures["lost"] = _count(conn, "state not in ('waiting', 'offered', 'closed')")
        return figures


def _takeover(centre: Centre, driver: Driver, routers: list[Any], waiting: int) -> dict[str, float]:
    driver.finish = False
    with contextlib.closing(centre.connect()) as conn:
        for _ in range(waiting // 5_000):
            with conn.transaction():
                conn.execute(_ARRIVE, {"count": 5_000, "lines": len(LINES)})
        # All hands are full: nothing more is offered until somebody finishes.
        _settle(centre, lambda conn: _count(conn, "state = 'offered'") >= PEOPLE * 3)
        routers[0].child.kill()
        routers[0].child.wait()
        killed = time.monotonic()
        driver.finish = True
        while not any(at > killed + 0.05 for at in driver.offered[-5000:]):
            if time.monotonic() - killed > 120:
                raise SystemExit("nobody took over within two minutes")
            time.sleep(0.005)
    first = min(at for at in driver.offered if at > killed + 0.05)
    return {"takeover_s": round(first - killed, 2), "takeover_waiting": waiting}


def _count(conn: Connection, where: str) -> int:
    row = conn.execute(f"select count(*) as n from contact where {where}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row["n"])


def _settle(centre: Centre, done: Any) -> None:
    with contextlib.closing(centre.connect()) as conn:
        end = time.monotonic() + 300
        while not done(conn):
            if time.monotonic() > end:
                raise SystemExit("the centre did not settle within five minutes")
            time.sleep(0.1)


def _plain(waiting: int, steps: int) -> dict[str, float]:
    """What the form that is not compiled does in the same run."""
    command = [sys.executable, "-m", "bench.router_pure", "--waiting", str(waiting), "--steps", str(steps)]
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PORTEVOIX_NATIVE": "no"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    one, mixed = (json.loads(line)["figures"]["placements_per_s"] for line in done.stdout.splitlines())
    return {"placements_per_s": one, "mixed_placements_per_s": mixed}


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="portevoix bench router", description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    parser.add_argument("--small", action="store_true", help="a few seconds: to see that it works")
    asked = parser.parse_args(list(argv))
    sizes = (1_000, 10_000) if asked.small else (1_000, 10_000, 100_000, 1_000_000)
    curve = {size: measure(size, 2_000 if asked.small else 40_000, CHANNELS[:1]) for size in sizes}
    plain = _plain(sizes[-2], 2_000 if asked.small else 40_000)
    mixed = measure(sizes[-2], 2_000 if asked.small else 40_000, CHANNELS)
    figures = live(3, 5_000) if asked.small else live(60, 100_000)
    figures = {
        "placements_per_s": curve[sizes[-2]]["placements_per_s"],
        "placements_per_s_1m": curve[sizes[-1]]["placements_per_s"],
        "mixed_placements_per_s": mixed["placements_per_s"],
        **figures,
    }
    floor = {
        "us_per_step_by_waiting": {str(size): one["us_per_step"] for size, one in curve.items()},
        "plain_python": plain,  # the same, not compiled
    }
    if not asked.json:
        for size, one in curve.items():
            print(f"{size:>9} waiting: {one['us_per_step']:6.1f} us " + "#" * round(one["us_per_step"]))
    print(json.dumps({"bench": "router", "figures": figures, "floor_or_peer": floor, "machine": machine()}))
    return 0
