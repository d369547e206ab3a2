"""The live router under fault: processes, bus, database and clock break while contacts arrive and advisers work. Nothing is
lost, offered twice or beyond anybody's capacity, nobody is overtaken by an equal, every offer ends, and once calm returns nobody
idles beside work of theirs.

PORTEVOIX_FAULT_ROUNDS: how often each thing breaks (2 without it); PORTEVOIX_FAULT_PEOPLE: how many advisers (20).
"""

import contextlib
import itertools
import os
import shutil
import signal
from pathlib import Path

import pytest
from hall import Centre
from post import doctor
from scene import PEOPLE, Scene
from services.middlebox import Middlebox
from services.ports import until
from test_database_killed import kill_all, restart_fast
from test_half_open import through
from test_wrong_clock import DAY, HOUR, WrongClock

ROUNDS = int(os.environ.get("PORTEVOIX_FAULT_ROUNDS", "2"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200 + 120 * ROUNDS)]


LOCK = 7037770001
LEADS = """select a.client_port from pg_locks l join pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and l.granted and ((l.classid::bigint << 32) | l.objid::bigint) = %s
  and l.database = (select oid from pg_database where datname = current_database())"""


def through_it(scene, capsys, fault, mend=None):
    """The fault, again and again, each time in the middle of work; then calm, and the account."""
    for _ in range(ROUNDS):
        scene.crew.goes_on(5)
        fault()
        if mend is not None:
            mend()
        scene.crew.goes_on(5)
    scene.calm()
    faults = scene.verdict()
    with capsys.disabled():
        print(f"\n{ROUNDS} x: {scene.crew.closed} contacts of {PEOPLE} people, {len(scene.crew.deeds)} deeds")
    assert faults == {}
    assert doctor(scene.url) == []


def ports_of(pid):
    """The ports of this machine at which the process's connections end."""
    with contextlib.suppress(OSError):
        ours = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {int(line[1].split(":")[1], 16) for line in lines if f"socket:[{line[9]}]" in ours}
    return set()


def leading(scene):
    """The routers that hold the lock, as the database says: one, or none for a moment."""
    with scene.connect() as conn:
        ports = {row["client_port"] for row in conn.execute(LEADS, [LOCK]).fetchall()}
    return [router for router in scene.routers if router.alive() and ports & ports_of(router.child.pid)]


def kill(routers):
    for router in routers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(router.child.pid, signal.SIGKILL)


def kill_leader(scene):
    """The other one has the floor then; or this one again, when the other was just starting."""
    (led,) = until(lambda: leading(scene))
    killed = led.child.pid
    kill([led])
    until(lambda: [router for router in leading(scene) if router.child.pid != killed])


def kill_both(scene):
    """Nobody leads until the supervisor has started one."""
    until(lambda: leading(scene))
    kill(scene.routers)
    until(lambda: leading(scene))


@pytest.mark.parametrize("how", [kill_leader, kill_both])
def test_routers_killed(floor, capsys, how):
    scene = floor()
    through_it(scene, capsys, lambda: how(scene))


def test_the_bus_killed_and_back(floor, capsys, own_nats):
    scene = floor()

    def fault():
        os.kill(own_nats.pid, signal.SIGKILL)
        own_nats.process.wait(10)
        scene.crew.goes_on(10)

    through_it(scene, capsys, fault, own_nats.start)


def test_the_bus_forgotten_on_the_way(centre, conn, own_nats, ledger, capsys):
    """The routers' connections to it lead nowhere, and nobody is told."""
    box = Middlebox(own_nats.port)
    scene = Scene(centre, ledger, NATS_URL=through(own_nats.url(), box))

    def fault():
        box.forget()
        scene.crew.goes_on(10)

    try:
        through_it(scene, capsys, fault, box.remember)
    finally:
        scene.crew.stop()
        box.stop()


@pytest.mark.parametrize("how", [kill_all, restart_fast])
def test_the_database_gone_and_back(server, own_nats, tmp_path, ledger, capsys, how):
    centre = Centre(server.url, own_nats.url(), tmp_path)
    scene = None
    try:
        scene = Scene(centre, ledger)
        pids = {name: process.child.pid for name, process in centre.processes.items()}

        def fault():
            how(server)
            server.postgres.start()

        through_it(scene, capsys, fault)
        assert {name: process.child.pid for name, process in centre.processes.items()} == pids
    finally:
        if scene is not None:
            scene.crew.stop()
        centre.stop()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs Debian's gcc for the clock that is wrong")
def test_the_clock_of_routers_and_timers_steps(floor, capsys, tmp_path):
    """F28: the observer finds any offer that ended early, and any event whose time is not the database's."""
    clock = WrongClock(tmp_path)
    scene = floor(**clock.environment)
    steps = itertools.cycle((HOUR, -HOUR, 0, DAY, -DAY, 0))
    through_it(scene, capsys, lambda: clock.step(next(steps)))
