"""Forged requests, sessions, cookies: every POST needs the page's token, no GET changes anything, sign-out is the end."""

from __future__ import annotations

from typing import Any

from attacks.routes import addresses, patterns
from centre_world import PASSWORD, World

#: Signs of life and what signing in leaves: not what a forged link is after.
OWN = {
    "django_session",
    "heartbeat",
    "axes_accesslog",
    "axes_accessattempt",
    "axes_accessfailurelog",
    "account_seen",
}


def filled(world: World, ids: dict[str, Any]) -> dict[str, Any]:
    return ids | {"account_id": world.accounts["eve"].pk}


def rows(world: World) -> dict[str, str]:
    """A print of every table."""
    tables = [
        row["name"]
        for row in world.conn.execute(
            "select tablename as name from pg_tables where schemaname = 'public' order by 1"
        )
        if row["name"] not in OWN
    ]
    return {
        name: str(world.conn.execute(f"select md5(string_agg(t::text, '' order by t::text)) as x from {name} t").fetchone())
        for name in tables
    }  # fmt: skip


def test_every_post_without_the_pages_token_is_refused(sign: Any, world: World, ids: dict[str, Any]) -> None:
    clients = [(who, sign(who)) for who in ("", "alice", "admin")]
    before = rows(world)
    for who, client in clients:
        client.handler.enforce_csrf_checks = True
        for name, path in addresses(filled(world, ids)):
            for method in (client.post, client.put, client.patch, client.delete):
                answer = method(path, headers={"origin": "https://evil.example"})
                assert answer.status_code in (403, 405), (who, name, answer.status_code)
    assert rows(world) == before


def test_no_view_waives_the_token() -> None:
    waived = [name for name, pattern in patterns() if getattr(pattern.callback, "csrf_exempt", False)]
    assert waived == []


def test_no_get_changes_anything(sign: Any, world: World, ids: dict[str, Any]) -> None:
    # Once before: a first visit may lay down what stands there for good.
    clients = [sign(who) for who in ("alice", "sophie", "admin")]
    for client in clients:
        client.get("/bureau/")
    before = rows(world)
    for client in clients:
        for _name, path in addresses(filled(world, ids)):
            for headers in ({}, {"HX-Request": "true"}):
                client.get(
                    path, {"moi": "1", "autre": ids["conversation_id"], "partagee": "1"}, headers=headers
                )
    after = rows(world)
    assert [table for table in before if before[table] != after[table]] == []


def test_a_session_is_new_after_signing_in_and_gone_after_signing_out(sign: Any, world: World) -> None:
    from django.conf import settings
    from django.contrib.sessions.models import Session

    client = sign("")
    client.cookies[settings.SESSION_COOKIE_NAME] = "planted0by0a0stranger0000000000"
    client.get("/compte/connexion")
    client.post("/compte/connexion", {"username": "bob@centre.example", "password": PASSWORD})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie.value != "planted0by0a0stranger0000000000"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    key = cookie.value
    assert client.get("/live/token").status_code == 200
    client.post("/compte/deconnexion")
    assert not Session.objects.filter(session_key=key).exists()
    client.cookies[settings.SESSION_COOKIE_NAME] = key  # somebody kept a copy
    for path in ("/bureau/", "/live/token", "/recherche/"):
        assert client.get(path).status_code == 302, path


def test_a_new_password_ends_the_other_sessions(sign: Any, world: World) -> None:
    here, there = sign(""), sign("")
    for client in (here, there):
        client.post("/compte/connexion", {"username": "eve@centre.example", "password": PASSWORD})
        assert client.get("/live/token").status_code == 200
    fresh = "encore une phrase bien longue"
    form = {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    assert here.post("/compte/mot-de-passe", form).status_code == 302
    assert here.get("/live/token").status_code == 200
    assert there.get("/live/token").status_code == 302
    world.accounts["eve"].set_password(PASSWORD)
    world.accounts["eve"].save()


def test_cookies_are_secure_behind_https() -> None:
    import os
    import subprocess
    import sys

    code = (
        "from portevoix.web import settings as s; assert s.SESSION_COOKIE_SECURE and s.CSRF_COOKIE_SECURE and "
        "s.SECURE_HSTS_SECONDS and s.CSRF_COOKIE_HTTPONLY and not s.DEBUG"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PORTEVOIX_HTTPS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_foreign_host_name_is_refused(sign: Any, world: World) -> None:
    for host in ("evil.example", "localhost.evil.example", "localhost:8000@evil.example"):
        answer = sign("").post("/compte/mot-de-passe/oublie", {"email": "bob@centre.example"}, HTTP_HOST=host)
        assert answer.status_code == 400, host
    answer = sign("alice").post(
        "/presence/", {"etat": "away"}, headers={"referer": "http://localhost//evil.example/x"}
    )
    assert not answer["Location"].startswith("//")


def test_the_mailbox_of_another_is_not_flooded_with_links(
    sign: Any, world: World, settings_mail: Any
) -> None:
    for _try in range(12):
        answer = sign("").post("/compte/mot-de-passe/oublie", {"email": "Bob@centre.example"})
        assert answer.status_code == 302
    assert 1 <= len(settings_mail()) <= 3
