"""Hand one finished mail to the relay over SMTP, and say exactly what became of it.

No retries here and no database: ``deliver`` speaks once. ``before_data`` is asked after the relay took the recipients
and before it gets the mail; a caller whose lease is gone answers False, and nothing leaves.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Seconds. RFC 5321 4.5.3.2 allows five minutes for commands; a relay of one's own is quicker. The answer to the mail
#: itself is waited for as long as 4.5.3.2.6 asks (ten minutes): giving up early is what makes doubles.
CONNECT_SECONDS: Final = 20.0
COMMAND_SECONDS: Final = 60.0
ACCEPT_SECONDS: Final = 600.0

_LEADING_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


class Tls(StrEnum):
    """How the way to the relay is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over. ``hello``: the name we give ourselves, the centre's domain and not the machine's."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.NONE
    hello: str = "localhost"
    connect_seconds: float = CONNECT_SECONDS
    command_seconds: float = COMMAND_SECONDS
    accept_seconds: float = ACCEPT_SECONDS


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal: the code of the reply and its words."""

    code: int
    text: str

    @property
    def permanent(self) -> bool:
        """The same mail will be refused again (RFC 5321 4.2.1)."""
        return 500 <= self.code < 600

    @override
    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt.

    ``accepted`` got it; ``refused`` never will; ``later`` may. ``reached`` False: the relay itself could not be spoken
    to, which says nothing about this mail. ``fenced``: ``before_data`` said no.
    """

    accepted: tuple[str, ...] = ()
    refused: Mapping[str, Said] = field(default_factory=dict)
    later: Mapping[str, Said] = field(default_factory=dict)
    reply: str = ""
    reached: bool = True
    fenced: bool = False


def deliver(
    relay: Relay,
    content: bytes,
    sender: str,
    recipients: Sequence[str],
    *,
    before_data: Callable[[], bool] = lambda: True,
) -> Result:
    """One attempt. Never raises for what a relay, a network or a bad certificate does.

    What ``before_data`` raises goes through, after the connection was closed without the mail.
    """
    try:
        client = _connect(relay)
    except (OSError, smtplib.SMTPException) as error:
        return Result(later=_all(recipients, _said(error)), reply=str(_said(error)), reached=False)
    try:
        return _speak(client, relay, content, sender, recipients, before_data)
    finally:
        _leave(client)


def certificate_ends(relay: Relay) -> datetime:
    """When the relay's certificate runs out, as it shows it now. No login, no mail.

    Raises ``OSError`` (``ssl.SSLError`` too) or ``smtplib.SMTPException`` when there is no safe way to it.
    """
    client = _connect(replace(relay, user="", password=""))
    try:
        assert isinstance(client.sock, ssl.SSLSocket)
        shown = client.sock.getpeercert() or {}
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    finally:
        _leave(client)


def _connect(relay: Relay) -> smtplib.SMTP:
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if relay.tls is Tls.IMPLICIT:
        client = smtplib.SMTP_SSL(
            relay.host, relay.port, relay.hello, timeout=relay.connect_seconds, context=context
        )
    else:
        client = smtplib.SMTP(relay.host, relay.port, relay.hello, timeout=relay.connect_seconds)
    try:
        if client.sock is not None:
            client.sock.settimeout(relay.command_seconds)
        client.ehlo_or_helo_if_needed()
        if relay.tls is Tls.STARTTLS:
            # A relay that no longer offers TLS gets nothing: no silent fall-back to plain text.
            client.starttls(context=context)
            client.ehlo()
        if relay.user:
            client.login(relay.user, relay.password)
    except BaseException:
        client.close()
        raise
    return client


def _speak(
    client: smtplib.SMTP,
    relay: Relay,
    content: bytes,
    sender: str,
    recipients: Sequence[str],
    before_data: Callable[[], bool],
) -> Result:
    refused: dict[str, Said] = {}
    later: dict[str, Said] = {}
    accepted: list[str] = []
    wide = not all(address.isascii() for address in (sender, *recipients))
    if wide and not client.has_extn("smtputf8"):
        said = Said(553, "5.6.7 the relay takes no addresses beyond ASCII (SMTPUTF8)")
        wide_ones = [address for address in recipients if not (sender + address).isascii()]
        refused |= _all(wide_ones, said)
        recipients = [address for address in recipients if address not in wide_ones]
        wide = False
    try:
        if recipients and (problem := _mail(client, sender, content, wide=wide)):
            target = refused if problem.permanent else later
            target |= _all(recipients, problem)
            return Result((), refused, later, str(problem))
        for address in recipients:
            said = Said(*_reply(client.rcpt(address)))
            if said.code in (250, 251):
                accepted.append(address)
            else:
                (refused if said.permanent else later)[address] = said
        if not accepted:
            return Result((), refused, later, _last(refused, later))
        answer = _data(client, relay, content, before_data)
    except (OSError, smtplib.SMTPException) as error:
        rest = [address for address in recipients if address not in refused]
        return Result((), refused, later | _all(rest, _said(error)), str(_said(error)))
    if answer is None:
        return Result(fenced=True)
    if answer.code == 250:
        return Result(tuple(accepted), refused, later, str(answer))
    target = refused if answer.permanent else later
    target |= _all(accepted, answer)
    return Result((), refused, later, str(answer))


def _mail(client: smtplib.SMTP, sender: str, content: bytes, *, wide: bool) -> Said | None:
    options = ["SMTPUTF8", "BODY=8BITMIME"] if wide else []
    if client.has_extn("size"):
        options.append(f"size={len(content)}")
    said = Said(*_reply(client.mail(sender, options)))
    return None if said.code == 250 else said


def _data(client: smtplib.SMTP, relay: Relay, content: bytes, before_data: Callable[[], bool]) -> Said | None:
    """The mail itself. None: the fence was shut, and the connection is dropped before a byte of it."""
    said = Said(*_reply(client.docmd("data")))
    if said.code != 354:
        return said
    if not before_data():
        client.close()
        return None
    body = _LEADING_DOT.sub(b"..", content)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    client.send(body + b".\r\n")
    if client.sock is not None:
        client.sock.settimeout(relay.accept_seconds)
    return Said(*_reply(client.getreply()))


def _leave(client: smtplib.SMTP) -> None:
    """Say goodbye without waiting long: the result is known."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        if client.sock is not None:
            client.sock.settimeout(2)
            client.putcmd("quit")
    client.close()


def _reply(answer: tuple[int, bytes]) -> tuple[int, str]:
    text = answer[1].decode("utf-8", "replace")
    return answer[0], " ".join(text.split())[:500]


def _said(error: BaseException) -> Said:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        return Said(error.smtp_code, " ".join(words.split())[:500])
    return Said(0, f"{type(error).__name__}: {error}"[:500])


def _all(addresses: Sequence[str], said: Said) -> dict[str, Said]:
    return dict.fromkeys(addresses, said)


def _last(refused: Mapping[str, Said], later: Mapping[str, Said]) -> str:
    said = next(iter(later.values()), None) or next(iter(refused.values()), None)
    return str(said) if said else ""
