"""The ledger: the driver writes down what it did, the centre is asked afterwards, a checker compares.

RELIABILITY.md 4.3. A line before each input and one after its answer, fsynced; every input carries a marker
``LX-<run>-<group>-<n>`` in its text. A group is one matter: its mails belong in one conversation, in order.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from portevoix.store import doctor
from portevoix.store.queries import load

MARK = re.compile(r"LX-([0-9a-f]{8})-(\d+)-(\d+)")


class Ledger:
    """What was sent and what was answered, on disk before and after each."""

    def __init__(self, path: Path) -> None:
        self.run = uuid.uuid4().hex[:8]
        self._file = path.open("a")
        self._lock = threading.Lock()
        self.sent: set[tuple[int, int]] = set()
        self.acked: set[tuple[int, int]] = set()

    def write(self, **line: Any) -> None:
        with self._lock:
            self._file.write(json.dumps(line | {"t": time.time()}) + "\n")
            self._file.flush()
            os.fdatasync(self._file.fileno())

    def before(self, key: tuple[int, int]) -> None:
        self.sent.add(key)
        self.write(sending=key)

    def after(self, key: tuple[int, int], answer: str) -> None:
        self.write(key=key, answer=answer)
        if answer.startswith("250"):
            self.acked.add(key)


class Sender:
    """A mail server that keeps its mail until somebody said 250, as all do. One per thread."""

    def __init__(self, ledger: Ledger, port: int, to: str = "inscription@centre.example") -> None:
        self.ledger, self.port, self.to = ledger, port, to
        self._sock: socket.socket | None = None
        self._file: Any = None
        self.tries = 0

    def mail(self, group: int, number: int) -> bytes:
        run = self.ledger.run
        parent = f"In-Reply-To: <{run}.{group}.{number - 1}@client.example>\r\n" if number else ""
        return (
            f"From: Client {group} <c{group}@client.example>\r\nTo: {self.to}\r\n"
            f"Subject: Demande {group}\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\n"
            f"Message-ID: <{run}.{group}.{number}@client.example>\r\n{parent}\r\n"
            f"Bonjour, ceci est LX-{run}-{group}-{number} et rien d'autre.\r\n"
        ).encode()

    def send(self, group: int, number: int, *, until: float = 60.0) -> None:
        """Until it is taken; the time between two tries is short, since the test waits."""
        key = (group, number)
        self.ledger.before(key)
        end = time.monotonic() + until
        while time.monotonic() < end:
            self.tries += 1
            answer = self._try(self.mail(group, number))
            self.ledger.after(key, answer)
            if answer.startswith("250"):
                return
            time.sleep(0.05)
        raise AssertionError(f"{key} was not taken within {until} s")

    def _try(self, raw: bytes) -> str:
        try:
            if self._sock is None:
                self._sock = socket.create_connection(("127.0.0.1", self.port), timeout=15)
                self._file = self._sock.makefile("rb")
                self._reply()
                self._say(b"EHLO driver\r\n")
            for command in (b"MAIL FROM:<driver@client.example>\r\n", f"RCPT TO:<{self.to}>\r\n".encode()):
                answer = self._say(command)
                if not answer.startswith("2"):
                    return self._drop(answer)
            self._say(b"DATA\r\n")
            answer = self._say(raw + b".\r\n")
        except (OSError, ValueError) as error:
            return self._drop(f"unknown {type(error).__name__}")
        return answer if answer.startswith("250") else self._drop(answer)

    def _drop(self, answer: str) -> str:
        if self._sock is not None:
            self._sock.close()
        self._sock = None
        return answer

    def _say(self, command: bytes) -> str:
        assert self._sock is not None
        self._sock.sendall(command)
        return self._reply()

    def _reply(self) -> str:
        while True:
            line = self._file.readline()
            if not line:
                raise ConnectionResetError
            if line[3:4] != b"-":
                return str(line.decode().strip())


@dataclass
class Verdict:
    """Every field must be empty."""

    lost: list[Any] = field(default_factory=list)
    phantom: list[Any] = field(default_factory=list)
    duplicate: list[Any] = field(default_factory=list)
    wrong_place: list[Any] = field(default_factory=list)
    disorder: list[Any] = field(default_factory=list)
    stuck: list[Any] = field(default_factory=list)
    torn: list[Any] = field(default_factory=list)
    silent: list[Any] = field(default_factory=list)
    two_contacts: list[Any] = field(default_factory=list)

    def faults(self) -> dict[str, list[Any]]:
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name))}


def check(conn: Any, ledger: Ledger) -> Verdict:
    """Ask the tables and compare."""
    verdict = Verdict()
    present: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for row in conn.execute(
        "select id, conversation_id, contact_id, body from message where kind = 'in' and body like %s order by id",
        [f"%LX-{ledger.run}-%"],
    ):
        for _, group, number in MARK.findall(row["body"]):
            present[int(group), int(number)].append(row)
    verdict.lost = sorted(ledger.acked - set(present))
    verdict.phantom = sorted(set(present) - ledger.sent)
    verdict.duplicate = sorted(key for key, rows in present.items() if len(rows) > 1)
    places: dict[int, set[int]] = defaultdict(set)
    order: dict[int, list[tuple[int, int]]] = defaultdict(list)
    owners: dict[int, set[int]] = defaultdict(set)
    for (group, number), rows in present.items():
        for row in rows:
            places[group].add(row["conversation_id"])
            owners[row["conversation_id"]].add(group)
            order[group].append((row["id"], number))
    verdict.wrong_place = [group for group, ids in places.items() if len(ids) > 1]
    verdict.wrong_place += [groups for groups in owners.values() if len(groups) > 1]
    for group, pairs in order.items():
        numbers = [number for _, number in sorted(pairs)]
        if numbers != sorted(numbers):
            verdict.disorder.append(group)
    verdict.two_contacts = conn.execute(
        "select conversation_id, count(*) as n from contact where closed_at is null group by 1 having count(*) > 1"
    ).fetchall()
    verdict.stuck = conn.execute(
        "select message_id from outgoing where state = 'sending' and lease_until < now() - interval '10 minutes'"
    ).fetchall()
    verdict.silent = conn.execute(
        "select s.id from set_aside s where not exists (select from event e where e.kind = 'mail-set-aside'"
        " and (e.data ->> 'set_aside_id')::bigint = s.id)"
    ).fetchall()
    verdict.torn = breaches(conn)
    return verdict


def breaches(conn: Any) -> list[Any]:
    """What ``portevoix doctor`` would complain of in the live tables."""
    named = [name for name in load("doctor") if name not in ("settings", "open_histories")]
    found = [(name, breach) for name in named for breach in doctor.breaches(conn, name)]
    return found + [("not the fold of its events", breach) for breach in doctor.untold(conn)]
