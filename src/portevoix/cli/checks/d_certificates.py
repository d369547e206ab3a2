"""The certificate of the mail server that sends for us: wrong or over, and every answer waits."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from portevoix.channels.mail.relay import Tls, certificate_ends
from portevoix.cli.checks import Patient, Skip, check
from portevoix.runners.outbox import relay_from_environment

_SOON_DAYS = 21
_WORD = {7: "in less than a week", 1: "in less than a day"}


def _days(patient: Patient) -> float:
    relay = relay_from_environment(patient.env)
    if relay is None or relay.tls is Tls.NONE:
        msg = "no relay with TLS is set (PORTEVOIX_RELAY, PORTEVOIX_RELAY_TLS)"
        raise Skip(msg)
    if "relay-days" not in patient.shared:
        quick = replace(relay, connect_seconds=5.0, command_seconds=5.0)
        left = certificate_ends(quick) - datetime.now(UTC)
        patient.shared["relay-days"] = left.total_seconds() / 86400
    days = patient.shared["relay-days"]
    assert isinstance(days, float)
    return days


@check(
    "relay is safe",
    proves="answers leave by a relay that proves who it is",
    remedy="have the relay's certificate renewed, or its authority added (SSL_CERT_FILE); mail waits until then",
)
def relay_is_safe(patient: Patient) -> Sequence[str]:
    """TLS to the relay works, for more than a day still."""
    try:
        days = _days(patient)
    except (OSError, smtplib.SMTPException) as error:
        return [f"no safe way to the relay: {error}"]
    return [f"the relay's certificate runs out {_WORD[1]}"] if days < 1 else []


@check(
    "relay stays safe",
    proves="the relay's certificate is good for three weeks",
    remedy="have the relay's certificate renewed in time; when it runs out, answers wait",
    warning=True,
)
def relay_stays_safe(patient: Patient) -> Sequence[str]:
    """Said from 21 days on, louder from 7 and 1."""
    try:
        days = _days(patient)
    except (OSError, smtplib.SMTPException):
        return []  # the check above says so
    if days >= _SOON_DAYS:
        return []
    loud = next((_WORD[limit] for limit in sorted(_WORD) if days < limit), f"in {days:.0f} days")
    return [f"the relay's certificate runs out {loud}"]
