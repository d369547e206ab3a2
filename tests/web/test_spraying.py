"""One password tried on many accounts from one address, with two page processes that share only the database."""

from __future__ import annotations

import http.cookiejar
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from made_accounts import make_account
from services.ports import free_port, listening, until

PASSWORD = "cheval correct agrafe"
SIGN_IN = "/compte/connexion"


@pytest.fixture
def people(django_database: str) -> dict[str, Any]:
    make = make_account
    return {
        name: make(f"{name}@example.org", PASSWORD, full_name=name.title())
        for name in ("alice", "bob", "carla")
    }


@pytest.fixture
def client(people: dict[str, Any]) -> Iterator[Any]:
    from django.test import Client, override_settings

    storage = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storage):
        yield lambda: Client(headers={"accept-language": "fr"}, HTTP_HOST="localhost")


def attempt(client: Any, name: str, password: str = "faux", **more: Any) -> Any:
    return client().post(SIGN_IN, {"username": f"{name}@example.org", "password": password}, **more)


def later(**time: int) -> None:
    """As if the failures had been that much earlier."""
    from django.db.models import F

    from portevoix.web.accounts.models import SignInFailure

    SignInFailure.objects.update(at=F("at") - timedelta(**time))


def spray(client: Any, count: int, **more: Any) -> list[int]:
    return [attempt(client, f"inconnu{n}", **more).status_code for n in range(count)]


def test_after_a_few_different_accounts_the_address_waits_ever_longer(client: Any) -> None:
    assert spray(client, 6) == [200] * 6
    waits = []
    for n in range(6, 10):
        said = attempt(client, f"inconnu{n}")
        assert said.status_code == 429
        waits.append(int(said["Retry-After"]))
        later(seconds=waits[-1] + 1)
        assert attempt(client, f"inconnu{n}").status_code == 200
    assert waits == sorted(waits)
    assert waits[-1] >= 4 * waits[0]
    # Whether an account exists is not told: the right password waits as well.
    assert attempt(client, "alice", PASSWORD).status_code == 429
    # Elsewhere nobody waits, and after an hour neither does this address.
    assert attempt(client, "alice", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302
    later(hours=2)
    assert attempt(client, "alice", PASSWORD).status_code == 302


def test_a_try_that_was_not_looked_at_does_not_count(client: Any) -> None:
    from axes.models import AccessAttempt

    from portevoix.web.accounts.models import SignInFailure

    spray(client, 6)
    before = SignInFailure.objects.count(), AccessAttempt.objects.count()
    for _ in range(8):
        assert attempt(client, "alice").status_code == 429
    assert (SignInFailure.objects.count(), AccessAttempt.objects.count()) == before


def test_who_signed_in_from_here_never_waits_for_what_others_did(client: Any) -> None:
    assert attempt(client, "bob", PASSWORD).status_code == 302
    spray(client, 12)
    assert attempt(client, "carla", PASSWORD).status_code == 429
    assert attempt(client, "bob", PASSWORD).status_code == 302


def test_an_office_behind_one_address_may_mistype_more(client: Any) -> None:
    for name in ("alice", "bob", "carla"):
        assert attempt(client, name, PASSWORD).status_code == 302
    assert spray(client, 12) == [200] * 12  # 5 and 2 for each of three
    assert attempt(client, "inconnu99").status_code == 429


def test_one_person_who_mistypes_is_one_account(client: Any) -> None:
    for _ in range(4):
        attempt(client, "alice")
    assert spray(client, 4) == [200] * 4
    assert attempt(client, "alice", PASSWORD).status_code == 302


def test_names_are_not_kept(client: Any) -> None:
    from portevoix.web.accounts.models import SignInFailure

    attempt(client, "motdepasse-par-erreur")
    kept = SignInFailure.objects.values_list("place", "name").get()
    assert "motdepasse" not in str(kept)


def test_djangos_own_sign_in_page_waits_too(client: Any) -> None:
    spray(client, 6)
    values = {"username": "alice@example.org", "password": PASSWORD, "next": "/admin/"}
    answer = client().post("/admin/login/", values)
    assert "_auth_user_id" not in answer.client.session


@pytest.mark.parametrize(
    ("https", "direct", "told", "place"),
    [
        (True, "127.0.0.1", "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        (True, "100.200.1.1", "198.51.100.9", "100.200.1.1"),  # not our proxy: what it says is its own word
        (False, "127.0.0.1", "198.51.100.9", "127.0.0.1"),
        (True, "127.0.0.1", "n'importe quoi", "127.0.0.1"),
        (True, "127.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (True, "::ffff:100.200.1.1", "", "100.200.1.1"),
        (True, "", "", "unknown"),
    ],
)
def test_where_a_request_comes_from(
    people: dict[str, Any], https: bool, direct: str, told: str, place: str
) -> None:
    from django.test import RequestFactory, override_settings

    from portevoix.web.accounts import guard

    with override_settings(HTTPS=https):
        request = RequestFactory().post("/", REMOTE_ADDR=direct, HTTP_X_FORWARDED_FOR=told)
        assert guard.place_of(request) == place


# --- two page processes -------------------------------------------------------------------------------


class Visitor:
    """A browser without cookies of before, at one of the processes."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, path: str) -> str:
        with self._opener.open(self._base + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, **values: str) -> tuple[int, str]:
        """Status and final address."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        assert token
        data = urllib.parse.urlencode(values | {"csrfmiddlewaretoken": token[1]}).encode()
        try:
            with self._opener.open(self._base + path, data, timeout=30) as answer:
                return answer.status, answer.url
        except urllib.error.HTTPError as error:
            return error.code, error.url


@pytest.fixture
def pages(people: dict[str, Any], django_database: str, tmp_path: Path) -> Iterator[Callable[..., list[int]]]:
    """Start page processes of one worker each; gives their ports."""
    started: list[subprocess.Popen[bytes]] = []

    def start(count: int, **environment: str) -> list[int]:
        ports = [free_port() for _ in range(count)]
        env = {**os.environ, "DATABASE_URL": django_database, "PORTEVOIX_DATA": str(tmp_path), "PORTEVOIX_DEBUG": "1",
               "PYTHONWARNINGS": "ignore", **environment}  # fmt: skip
        for port in ports:
            command = [sys.executable, "-m", "gunicorn", "portevoix.web.wsgi:application", "--bind", f"127.0.0.1:{port}",
                       "--worker-class", "gthread", "--workers", "1", "--threads", "2"]  # fmt: skip
            with (tmp_path / f"{port}.log").open("wb") as out:
                started.append(subprocess.Popen(command, env=env, stdout=out, stderr=out))
        for port in ports:
            until(lambda port=port: listening(port), seconds=60)
        return ports

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(20)


@pytest.mark.timeout(600)
def test_two_page_processes_count_together(pages: Any) -> None:
    from aiosmtpd.controller import Controller

    mails: list[Any] = []

    class Sink:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            mails.append(envelope.rcpt_tos)
            return "250 OK"

    sink = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    sink.start()
    try:
        ports = pages(2, PORTEVOIX_ACCOUNT_SMTP=f"smtp://127.0.0.1:{sink.port}")
        said = [
            Visitor(ports[n % 2]).post(SIGN_IN, username=f"inconnu{n}@example.org", password="faux")[0]
            for n in range(6)
        ]
        assert said == [200] * 6
        for port in ports:
            assert Visitor(port).post(SIGN_IN, username="alice@example.org", password=PASSWORD)[0] == 429

        from portevoix.web.accounts.models import PasswordLink

        forgotten = "/compte/mot-de-passe/oublie"
        for n in range(8):
            assert Visitor(ports[n % 2]).post(forgotten, email="bob@example.org")[1].endswith("/envoye")
        until(lambda: len(mails) == 3)
        # The eighth was refused before this one of another account is sent: no fourth is on its way.
        Visitor(ports[1]).post(forgotten, email="carla@example.org")
        until(lambda: ["carla@example.org"] in mails)
        assert mails.count(["bob@example.org"]) == 3
        assert PasswordLink.objects.filter(account__email="bob@example.org").count() == 3
    finally:
        sink.stop()
