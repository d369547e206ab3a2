"""``portevoix bench coherence``: the page that compares organisations, with a million contacts behind it.

Three years of finished work of the house and three outsourcers, on seven lines of twelve subjects and two channels, as the
reader of the log leaves it. Pages are asked for over HTTP from the web process; the reader is timed over fresh events.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bench import pages
from bench.centre import ROOT, Centre, machine
from bench.mail import account, percentile

from portevoix.embedded import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portevoix.store.db import Connection

LINES, SUBJECTS, ADVISERS = 7, 12, 200
SUPERVISOR, MANAGER = 1, 2  # of the house, of the first outsourcer

_SUBJECT = """insert into subject (id, line_id, name, position, active)
select (l - 1) * %(subjects)s + s, l, 'Motif ' || s, s, true
from generate_series(1, %(lines)s) l, generate_series(1, %(subjects)s) s"""
_CONVERSATION = """insert into conversation (id, line_id, person_id, opened_at, last_at)
select i, 1 + i %% %(lines)s, 1, now(), now() from generate_series(1, %(contacts)s) i"""
_CONTACT = """insert into contact (id, conversation_id, line_id, channel, state, received_at, due_at, closed_at)
select i, i, 1 + i %% %(lines)s, 'mail', 'closed', now(), now(), now() from generate_series(1, %(contacts)s) i"""
#: Times are nearly lognormal; the organisations work alike.
_HANDLING = """insert into handling
select i, 1, i, a.organisation_id, a.id, 1 + i %% %(lines)s, (i %% %(lines)s) * %(subjects)s + 1 + (random() * (%(subjects)s - 1))::int,
  case when random() < 0.3 then 'phone' else 'mail' end, x.at, x.at,
  case when random() < 0.1 then 'transferred' else 'closed' end,
  exp(5.5 + 1.4 * (random() + random() + random() - 1.5)), random() < 0.85, random() < 0.06
from (select i, now() - interval '1095 days' * (1 - i::float8 / %(contacts)s) as at from generate_series(1, %(contacts)s) i) x
join account a on a.id = 3 + i %% %(advisers)s"""
_EVENTS = """insert into event (at, kind, contact_id, conversation_id, line_id, data)
select now() + s * interval '1 second', k, i, i, 1, d::jsonb
from generate_series(1, %(fresh)s) i, (values (0, 'contact-received', '{"channel": "mail"}'),
  (60, 'contact-taken', '{"account_id": 3}'), (200, 'message-added', '{"message_id": 1, "said": "out"}'),
  (300, 'contact-closed', '{"account_id": 3, "outcome": ""}')) v(s, k, d) order by i, s"""


def fill(centre: Centre, contacts: int) -> None:
    """Lay lines, people and finished work."""
    centre.lines([f"ligne-{number}" for number in range(1, LINES + 1)])
    about = {"lines": LINES, "subjects": SUBJECTS, "contacts": contacts, "advisers": ADVISERS}
    with contextlib.closing(centre.connect()) as conn:
        conn.execute(
            "insert into organisation (id, name, kind) values (1, 'Maison', 'in-house'), (2, 'Alpha', 'outsourcer'),"
            " (3, 'Beta', 'outsourcer'), (4, 'Gamma', 'outsourcer')"
        )
        for number in range(1, ADVISERS + 3):
            account(conn, number, 1 + (number - 1) % 4, [1 + number % LINES])
        conn.execute("update account set role = 'supervisor' where id <= 2")
        conn.execute("insert into person (id, name, created_at) values (1, 'Camille', now())")
        for statement in (_SUBJECT, _CONVERSATION, _CONTACT, _HANDLING):
            conn.execute(statement, about)  # type: ignore[call-overload]
        conn.execute("vacuum (analyze)")


def time_pages(centre: Centre, count: int) -> dict[str, list[float]]:
    """Milliseconds by kind of page."""
    os.environ.update(centre.env)
    supervisor, manager = pages.cookies([SUPERVISOR, MANAGER])
    collect = ["collectstatic", "--verbosity=0", "--no-input", "--skip-checks"]
    subprocess.run([sys.executable, str(ROOT / "manage.py"), *collect], env=centre.env, check=True)
    port = free_port(None)
    serve = [
        "-m",
        "gunicorn",
        "portevoix.web.wsgi:application",
        "--bind",
        f"127.0.0.1:{port}",
        "--threads",
        "4",
    ]
    centre.start("web", [*serve, "--no-control-socket", "--log-level", "warning"], port=port)
    root, today = "/plateau/coherence/", date.today()
    year = f"?du={today - timedelta(days=364)}&au={today}"
    asked = {
        "month": (supervisor, root),
        "year": (supervisor, root + year),
        "file": (supervisor, root + "chiffres.csv"),
        "behind": (supervisor, root + "contacts?qui=maison"),
        "rare": (supervisor, root + "contacts?qui=2&quoi=revenu&ligne=7&motif=80"),
        "manager": (manager, root),
    }
    took = {}
    for kind, (cookie, path) in asked.items():
        pages.timed(port, [cookie], [path] * 2, f"{kind}, warming up")
        took[kind] = pages.timed(port, [cookie], [path] * count, kind)
    return took


def time_reader(conn: Connection, fresh: int) -> float:
    """Events a second that the reader of the log takes in, by itself."""
    from portevoix.actions import handled

    conn.execute("delete from handling where contact_id <= %s", [fresh])
    conn.execute(_EVENTS, {"fresh": fresh})
    conn.execute("analyze event")
    begun = time.perf_counter()
    while handled.learn(conn):
        pass
    return fresh * 4 / (time.perf_counter() - begun)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything."""
    about = machine()
    with Centre() as centre:
        fill(centre, options.contacts)
        took = time_pages(centre, options.pages)
        with contextlib.closing(centre.connect()) as conn:
            events = time_reader(conn, min(options.contacts, 30_000))
    for kind, times in took.items():
        print(
            f"{kind}: p50 {percentile(times, 50):.0f} ms, p95 {percentile(times, 95):.0f} ms, worst {max(times):.0f} ms"
        )
    print(f"reader: {events:.0f} events/s")
    figures = {f"{kind}_p95_ms": round(percentile(times, 95), 1) for kind, times in took.items()}
    figures |= {f"{kind}_p50_ms": round(percentile(times, 50), 1) for kind, times in took.items()}
    figures |= {"reader_events_per_s": round(events), "contacts": options.contacts}
    return {
        "bench": "coherence",
        "figures": figures,
        "floor_or_peer": "target: the page of a month under a second",
        "machine": about,
    }


def main(argv: Sequence[str]) -> int:
    """Run; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="portevoix bench coherence", description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=20, help="of each kind")
    parser.add_argument("--small", action="store_true", help="a quick look: a few thousand contacts")
    options = parser.parse_args(argv)
    if options.small:
        options.contacts, options.pages = 4_000, 3
    with contextlib.ExitStack() as stack:
        if options.json:
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        result = measure(options)
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
