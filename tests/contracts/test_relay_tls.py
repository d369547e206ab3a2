"""F30: the way to the relay with TLS and a login. What is wrong with either keeps the mail here, with the reason."""

from __future__ import annotations

import ssl

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from services.tls import Authority
from sink import Sink

from portevoix.channels.mail.relay import Relay, Tls, deliver

CONTENT = b"Message-ID: <a@b>\r\nSubject: x\r\n\r\nBonjour\r\n"


class SafeSink(Sink):
    """The sink behind STARTTLS or TLS from the first byte, with a login."""

    def __init__(self, cert, key, *, implicit=False, starttls=True, **values):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(cert, key)
        self._implicit, self._starttls = implicit, starttls and not implicit
        self.logins = []
        super().__init__(**values)

    async def _start(self, port):
        outer = self._context if self._implicit else None
        return await self._loop.create_server(self._session, "127.0.0.1", port, ssl=outer)

    def _session(self):
        return SMTP(
            self, hostname="sink.example", loop=self._loop, authenticator=self._who, auth_required=True,
            auth_require_tls=not self._implicit, tls_context=self._context if self._starttls else None,
        )  # fmt: skip

    def _who(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append(data.login)
        return AuthResult(success=(data.login, data.password) == (b"centre", b"secret"), handled=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def sinks(monkeypatch, authority):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    made = []

    def make(*, name="localhost", days=10, **values):
        made.append(SafeSink(*authority.certificate(name, days=days), **values))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def hand_over(sink, tls, *, host="127.0.0.1", user="centre", password="secret"):
    return deliver(
        Relay(host, sink.port, user=user, password=password, tls=tls, hello="centre.example", command_seconds=5.0),
        CONTENT, "a@centre.example", ["b@x.example"],
    )  # fmt: skip


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_tls_and_login(sinks, tls):
    sink = sinks(implicit=tls is Tls.IMPLICIT)
    result = hand_over(sink, tls)
    assert result.accepted == ("b@x.example",), result
    assert sink.logins == [b"centre"]
    assert sink.taken[0][2] == CONTENT


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_a_certificate_that_ran_out_gets_nothing(sinks, tls):
    sink = sinks(implicit=tls is Tls.IMPLICIT, days=-1)
    result = hand_over(sink, tls)
    assert not result.reached
    assert "expired" in str(result.later["b@x.example"])
    assert (sink.taken, sink.logins) == ([], [])


def test_a_certificate_of_another_name_gets_nothing(sinks):
    sink = sinks(name="elsewhere.example")
    result = hand_over(sink, Tls.STARTTLS, host="localhost")
    assert not result.reached
    assert "mismatch" in str(result.later["b@x.example"])
    assert (sink.taken, sink.logins) == ([], [])


def test_an_authority_nobody_knows_gets_nothing(sinks, monkeypatch):
    sink = sinks()
    monkeypatch.delenv("SSL_CERT_FILE")
    result = hand_over(sink, Tls.STARTTLS)
    assert not result.reached
    assert "verify failed" in str(result.later["b@x.example"])
    assert (sink.taken, sink.logins) == ([], [])


def test_no_plain_text_when_the_relay_offers_no_tls(sinks):
    sink = sinks(starttls=False)
    result = hand_over(sink, Tls.STARTTLS)
    assert not result.reached
    assert result.later
    assert (sink.taken, sink.logins) == ([], [])


def test_a_wrong_password_is_the_relays_word_not_the_mails(sinks):
    sink = sinks()
    result = hand_over(sink, Tls.STARTTLS, password="wrong")
    assert (result.reached, result.accepted, dict(result.refused)) == (False, (), {})
    assert str(result.later["b@x.example"]).startswith("535")
    assert sink.taken == []
