"""``portevoix bench desk``: pages with a million contacts in the database, and offers with two hundred advisers.

Pages are asked for over HTTP from the web process as ``portevoix up`` starts it. An offer is timed from the client's 250
to the push at the adviser's open connection, at 50 mails a second, through all real processes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import pages, seed
from bench.centre import ROOT, Centre, cpu, family, machine
from bench.mail import account, percentile
from bench.mails import make

from portevoix.embedded import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES = ["inscription", "cpf", "scolaire", "archives"]  # the seeded work that is open waits on the last one
READER = 1  # sees all lines, takes no work


def people(centre: Centre, advisers: int) -> None:
    """The reader of all lines and the advisers, each on one line."""
    with contextlib.closing(centre.connect()) as conn:
        house = conn.execute(
            "insert into organisation (name, kind) values ('Maison', 'in-house') returning id"
        ).fetchone()
        assert house is not None
        account(conn, READER, house["id"], list(range(1, len(LINES) + 1)))
        for number in range(2, advisers + 2):
            account(conn, number, house["id"], [1 + number % (len(LINES) - 1)], capacity=3)


def time_pages(centre: Centre, count: int) -> tuple[dict[str, list[float]], dict[str, list[int]]]:
    """Milliseconds and statements by kind of page."""
    os.environ.update(centre.env)
    cookie = pages.cookies([READER])
    port = free_port(None)
    collect = [
        sys.executable,
        str(ROOT / "manage.py"),
        "collectstatic",
        "--verbosity=0",
        "--no-input",
        "--skip-checks",
    ]
    subprocess.run(collect, env=centre.env, check=True)
    web = centre.start(
        "web",
        ["-m", "gunicorn", "portevoix.web.wsgi:application", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
         "--workers", "2", "--threads", "4", "--keep-alive", "30", "--no-control-socket", "--log-level", "warning"],
        port=port, PORTEVOIX_PORT=str(port),
    )  # fmt: skip
    with contextlib.closing(centre.connect()) as conn:
        asked = pages.addresses(conn, count)
    for paths in asked.values():  # both workers have compiled their templates, as after a day's work
        pages.timed(port, cookie, paths[:12], "while warming up")
    took = {}
    for kind, paths in asked.items():
        before = cpu(family(web.child.pid)), centre.database_cpu()
        took[kind] = pages.timed(port, cookie, paths[12:], kind)
        used = [
            now - then
            for now, then in zip((cpu(family(web.child.pid)), centre.database_cpu()), before, strict=True)
        ]
        web_ms, database_ms = (seconds * 1000 / len(took[kind]) for seconds in used)
        print(f"{kind}: processor time a page: web {web_ms:.0f} ms, PostgreSQL {database_ms:.0f} ms")
    centre.stop(web)
    counts = {kind: [pages.queries(cookie[0], path) for path in paths[:6]] for kind, paths in asked.items()}
    return took, counts


class Floor:
    """Advisers at work: each offer heard is accepted, and closed a moment later."""

    def __init__(self, centre: Centre, hold_seconds: float) -> None:
        self.heard: dict[int, float] = {}
        self._centre = centre
        self._hold = hold_seconds
        self._due: queue.Queue[tuple[float, int, int]] = queue.Queue()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._accept_and_close, daemon=True) for _ in range(2)]

    def listen(self, ears: subprocess.Popen[str]) -> None:
        """Read what the advisers' browsers hear, until that process ends."""
        for thread in self._threads:
            thread.start()
        assert ears.stdout is not None
        for line in ears.stdout:
            adviser, contact, at = line.split()
            self.heard.setdefault(int(contact), float(at))
            self._due.put((time.monotonic() + self._hold, int(contact), int(adviser)))
        self._done.set()

    def _accept_and_close(self) -> None:
        from portevoix.actions import contacts
        from portevoix.actions.errors import TooLate
        from portevoix.bus import NatsBus

        bus = NatsBus(self._centre.env["NATS_URL"], name="bench")
        with contextlib.closing(self._centre.connect()) as conn:
            while not self._done.is_set():
                try:
                    due, contact, adviser = self._due.get(timeout=0.2)
                except queue.Empty:
                    continue
                time.sleep(max(0.0, due - time.monotonic()))
                now = datetime.now(UTC)
                with contextlib.suppress(TooLate):
                    contacts.accept(conn, contact, adviser, now)
                    contacts.close(conn, contact, adviser, subject_id=None, outcome="", at=now)
                bus.poke()
        bus.close()


def time_offers(centre: Centre, doors: list[str], advisers: int, count: int, rate: float) -> dict[str, Any]:
    """Milliseconds from 250 to the push, for each mail that became a contact of its own."""
    from portevoix.realtime import token

    port = free_port(None)
    with contextlib.closing(centre.connect()) as conn:
        conn.execute(
            "insert into presence (account_id, state, since, idle_since, seen_at) "
            "select id, 'available', now(), now(), now() from account where id > %s", [READER],
        )  # fmt: skip
    for name in ("router", "herald", "mail"):
        centre.runner(name)
    live = [
        "-m",
        "uvicorn",
        "portevoix.realtime.app:app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    centre.start("live", [*live, "--no-access-log"], port=port)
    secret = centre.env["PORTEVOIX_SECRET"].encode()
    tokens = [
        (
            number,
            token.make(
                secret, number, [f"account.{number}", f"line.{1 + number % (len(LINES) - 1)}"], time.time()
            ),
        )
        for number in range(2, advisers + 2)
    ]
    (centre.home / "tokens").write_text(json.dumps(tokens), "ascii")
    mails = centre.home / "mails"
    make(mails, count, int(time.time()), doors)  # new ones, also on a database that was kept
    time.sleep(1)  # the live process connects to the bus in the background
    argv = [sys.executable, "-m", "bench.ears", str(port), str(centre.home / "tokens")]
    ears = subprocess.Popen(argv, env=centre.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert ears.stdout is not None
    if ears.stdout.readline().strip() != "ready":
        raise SystemExit("the advisers' browsers could not connect")
    floor = Floor(centre, 1.0)
    listening = threading.Thread(target=floor.listen, args=(ears,), daemon=True)
    listening.start()
    result = centre.home / "mails.result"
    load = [
        sys.executable,
        "-m",
        "bench.load",
        str(mails),
        str(centre.smtp_port),
        "8",
        str(result),
        str(rate),
    ]
    subprocess.run(load, env=centre.env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 10
    ledger = _acknowledged(result)
    wanted = _contacts(centre, ledger)
    while time.monotonic() < end and not all(contact in floor.heard for contact in wanted):
        time.sleep(0.1)
    ears.terminate()
    ears.wait(10)
    listening.join(10)
    late = [
        max(0.0, (floor.heard[contact] - at) * 1000)
        for contact, at in wanted.items()
        if contact in floor.heard
    ]
    return {"ms": late, "unheard": sum(contact not in floor.heard for contact in wanted), "new": len(wanted)}


def _acknowledged(result: Path) -> dict[int, float]:
    """Message id and when its 250 came, of those that began a contact."""
    found = {}
    for _, _, at, answer in pickle.loads(result.read_bytes())["ledger"]:
        words = answer.decode().split()
        if words[0] == "250" and "contact" in words:
            found[int(words[-1])] = at
    return found


def _contacts(centre: Centre, ledger: dict[int, float]) -> dict[int, float]:
    with contextlib.closing(centre.connect()) as conn:
        rows = conn.execute(
            "select id, contact_id from message where id = any(%s)", [list(ledger)]
        ).fetchall()
    return {row["contact_id"]: ledger[row["id"]] for row in rows}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything."""
    about = machine()
    home = Path(options.data) if options.data else None
    kept = home is not None and (home / "seeded.json").exists()
    with Centre(home, keep=home is not None) as centre:
        if kept:
            filled = json.loads((centre.home / "seeded.json").read_text("ascii"))
            doors = [f"{slug}@centre.example" for slug in LINES]
        else:
            doors = centre.lines(LINES)
            people(centre, options.advisers)
            filled = seed.seed(
                centre.postgres.url(superuser=True), options.contacts, len(LINES), options.advisers
            )
            (centre.home / "seeded.json").write_text(json.dumps(filled), "ascii")
        if options.seed_only:
            return {"bench": "desk", "figures": filled, "floor_or_peer": "", "machine": about}
        took, counts = time_pages(centre, options.pages)
        for kind, times in took.items():
            print(
                f"{kind}: {len(times)} pages, p50 {percentile(times, 50):.0f} ms, p95 {percentile(times, 95):.0f} ms, "
                f"worst {max(times):.0f} ms; statements a page: {counts[kind]}"
            )
        offers = time_offers(centre, doors[:-1], options.advisers, options.mails, options.rate)
        with contextlib.closing(centre.connect()) as conn:
            conn.execute("truncate presence")
    print(
        f"offers: {len(offers['ms'])} heard by {options.advisers} advisers at {options.rate:.0f} mails/s, p50 "
        f"{percentile(offers['ms'], 50):.0f} ms, p95 {percentile(offers['ms'], 95):.0f} ms; {offers['unheard']} of "
        f"{offers['new']} not heard"
    )
    figures = {
        "offer_p95_ms": round(percentile(offers["ms"], 95), 1),
        "list_p95_ms": round(percentile(took["list"], 95), 1),
        "conversation_p95_ms": round(percentile(took["conversation"], 95), 1),
        "search_p95_ms": round(percentile(took["search"], 95), 1),
        "contacts": filled["contacts"],
        "messages": filled["messages"],
        "list_queries": max(counts["list"]),
        "conversation_queries": max(counts["conversation"]),
        "search_queries": max(counts["search"]),
        "offers": len(offers["ms"]),
        "unheard": offers["unheard"],
    }
    return {
        "bench": "desk",
        "figures": figures,
        "floor_or_peer": "targets: pages under 150 ms, offers under 300 ms (p95)",
        "machine": about,
    }


def main(argv: Sequence[str]) -> int:
    """Run; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="portevoix bench desk", description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--messages", type=int, help="three a contact (the default)")
    parser.add_argument("--advisers", type=int, default=200)
    parser.add_argument("--mails", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=50.0, help="mails a second while offers are timed")
    parser.add_argument("--pages", type=int, default=300, help="of each kind")
    parser.add_argument("--small", action="store_true", help="a quick look: a few thousand contacts")
    parser.add_argument("--data", help="keep the seeded database here, and use it again")
    parser.add_argument(
        "--seed-only", action="store_true", help="with --data: fill the database, measure nothing"
    )
    options = parser.parse_args(argv)
    if options.small:
        options.contacts, options.advisers, options.mails, options.pages = 2_000, 12, 40, 18
    elif options.messages:
        options.contacts = min(options.contacts, options.messages // 3)
    with contextlib.ExitStack() as stack:
        if options.json:
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        result = measure(options)
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
