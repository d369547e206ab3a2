"""Signing in and out, passwords, preferences. Alice owns the account, Bob is a colleague, Charlie an outsourcer's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from made_accounts import make_account

PASSWORD = "cheval correct agrafe"
SIGN_IN = "/compte/connexion"


@pytest.fixture(scope="module")
def people(django_module_database: str) -> dict[str, Any]:
    from portevoix.web.records.models import Organisation

    house = Organisation.objects.create(name="Maison", kind="in-house")
    other = Organisation.objects.create(name="Prestataire", kind="outsourcer")
    make = make_account
    return {
        "alice": make("Alice@Example.org", PASSWORD, full_name="Alice Martin", organisation=house),
        "bob": make("bob@example.org", PASSWORD, full_name="Bob Petit", organisation=house),
        "charlie": make("charlie@example.net", PASSWORD, full_name="Charlie Roy", organisation=other),
    }


@pytest.fixture
def client(people: dict[str, Any]) -> Iterator[Any]:
    from axes.models import AccessAttempt
    from django.test import Client, override_settings

    from portevoix.web.accounts.models import PasswordLink, SignInFailure, SignInSuccess

    for limit in (AccessAttempt, PasswordLink, SignInFailure, SignInSuccess):  # those of other tests
        limit.objects.all().delete()
    storage = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storage, EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        yield Client(headers={"accept-language": "fr"}, HTTP_HOST="localhost")


def attempt(client: Any, email: str, password: str, **kwargs: Any) -> Any:
    return client.post(SIGN_IN, {"username": email, "password": password}, **kwargs)


def test_address_is_the_name_whatever_its_case(client: Any, people: dict[str, Any]) -> None:
    assert people["alice"].email == "alice@example.org"
    assert attempt(client, "ALICE@example.ORG", PASSWORD).status_code == 302
    assert client.session["_auth_user_id"] == str(people["alice"].pk)


def test_one_address_one_account(people: dict[str, Any]) -> None:
    from django.db import IntegrityError, transaction

    from portevoix.web.accounts.models import User

    for address in ("alice@example.org", "ALICE@example.org"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(email=address, full_name="X")])


def test_password_is_hashed_by_argon2(people: dict[str, Any]) -> None:
    assert people["alice"].password.startswith("argon2$argon2id$")


def refusal(response: Any) -> str:
    found = re.search(r'class="error-summary".*?</ul>', response.content.decode(), re.DOTALL)
    assert found
    return found[0]


def test_refusal_does_not_tell_who_has_an_account(client: Any, people: dict[str, Any]) -> None:
    from portevoix.web.accounts.models import User

    User.objects.create_user("partie@example.org", PASSWORD, full_name="Partie", is_active=False)
    wrong = [
        attempt(client, "alice@example.org", "faux"),
        attempt(client, "personne@example.org", "faux"),
        attempt(client, "partie@example.org", PASSWORD),
    ]
    assert len({refusal(response) for response in wrong}) == 1
    assert {response.status_code for response in wrong} == {200}


def test_unknown_address_costs_one_hash_as_well(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    hashed = []
    real = Argon2PasswordHasher.encode
    monkeypatch.setattr(
        Argon2PasswordHasher, "encode", lambda self, *args: hashed.append(1) or real(self, *args)
    )
    attempt(client, "personne@example.org", "faux")
    assert hashed == [1]


@pytest.mark.parametrize("address", ["alice@example.org", "personne@example.org"])
def test_five_failures_lock_this_account_from_this_address(client: Any, address: str) -> None:
    for _ in range(4):
        assert attempt(client, address, "faux").status_code == 200
    locked = attempt(client, address.upper(), "faux")
    assert locked.status_code == 429
    assert "15 minutes" in locked.content.decode()
    assert attempt(client, address, PASSWORD).status_code == 429
    # Neither a colleague here nor the owner elsewhere is kept out.
    assert attempt(client, "bob@example.org", PASSWORD).status_code == 302
    client.post("/compte/deconnexion")
    if address.startswith("alice"):
        assert attempt(client, address, PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_lock_ends_after_a_quarter_of_an_hour(client: Any) -> None:
    from axes.models import AccessAttempt
    from django.db.models import F

    for _ in range(5):
        attempt(client, "alice@example.org", "faux")
    assert attempt(client, "alice@example.org", PASSWORD).status_code == 429
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=16))
    assert attempt(client, "alice@example.org", PASSWORD).status_code == 302


def test_every_page_asks_for_sign_in(client: Any) -> None:
    for path in ("/", "/compte/preferences", "/compte/mot-de-passe", "/admin/"):
        response = client.get(path)
        assert response.status_code == 302, path
        assert "fin=1" not in response["Location"]


def test_fragment_after_the_session_sends_the_whole_page_to_sign_in(
    client: Any, people: dict[str, Any]
) -> None:
    client.force_login(people["alice"])
    client.session.flush()
    response = client.get(
        "/compte/preferences",
        headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/conversation/7?vue=2"},
    )
    assert response.status_code == 401
    assert response["HX-Redirect"] == "/compte/connexion?next=%2Fconversation%2F7%3Fvue%3D2&fin=1"
    page = client.get(response["HX-Redirect"]).content.decode()
    assert "Votre session est terminée" in page
    assert "brouillons sont gardés" in page


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_sign_in_goes_only_to_our_own_pages(client: Any, target: str) -> None:
    response = client.post(SIGN_IN, {"username": "bob@example.org", "password": PASSWORD, "next": target})
    assert response["Location"] == "/"
    response = client.post("/compte/langue", {"language": "en", "next": target})
    assert response["Location"] == "/"


def test_sign_out_is_a_post(client: Any, people: dict[str, Any]) -> None:
    client.force_login(people["bob"])
    assert client.get("/compte/deconnexion").status_code == 405
    client.post("/compte/deconnexion")
    assert client.get("/compte/preferences").status_code == 302


def test_preferences_are_ones_own(client: Any, people: dict[str, Any]) -> None:
    client.force_login(people["bob"])
    sent = {
        "language": "en",
        "theme": "dark",
        "density": "dense",
        "font": "dyslexia",
        "role": "administrator",
    }
    assert (
        client.post(
            "/compte/preferences", {**sent, "pk": people["alice"].pk, "id": people["alice"].pk}
        ).status_code
        == 302
    )
    for name in ("alice", "bob"):
        people[name].refresh_from_db()
    assert (people["bob"].theme, people["bob"].font, people["bob"].sound) == ("dark", "dyslexia", False)
    assert people["bob"].role == "adviser"
    assert people["alice"].theme == "auto"
    page = client.get("/compte/preferences").content.decode()
    assert '<html lang="en" data-theme="dark" data-density="dense" data-font="dyslexia"' in page
    people["bob"].language = "fr"
    people["bob"].save()


def test_theme_switch_takes_only_known_themes(client: Any, people: dict[str, Any]) -> None:
    client.force_login(people["charlie"])
    assert client.post("/compte/theme", {"theme": "dark"}).status_code == 204
    assert client.post("/compte/theme", {"theme": '"><script>'}).status_code == 400
    people["charlie"].refresh_from_db()
    assert people["charlie"].theme == "dark"


def test_forgotten_password_says_the_same_to_all_and_the_link_works_once(client: Any) -> None:
    from django.core import mail

    mail.outbox = []  # whatever other tests of this process sent
    answers = [
        client.post("/compte/mot-de-passe/oublie", {"email": address})
        for address in ("personne@example.org", "Charlie@example.net")
    ]
    assert len({(one.status_code, one["Location"]) for one in answers}) == 1
    for thread in list(__import__("threading").enumerate()):
        if thread.name == "account-mail":
            thread.join(10)
    assert [letter.to for letter in mail.outbox] == [["charlie@example.net"]]
    link = re.search(r"http://localhost(/\S+)", mail.outbox[0].body)
    assert link
    form = client.get(link[1])
    new = "une phrase assez longue"
    done = client.post(form["Location"], {"new_password1": new, "new_password2": new})
    assert done.status_code == 302
    assert attempt(client, "charlie@example.net", new).status_code == 302
    client.post("/compte/deconnexion")
    assert "plus valable" in client.get(link[1], follow=True).content.decode()


def test_weak_password_is_refused_with_a_reason(client: Any, people: dict[str, Any]) -> None:
    client.force_login(people["alice"])
    for weak in ("court", "motdepasse12"[:11], "123456789012345", "alice martin"):
        page = client.post(
            "/compte/mot-de-passe", {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
        ).content.decode()
        assert 'class="error-summary"' in page, weak


def test_pages_carry_the_headers_that_close_doors(client: Any, people: dict[str, Any]) -> None:
    headers = client.get(SIGN_IN).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    client.force_login(people["alice"])
    assert client.get("/compte/preferences")["Cache-Control"] == "no-store"


def test_forged_form_gets_a_page_that_explains(people: dict[str, Any], client: Any) -> None:
    from django.test import Client

    forged = Client(enforce_csrf_checks=True, headers={"accept-language": "fr"}, HTTP_HOST="localhost")
    forged.force_login(people["alice"])
    response = forged.post("/compte/theme", {"theme": "light"})
    assert response.status_code == 403
    assert "Formulaire périmé" in response.content.decode()


def test_gallery_is_for_administrators(client: Any, people: dict[str, Any]) -> None:
    client.force_login(people["alice"])
    refused = client.get("/ui/")
    assert refused.status_code == 403
    assert "Accès réservé" in refused.content.decode()
    missing = client.get("/nulle-part")
    assert missing.status_code == 404
    assert "introuvable" in missing.content.decode()
