"""F01 for the processes people look at: kill -9 of the pages, of the live connections and of the herald while mails come
in and advisers answer them.

PORTEVOIX_FAULT_MAILS sets how many mails (60; the full run takes 5000).
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import tempfile
import threading
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from ledger import Ledger, check
from services.mails import fill
from services.ports import until
from test_kill import load
from visitor import MAKE_ACCOUNT, Visitor
from whole_centre import WholeCentre

from portevoix.domain.contacts.events import ConfigurationChanged
from portevoix.store import db
from portevoix.store.log import About, append

MAILS = int(os.environ.get("PORTEVOIX_FAULT_MAILS", "60"))
KILLS = 5 if MAILS > 1000 else 3  # after six deaths in a row the supervisor waits a minute, by design
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("whole centre")]

HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"')


@pytest.fixture(scope="module")
def whole():
    home = Path(
        tempfile.mkdtemp(prefix="portevoix-pages-")
    )  # pytest's own folder is closed to PostgreSQL's user
    home.chmod(0o755)
    made = WholeCentre(home / "data", home / "up.log", PORTEVOIX_TESTING="1")
    try:
        made.start()
        with db.connect(made.url) as conn:
            fill(conn)
            conn.execute("update line set ack_active = false, wrap_up_seconds = 0")
        made.manage(MAKE_ACCOUNT)
        with db.connect(made.url) as conn:
            conn.execute(
                "update account set mail_capacity = 20, role = 'adviser';"
                "insert into adviser_line (account_id, line_id) select id, 1 from account"
            )
            append(conn, ConfigurationChanged(what="test"), About(), datetime.now(UTC))
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


def pids(whole, name):
    """The processes of a part, the first one and its children."""
    words = {
        "web": "portevoix.web.wsgi",
        "live": "portevoix.realtime.app",
        "herald": "portevoix.runners.herald",
    }
    mine = {"web": f":{whole.web_port}", "live": str(whole.live_port), "herald": ""}[name]
    found = []
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (place / "environ").read_bytes().decode(errors="replace")
            if words[name] in command and mine in command and f"PORTEVOIX_DATA={whole.data}\0" in environment:
                found.append(int(place.name))
    return found


@contextlib.contextmanager
def killing(whole, name, ledger):
    """Kill one of the part's processes at points of the way."""
    chance, done, kills = random.Random(5), threading.Event(), []
    points = sorted(chance.randint(1, int(MAILS * 0.9)) for _ in range(KILLS))

    def run():
        for point in points:
            while len(ledger.acked) < point and not done.wait(0.01):
                pass
            with contextlib.suppress(AssertionError):
                until(lambda: done.is_set() or pids(whole, name), seconds=30)
            if not done.is_set() and (there := pids(whole, name)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(there), signal.SIGKILL)
                    kills.append(point)
            done.wait(0.5)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield kills
    finally:
        done.set()
        thread.join()


class Adviser:
    """Takes what is offered, answers it once and closes it, by the pages' own forms; repeats a form that got no answer."""

    def __init__(self, whole):
        self.visitor = Visitor(whole.pages, timeout=20)
        self.answered = []
        self.failed = []
        self._done = threading.Event()
        self.insist(lambda: (self.visitor.sign_in() or 200, 0, ""))
        self.insist(lambda: self.visitor.post("/presence/", etat="available"))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def insist(self, ask):
        """Until the pages answer; a server error is an answer nobody wants."""
        for _ in range(600):
            try:
                status, _seconds, text = ask()
            except AssertionError:
                status, text = 0, ""
            if status not in (0, 502, 503):
                assert status < 500, text[:300]
                return text
            time.sleep(0.1)
        raise AssertionError("the pages did not come back")

    def _run(self):
        try:
            for number in count():
                if self._done.is_set():
                    return
                self._once(number)
        except BaseException as error:
            self.failed.append(error)

    def _once(self, number):
        page = self.insist(lambda: self.visitor.get("/bureau/"))
        offers = re.findall(r'action="(/bureau/offres/\d+/accepter)"', page)
        for offer in offers:
            self.insist(lambda: self.visitor.post(offer))  # noqa: B023
        mine = sorted(set(re.findall(r'href="/bureau/c/(\d+)/', page)))
        if not mine and not offers:
            self._done.wait(0.05)
        for talk in mine:
            shown = self.insist(lambda: self.visitor.get(f"/bureau/c/{talk}/"))  # noqa: B023
            form = shown.split(f'action="/bureau/c/{talk}/repondre"')
            if len(form) < 2:
                continue
            fields = dict(HIDDEN.findall(form[1].split("</form>")[0]))
            body = f"Bonjour, voici AX-{number}-{talk}-fin."
            fields |= {"to": "client@client.example", "body": body, "envoyer": "clore"}
            fields.pop("csrfmiddlewaretoken", None)
            said = self.insist(lambda: self.visitor.post(f"/bureau/c/{talk}/repondre", **fields))  # noqa: B023
            if body in said or "Réponse envoyée" in said:
                self.answered.append(f"AX-{number}-{talk}-fin")

    def stop(self):
        self._done.set()
        self._thread.join(60)
        assert self.failed == []


class Page:
    """An open page: follows the stream, comes back with the last number it heard, notes when it had to read anew."""

    def __init__(self, whole, visitor):
        self.whole, self.visitor = whole, visitor
        self.heard, self.anew, self.opened = set(), 0, 0
        self._last = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until(lambda: self.opened, seconds=30)

    def _run(self):
        with db.connect(self.whole.url) as conn:
            self._conn = conn
            while not self._done.is_set():
                with contextlib.suppress(OSError, ValueError, KeyError):
                    self._follow()
                self._done.wait(0.1)

    def _follow(self):
        token = json.loads(self.visitor.get("/live/token")[2])["token"]
        with socket.create_connection(("127.0.0.1", self.whole.live_port), timeout=15) as sock:
            last = f"&last={self._last}" if self._last else ""
            sock.sendall(f"GET /events?token={token}{last} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            lines = sock.makefile("rb")
            if b" 200 " not in lines.readline():
                return
            if not self._last:
                self._read_anew()
            self.opened += 1
            event = ""
            while not self._done.is_set() and (line := lines.readline()):
                text = line.decode().strip()
                if text.startswith("event: "):
                    event = text[7:]
                    if event == "resync":
                        self._read_anew()
                elif text.startswith("data: ") and event == "push":
                    self._last = str(json.loads(text[6:])["seq"])
                    self.heard.add(int(self._last))

    def _read_anew(self):
        """What a page does then: it reads what there is. Everything up to here is known."""
        self.anew = max(
            self.anew, self._conn.execute("select coalesce(max(id), 0) as n from event").fetchone()["n"]
        )

    def missed(self, conn):
        """Events of the line that this page neither was told nor read."""
        rows = conn.execute("select id from event where line_id = 1 and id > %s", [self.anew]).fetchall()
        return [row["id"] for row in rows if row["id"] not in self.heard]

    def stop(self):
        self._done.set()
        self._thread.join(30)


@pytest.mark.parametrize("name", ["web", "live", "herald"])
def test_pages_killed_while_advisers_work(whole, tmp_path, capsys, name):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    begun = time.monotonic()
    adviser = Adviser(whole)
    page = Page(whole, adviser.visitor)
    with db.connect(whole.url) as conn:
        before = conn.execute("select count(*) as n from message where kind = 'out'").fetchone()["n"]
        with killing(whole, name, ledger) as kills:
            load(_Door(whole.port), ledger, MAILS, threads=2)
            wanted = len(adviser.answered) + 20  # one person answers some ten a second at most
            until(
                lambda: len(adviser.answered) >= min(MAILS // 3, wanted) or adviser.failed,
                seconds=120,
                why="answers",
            )
        until(lambda: not page.missed(conn), seconds=20, why="the open page misses events")
        adviser.stop()
        page.stop()
        out = conn.execute("select body from message where kind = 'out'").fetchall()
        marks = [mark for row in out for mark in re.findall(r"AX-\d+-\d+-fin", row["body"])]
        with capsys.disabled():
            print(
                f"\n{name}: {len(ledger.acked)} mails, {len(out) - before} answers, {len(kills)} kills, streams opened "
                f"{page.opened} times, {len(page.heard)} pushes heard, {time.monotonic() - begun:.0f} s"
            )
        assert kills
        assert check(conn, ledger).faults() == {}
        assert set(adviser.answered) <= set(marks), "an answer the adviser was told of is not there"
        assert len(out) - before == len(set(adviser.answered))
        assert len(marks) == len(set(marks)), "a form sent again was done twice"
    failed = {k: v["findings"] for k, v in whole.doctor().items() if v["result"] == "failed"}
    assert {k: v for k, v in failed.items() if k not in ("relay", "relay safe")} == {}


class _Door:
    def __init__(self, port):
        self.port = port
