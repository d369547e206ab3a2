"""Real runner processes on a database and a NATS of the test's own."""

import contextlib
import os
import subprocess
import sys

import pytest

from portevoix.store import db


class Process:
    """One runner; ``ready`` was printed."""

    def __init__(self, name, env):
        self.popen = subprocess.Popen(
            [sys.executable, "-m", f"portevoix.runners.{name}"], env=env, stdout=subprocess.PIPE, text=True
        )
        assert self.popen.stdout.readline().strip() == "ready", name

    @property
    def pid(self):
        return self.popen.pid

    def kill(self):
        self.popen.kill()
        self.popen.wait(10)

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            self.popen.wait(15)
        self.popen.stdout.close()


@pytest.fixture
def environment(database_url, own_nats):
    return os.environ | {
        "DATABASE_URL": database_url,
        "NATS_URL": own_nats.url(),
        "PORTEVOIX_MAIL_WORKERS": "1",
    }


@pytest.fixture
def start(environment):
    """``start("router", VAR="…")`` gives a running process; all are stopped at the end."""
    started = []

    def begin(name, **extra):
        process = Process(name, environment | extra)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.stop()


@pytest.fixture
def conn(database_url):
    with contextlib.closing(db.connect(database_url)) as opened:
        yield opened
