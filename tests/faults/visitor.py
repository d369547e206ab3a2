"""An adviser's browser without a screen: signs in, reads pages, says how long each took."""

from __future__ import annotations

import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request

PASSWORD = "une phrase de passe assez longue"
EMAIL = "sophie@centre.example"

#: Django makes the account in a process of its own: the tests of faults have no Django configured.
MAKE_ACCOUNT = f"""
from portevoix.web.accounts.models import User
User.objects.create_user({EMAIL!r}, {PASSWORD!r}, full_name="Sophie", role="supervisor")
"""


class Visitor:
    """``get`` and ``post`` give (status, seconds, text); an answer that never comes has the status 0."""

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self.url = url
        self._timeout = timeout
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> tuple[int, float, str]:
        """One page."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, **fields: str) -> tuple[int, float, str]:
        """One form, with the proof of origin that the last page gave."""
        token = next((cookie.value or "" for cookie in self.jar if cookie.name == "portevoix_csrf"), "")
        data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
        return self._ask(urllib.request.Request(self.url + path, data, {"Referer": self.url + path}))

    def sign_in(self) -> None:
        """As a person does."""
        _status, _seconds, page = self.get("/compte/connexion")
        assert re.search(r'name="csrfmiddlewaretoken"', page), page[:500]
        status, _seconds, page = self.post("/compte/connexion", username=EMAIL, password=PASSWORD)
        assert status == 200, page[:500]
        assert any(cookie.name == "portevoix_session" for cookie in self.jar), page[:500]

    def _ask(self, request: urllib.request.Request) -> tuple[int, float, str]:
        begun = time.monotonic()
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        except OSError as error:
            status, text = 0, str(error)
        return status, time.monotonic() - begun, text
