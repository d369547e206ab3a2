"""The pages of ``bench desk`` over HTTP, signed in, and how many statements each costs."""

from __future__ import annotations

import http.client
import sys
import time
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.text import FIRST, LAST, vocabulary

if TYPE_CHECKING:
    from portevoix.store.db import Connection

LISTS = ("attente", "toutes", "automatiques")


def cookies(accounts: list[int]) -> list[str]:
    """Sign these accounts in: the session cookies. Django must point at the database."""
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    made = []
    for account in accounts:
        user = get_user_model().objects.get(pk=account)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        made.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    return made


def searches(count: int, chance: Random) -> list[str]:
    """What people type: common words, rare ones, two words, names, addresses, accents left out, slips of the finger."""
    words = [word for word in vocabulary(30_000) if word.isalpha() and len(word) > 4]
    names = [f"{chance.choice(FIRST)} {chance.choice(LAST)}" for _ in range(count)]

    def slip(word: str) -> str:
        at = chance.randrange(1, len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    kinds = (
        lambda: words[int(chance.random() * 60)],
        lambda: words[int(chance.random() * len(words))],
        lambda: f"{words[int(chance.random() * 200)]} {words[int(chance.random() * 3000)]}",
        names.pop,
        lambda: chance.choice(LAST).lower(),
        lambda: ".".join((chance.choice(FIRST), chance.choice(LAST))).lower(),
        lambda: words[int(chance.random() * 300)].translate(str.maketrans("éèêàçôîù", "eeeacoiu")),
        lambda: slip(words[int(chance.random() * 2000)]),
        lambda: f'"{words[int(chance.random() * 100)]} {words[int(chance.random() * 100)]}"',
    )
    return [kinds[n % len(kinds)]() for n in range(count)]


def addresses(conn: Connection, count: int) -> dict[str, list[str]]:
    """The addresses to ask for, by kind."""
    chance = Random(11)
    newest = conn.execute("select max(id) as n from conversation").fetchone()
    assert newest is not None
    conversations = [chance.randrange(1, newest["n"]) for _ in range(count)]
    rows = conn.execute("select last_at, id from conversation where id = any(%s)", [conversations]).fetchall()
    return {
        "list": [f"/bureau/liste/{LISTS[n % len(LISTS)]}/" for n in range(count)],
        "conversation": [f"/bureau/c/{row['id']}/" for row in rows],
        "search": [f"/recherche/?q={quote(text)}" for text in searches(count, chance)],
    }


def timed(port: int, cookie: list[str], paths: list[str], told: str) -> list[float]:
    """Milliseconds of each, one after the other on one connection."""
    took: list[tuple[float, str]] = []
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number, path in enumerate(paths):
        begun = time.perf_counter()
        client.request("GET", path, headers={"Cookie": cookie[number % len(cookie)], "Host": "127.0.0.1"})
        answer = client.getresponse()
        body = answer.read()
        took.append(((time.perf_counter() - begun) * 1000, path))
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {answer.getheader('Location')} {body[:300]!r}")
    worst = ", ".join(f"{path} {ms:.0f} ms" for ms, path in sorted(took, reverse=True)[:4])
    print(f"slowest {told}: {worst}", file=sys.stderr)
    return [ms for ms, _ in took]


def queries(cookie: str, path: str) -> int:
    """Statements sent to PostgreSQL for one page."""
    import psycopg
    from django.test import Client

    name, _, value = cookie.partition("=")
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies[name] = value
    client.get(path)
    real, count = psycopg.Cursor.execute, 0

    def counted(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return real(self, *args, **options)

    psycopg.Cursor.execute = counted  # type: ignore[method-assign]
    try:
        client.get(path)
    finally:
        psycopg.Cursor.execute = real  # type: ignore[method-assign]
    return count
