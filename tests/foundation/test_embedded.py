"""The embedded servers: real start, private, taken over after a kill, gone with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nats
import psycopg
import pytest

from portevoix.embedded import EmbeddedError, EmbeddedNats, EmbeddedPostgres
from portevoix.embedded.owner import Owner, blocked_parent
from portevoix.embedded.process import command_of, wait_gone


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a directory that PostgreSQL's own user can reach (pytest's tmp_path is closed to it)."""
    with tempfile.TemporaryDirectory(prefix="portevoix-embedded-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_the_application_is_no_superuser_and_a_wrong_password_is_refused(superuser_url: str) -> None:
    url = superuser_url.rsplit("/", 1)[0].replace("//postgres:", "//portevoix:") + "/portevoix"
    with psycopg.connect(url) as opened:
        row = opened.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    assert row == (False,)
    wrong = url.replace("//portevoix:", "//portevoix:not-")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_data_survive_a_kill_and_the_stale_server_is_taken_over(home: Path) -> None:
    first = EmbeddedPostgres(home, follow_parent=False)
    with psycopg.connect(first.start(), autocommit=True) as opened:
        opened.execute("create table kept (n int)")
        opened.execute("insert into kept values (42)")
    stale = first.pid
    assert stale is not None
    # A second run that never heard of the first one's process, as after a kill -9 of the supervisor.
    second = EmbeddedPostgres(home)
    try:
        with psycopg.connect(second.start()) as opened:
            assert opened.execute("select n from kept").fetchone() == (42,)
            assert opened.execute("show fsync").fetchone() == ("on",)
        assert second.pid != stale
        assert first.process is not None
        assert first.process.wait(5) == 0, "the stale server was stopped, and cleanly"
    finally:
        second.stop()


def test_a_recycled_process_id_is_left_alone(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.cluster.mkdir()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (server.cluster / "postmaster.pid").write_text(f"{stranger.pid}\n")
        assert server.stop_stale() is None
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_servers_end_when_their_parent_is_killed(home: Path) -> None:
    script = (
        "import sys, pathlib, signal\n"
        "from portevoix.embedded import EmbeddedNats, EmbeddedPostgres\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "pg, bus = EmbeddedPostgres(home), EmbeddedNats(home)\n"
        "pg.start(); bus.start(); print(pg.pid, bus.pid, flush=True)\n"
        "signal.pause()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [int(word) for word in parent.stdout.readline().split()]
    assert len(children) == 2
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert all(wait_gone(child, 20) for child in children)
    parent.stdout.close()


async def _connect(url: str) -> None:
    client = await nats.connect(url, allow_reconnect=False, connect_timeout=2)
    await client.close()


def test_nats_lets_in_only_who_has_the_token(own_nats: EmbeddedNats) -> None:
    import asyncio

    asyncio.run(_connect(own_nats.url()))
    with pytest.raises(Exception, match=r"(?i)authorization"):
        asyncio.run(_connect(f"nats://wrong@127.0.0.1:{own_nats.port}"))
    assert own_nats.config.stat().st_mode & 0o077 == 0
    assert not any("token" in word or own_nats._token in word for word in command_of(own_nats.pid or 0))


def test_a_closed_parent_directory_is_found_and_not_opened(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    nobody = Owner(uid=65534, gid=65534, switch=True)
    for parent in [tmp_path, *tmp_path.parents[:-1]]:
        if not parent.stat().st_mode & 0o001:
            assert blocked_parent(closed / "data", nobody) is not None
            break
    else:
        assert blocked_parent(closed / "data", nobody) == closed
    assert closed.stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        with pytest.raises(EmbeddedError, match="--data"):
            EmbeddedPostgres(closed / "data").start()
