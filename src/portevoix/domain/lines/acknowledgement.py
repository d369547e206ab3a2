"""Acknowledging what the public sends electronically (CRPA, L.112-11 and R.112-11-1 and following).

Two papers are owed: the *registration receipt* (accusé d'enregistrement) within one working day, and the
*acknowledgement of receipt* (accusé de réception) within ten. An acknowledgement without its mandatory
mentions does not make the time limits of appeal run against the person: ``missing_mentions`` says what lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from portevoix.domain.lines.working_days import NOWHERE, add_months, add_working_days

if TYPE_CHECKING:
    from datetime import date

    from portevoix.domain.lines.holidays import Region

RECEIPT_WORKING_DAYS: Final = 1
ACKNOWLEDGEMENT_WORKING_DAYS: Final = 10
SILENCE_MONTHS: Final = 2  # L.231-1, L.231-4: unless a text says otherwise


class Matter(StrEnum):
    """What the person sends. Only a request (demande) obtains a decision, hence the mentions on silence."""

    REQUEST = "request"
    COMPLAINT = "complaint"
    INFORMATION = "information"
    DOCUMENT = "document"


class Silence(StrEnum):
    """What it means when the administration does not answer a request in time."""

    ACCEPTANCE = "acceptance"
    REJECTION = "rejection"
    NONE = "none"


class Mention(StrEnum):
    """A mention that R.112-11-1 makes mandatory."""

    RECEIVED_ON = "received-on"
    SERVICE = "service"
    SERVICE_ADDRESS = "service-address"
    SERVICE_PHONE = "service-phone"
    SILENCE = "silence"
    SILENCE_DATE = "silence-date"
    ATTESTATION = "attestation"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True)
class Service:
    """The service in charge: a postal or an e-mail address, and a phone number."""

    name: str
    postal: str = ""
    mail: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """How one kind of matter is decided; ``appeal`` gives the routes and time limits of appeal."""

    matter: Matter = Matter.INFORMATION
    silence: Silence = Silence.NONE
    silence_months: int = SILENCE_MONTHS
    appeal: str = ""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The last days, both included, on which the two papers can leave in time."""

    receipt_by: date
    acknowledgement_by: date


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an acknowledgement says; the channel writes it out in the person's language."""

    reference: str
    received_on: date | None
    service: Service
    matter: Matter
    silence: Silence = Silence.NONE
    silence_on: date | None = None  # silent until then: accepted or rejected, if the file is complete
    attestation: bool = False  # the attestation of L.232-3 can be asked for
    appeal: str = ""


def is_owed(*, automatic: bool, abusive: bool) -> bool:
    """Whether the two papers are owed: never to a machine's mail (RFC 3834), nor to abusive mail (L.112-11)."""
    return not automatic and not abusive


def deadlines(received_on: date, regions: frozenset[Region] = NOWHERE) -> Deadlines:
    """Until when the two papers are to be sent for what arrived on ``received_on``."""
    return Deadlines(
        add_working_days(received_on, RECEIPT_WORKING_DAYS, regions),
        add_working_days(received_on, ACKNOWLEDGEMENT_WORKING_DAYS, regions),
    )


def compose(reference: str, received_on: date, service: Service, procedure: Procedure) -> Acknowledgement:
    """The content for one matter; check it with ``missing_mentions`` before a template is approved."""
    decided = procedure.matter is Matter.REQUEST and procedure.silence is not Silence.NONE
    silence = procedure.silence if decided else Silence.NONE
    return Acknowledgement(
        reference,
        received_on,
        service,
        procedure.matter,
        silence,
        add_months(received_on, procedure.silence_months) if decided else None,
        attestation=silence is Silence.ACCEPTANCE,
        appeal=procedure.appeal if silence is Silence.REJECTION else "",
    )


def missing_mentions(ack: Acknowledgement) -> tuple[Mention, ...]:
    """The mandatory mentions that ``ack`` lacks, in the order of the text."""
    service = ack.service
    decided = ack.matter is Matter.REQUEST
    lacking = (
        (Mention.RECEIVED_ON, ack.received_on is None),
        (Mention.SERVICE, not service.name.strip()),
        (Mention.SERVICE_ADDRESS, not (service.postal.strip() or service.mail.strip())),
        (Mention.SERVICE_PHONE, not service.phone.strip()),
        (Mention.SILENCE, decided and ack.silence is Silence.NONE),
        (
            Mention.SILENCE_DATE,
            decided and ack.silence is not Silence.NONE and ack.silence_on is None,
        ),
        (
            Mention.ATTESTATION,
            ack.silence is Silence.ACCEPTANCE and not ack.attestation,
        ),
        (Mention.APPEAL, ack.silence is Silence.REJECTION and not ack.appeal.strip()),
    )
    return tuple(mention for mention, is_missing in lacking if is_missing)
