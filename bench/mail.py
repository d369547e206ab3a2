"""``portevoix bench mail``: how many mails a second become waiting contacts, durably, and what that costs.

Mails of 10 KB over 8 SMTP connections, PostgreSQL with fsync on. Afterwards the ledger of what was acknowledged is held
against the tables. In the same run the floor: the same server and parser with one bare row per mail.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.bare import STORAGE, TABLE
from bench.centre import ROOT, Centre, Process, cpu, family, machine, resident
from bench.mails import Known, make

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECTIONS = 8
LINES = ["inscription", "cpf", "scolaire", "temoin"]


@dataclass(slots=True)
class Run:
    """One batch of mails through one mail process."""

    count: int
    seconds: float
    latencies: list[float]
    ledger: list[tuple[int, float, float, bytes]]
    mail_ms: float
    database_ms: float
    driver_ms: float
    growth_mb: float
    samples: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.count / self.seconds

    def told(self, name: str) -> str:
        """For a reader."""
        return (
            f"{name}: {self.count} mails in {self.seconds:.1f} s = {self.rate:.0f} mails/s; answer p50 "
            f"{percentile(self.latencies, 50):.1f} ms, p95 {percentile(self.latencies, 95):.1f} ms; processor time per mail: "
            f"mail {self.mail_ms:.2f} ms, PostgreSQL {self.database_ms:.2f} ms, driver {self.driver_ms:.2f} ms; "
            f"memory {self.growth_mb:+.1f} MB"
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def drive(centre: Centre, server: Process, mails: Path, count: int) -> Run:
    """Send all mails to a server that is up."""
    result = mails.with_suffix(".result")
    pids = family(server.child.pid)
    before = cpu(pids), centre.database_cpu()
    argv = [
        sys.executable,
        "-m",
        "bench.load",
        str(mails),
        str(centre.smtp_port),
        str(CONNECTIONS),
        str(result),
    ]
    driver = subprocess.Popen(argv, env=centre.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    early = late = 0.0
    for line in driver.stdout:
        if line.strip() == "tenth":
            early = resident(pids)
        elif line.strip() == "done":
            late = resident(pids)
    if driver.wait():
        log = centre.home / "mail.log"
        raise SystemExit(f"the load driver failed; {log.read_text('utf-8')[-2000:] if log.exists() else ''}")
    mail_cpu, database_cpu = cpu(pids) - before[0], centre.database_cpu() - before[1]
    got = pickle.loads(result.read_bytes())
    return Run(
        count, got["seconds"], [latency * 1000 for _, latency, _, _ in got["ledger"]], got["ledger"],
        mail_cpu * 1000 / count, database_cpu * 1000 / count, got["cpu"] * 1000 / count, late - early,
    )  # fmt: skip


def warm(centre: Centre, server: Process, doors: list[str], seed: int) -> None:
    """A few hundred mails that are not measured: statements prepared, caches filled, as in a process that runs."""
    path = centre.home / "warm"
    make(path, 400, seed, doors)
    drive(centre, server, path, 400)


def floor(centre: Centre, count: int, doors: list[str], workers: str, seed: int) -> Run:
    """One bare row per mail."""
    path = centre.home / "floor"
    make(path, count, seed, doors)
    server = centre.start("mail", ["-m", "bench.bare"], PORTEVOIX_MAIL_WORKERS=workers)
    warm(centre, server, doors, seed + 50)
    run = drive(centre, server, path, count)
    centre.stop(server)
    with contextlib.closing(centre.connect()) as conn:
        conn.execute("truncate bare")
        conn.execute("checkpoint") if conn.info.user == "postgres" else None
    return run


def audit(centre: Centre, known: list[Known], run: Run) -> tuple[int, int, list[str]]:
    """(lost, doubled, what else is wrong) of what was acknowledged, by the tables."""
    acknowledged = {known[mail].message_id for mail, _, _, answer in run.ledger if answer.startswith(b"250")}
    roots = {one.message_id: one.root for one in known}
    with contextlib.closing(centre.connect()) as conn:
        rows = conn.execute(
            "select m.external_id, m.conversation_id, m.contact_id, m.kind, m.search is not null as found, "
            "k.state, r.message_id is not null as raw, (select count(*) from event e where e.conversation_id = "
            "m.conversation_id and e.contact_id = m.contact_id and e.kind in ('contact-received', 'message-added') "
            "and (e.data ->> 'message_id')::bigint = m.id) as events "
            "from message m left join contact k on k.id = m.contact_id left join mail_raw r on r.message_id = m.id"
        ).fetchall()
        contacts = conn.execute(
            "select conversation_id, count(*) as n from contact group by 1 having count(*) > 1"
        ).fetchall()
    seen: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        seen.setdefault(row["external_id"], []).append(row)
    lost = [name for name in acknowledged if name not in seen]
    doubled = [name for name in acknowledged if len(seen.get(name, ())) > 1]
    wrong = [
        f"{name}: {row}"
        for name in acknowledged
        for row in seen.get(name, ())[:1]
        if row["state"] not in ("waiting", "offered")
        or not row["raw"]
        or not row["found"]
        or row["events"] != 1
    ]
    homes: dict[str, set[int]] = {}
    for name in acknowledged:
        homes.setdefault(roots[name], set()).update(row["conversation_id"] for row in seen.get(name, ()))
    torn = [root for root, conversations in homes.items() if len(conversations) > 1]
    notes = [f"{len(torn)} matters lie in several conversations"] if torn else []
    notes += [f"{len(wrong)} mails are not as they must be, for example {wrong[0]}"] if wrong else []
    return len(lost), len(doubled) + len(contacts), notes


def router_lag(centre: Centre) -> list[float]:
    """Milliseconds from "received" to "offered" on the line that has an adviser with endless capacity."""
    with contextlib.closing(centre.connect()) as conn:
        rows = conn.execute(
            "select extract(epoch from s.since - k.received_at)::float8 * 1000 as ms from contact k join seat s on s.contact_id = k.id"
        ).fetchall()
    return [row["ms"] for row in rows]


def witness(centre: Centre) -> None:
    """One adviser of the last line who takes any number of offers: shows when the router saw a contact."""
    with contextlib.closing(centre.connect()) as conn:
        house = conn.execute(
            "insert into organisation (name, kind) values ('Maison', 'in-house') returning id"
        ).fetchone()
        assert house is not None
        account(conn, 1, house["id"], [len(LINES)], capacity=30_000)
        conn.execute(
            "insert into presence (account_id, state, since, idle_since, seen_at) values (1, 'available', now(), now(), now())"
        )


def account(
    conn: Any, number: int, organisation: int, lines: list[int], *, capacity: int = 3, password: str = "!"
) -> None:
    """An adviser of these lines."""
    conn.execute(
        "insert into account (id, email, password, full_name, public_name, role, organisation_id, language, theme, density, font, "
        "sound, shortcuts, mail_capacity, is_active, is_staff, is_superuser, created_at) values (%s, %s, %s, %s, '', 'adviser', %s, "
        "'fr', 'auto', 'comfortable', 'default', true, true, %s, true, false, false, now())",
        [number, f"conseil{number}@centre.example", password, f"Conseiller {number}", organisation, capacity],
    )
    for line in lines:
        conn.execute("insert into adviser_line (account_id, line_id) values (%s, %s)", [number, line])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything."""
    about = machine()
    workers = options.workers or ""
    with Centre() as centre:
        doors = centre.lines(LINES)
        sampled, doors = doors[-1], doors[:-1]
        witness(centre)
        with contextlib.closing(centre.connect()) as conn:
            conn.execute(TABLE)
            conn.execute(STORAGE)
        extra = {"PORTEVOIX_MAIL_WORKERS": workers} if workers else {}
        mails = centre.home / "mails"
        known = make(mails, options.mails, 7, doors, sampled)
        sizes = [len(raw) for _, raw in pickle.loads(mails.read_bytes())[:200]]
        print(
            f"mails: {len(known)}, {sum(sizes) / len(sizes) / 1000:.1f} KB, {sum(one.copy for one in known)} copies"
        )
        part = max(200, min(3000, options.mails // 4))
        floors = [floor(centre, part, doors, workers or "0", 101)]
        print(floors[0].told("floor, before"))
        router = centre.runner("router")
        server = centre.runner("mail", **extra)
        warm(centre, server, doors, 5)
        run = drive(centre, server, mails, options.mails)
        print(run.told("mails"))
        lag = router_lag(centre)
        lost, doubled, notes = audit(centre, known, run)
        centre.stop(server)
        centre.stop(router)
        floors.append(floor(centre, part, doors, workers or "0", 102))
        print(floors[1].told("floor, after"))
        peer = _peer(centre, options) if options.peer else None
    floor_rate = sum(one.count for one in floors) / sum(one.seconds for one in floors)
    print(
        f"router: {len(lag)} sampled contacts, received to offered p50 {percentile(lag, 50):.0f} ms, p95 {percentile(lag, 95):.0f} ms"
    )
    refused = [answer for _, _, _, answer in run.ledger if not answer.startswith(b"250")]
    if refused:
        notes.append(f"{len(refused)} mails were not acknowledged, for example {refused[0].decode()}")
    for note in notes:
        print(f"WRONG: {note}")
    figures = {
        "mails_per_s": round(run.rate, 1),
        "floor_per_s": round(floor_rate, 1),
        "ratio_to_floor": round(run.rate / floor_rate, 3),
        "ack_p95_ms": round(percentile(run.latencies, 95), 1),
        "lost": lost,
        "doubled": doubled,
        "rss_growth_mb": round(run.growth_mb, 1),
        "mails": options.mails,
        "wrong": len(notes),
        "mail_cpu_ms": round(run.mail_ms, 3),
        "database_cpu_ms": round(run.database_ms, 3),
        "router_p95_ms": round(percentile(lag, 95), 1),
    }
    compared: dict[str, Any] = {
        "floor": "same server and parser, one bare row per mail",
        "floor_per_s": figures["floor_per_s"],
        "floor_mail_cpu_ms": round(floors[1].mail_ms, 3),
        "floor_database_cpu_ms": round(floors[1].database_ms, 3),
    }
    if peer is not None:
        compared["peer"] = peer
    return {
        "bench": "mail",
        "figures": figures,
        "floor_or_peer": compared,
        "machine": about | {"database": "fsync on"},
    }


def _peer(centre: Centre, options: argparse.Namespace) -> dict[str, Any]:
    from bench.peer_run import run

    return run(centre, min(300, options.mails))


def main(argv: Sequence[str]) -> int:
    """Run; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="portevoix bench mail", description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--workers", help="mail processes (default: as `portevoix up` starts them)")
    parser.add_argument(
        "--peer", action="store_true", help="run the same mails through django-helpdesk as well"
    )
    options = parser.parse_args(argv)
    with contextlib.ExitStack() as stack:
        if options.json:
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        result = measure(options)
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 1 if result["figures"]["lost"] or result["figures"]["doubled"] or result["figures"]["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
