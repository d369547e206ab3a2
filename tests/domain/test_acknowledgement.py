"""The two papers owed to whoever writes (CRPA): when, and with which mentions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from portevoix.domain.lines.acknowledgement import (
    Acknowledgement,
    Matter,
    Mention,
    Procedure,
    Service,
    Silence,
    compose,
    deadlines,
    is_owed,
    missing_mentions,
)

SERVICE = Service(
    "Service des inscriptions",
    postal="BP 60200, 86980 Futuroscope",
    phone="05 49 49 94 94",
)
RECEIVED = date(2026, 11, 24)
APPEAL = "Recours gracieux, puis tribunal administratif, dans les deux mois."
REJECTED = compose(
    "PV-1",
    RECEIVED,
    SERVICE,
    Procedure(Matter.REQUEST, Silence.REJECTION, appeal=APPEAL),
)
ACCEPTED = compose(
    "PV-1",
    RECEIVED,
    SERVICE,
    Procedure(Matter.REQUEST, Silence.ACCEPTANCE, appeal=APPEAL),
)


@pytest.mark.parametrize(
    ("received", "receipt", "acknowledgement"),
    [
        ("2026-12-18", "2026-12-21", "2027-01-05"),
        ("2026-11-24", "2026-11-25", "2026-12-08"),
        ("2026-04-30", "2026-05-04", "2026-05-19"),
        ("2027-05-03", "2027-05-04", "2027-05-19"),
    ],
)
def test_deadlines(received: str, receipt: str, acknowledgement: str) -> None:
    due = deadlines(date.fromisoformat(received))
    assert (due.receipt_by.isoformat(), due.acknowledgement_by.isoformat()) == (
        receipt,
        acknowledgement,
    )


def test_never_owed_to_machines_or_abuse() -> None:
    assert is_owed(automatic=False, abusive=False)
    assert not is_owed(automatic=True, abusive=False)
    assert not is_owed(automatic=False, abusive=True)


def test_what_silence_means_and_when() -> None:
    assert REJECTED.silence_on == ACCEPTED.silence_on == date(2027, 1, 24)
    assert (REJECTED.appeal, REJECTED.attestation) == (APPEAL, False)
    assert (ACCEPTED.appeal, ACCEPTED.attestation) == ("", True)


def test_only_a_request_is_decided_by_silence() -> None:
    ack = compose("PV-1", RECEIVED, SERVICE, Procedure(Matter.COMPLAINT, Silence.ACCEPTANCE))
    assert (ack.silence, ack.silence_on, ack.attestation) == (Silence.NONE, None, False)
    assert missing_mentions(ack) == ()


@pytest.mark.parametrize(
    ("ack", "missing"),
    [
        (REJECTED, None),
        (ACCEPTED, None),
        (replace(REJECTED, received_on=None), Mention.RECEIVED_ON),
        (replace(REJECTED, service=replace(SERVICE, name=" ")), Mention.SERVICE),
        (
            replace(REJECTED, service=replace(SERVICE, postal="")),
            Mention.SERVICE_ADDRESS,
        ),
        (replace(REJECTED, service=replace(SERVICE, postal="", mail="a@b.fr")), None),
        (replace(REJECTED, service=replace(SERVICE, phone="")), Mention.SERVICE_PHONE),
        (replace(REJECTED, silence=Silence.NONE), Mention.SILENCE),
        (replace(REJECTED, silence_on=None), Mention.SILENCE_DATE),
        (replace(ACCEPTED, attestation=False), Mention.ATTESTATION),
        (replace(REJECTED, appeal=""), Mention.APPEAL),
    ],
)
def test_missing_mentions(ack: Acknowledgement, missing: Mention | None) -> None:
    assert missing_mentions(ack) == (() if missing is None else (missing,))
