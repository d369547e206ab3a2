"""What the texts of a line look like before anybody receives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from portevoix.domain.lines import acknowledgement as rule
from portevoix.web.records.models import Line

MENTIONS = {
    rule.Mention.RECEIVED_ON: _("la date de réception"),
    rule.Mention.SERVICE: _("le service chargé du dossier"),
    rule.Mention.SERVICE_ADDRESS: _("l’adresse postale ou électronique du service"),
    rule.Mention.SERVICE_PHONE: _("le téléphone du service"),
    rule.Mention.SILENCE: _("ce que vaut le silence de l’administration"),
    rule.Mention.SILENCE_DATE: _("la date à laquelle le silence vaut décision"),
    rule.Mention.ATTESTATION: _("la possibilité de demander une attestation"),
    rule.Mention.APPEAL: _("les voies et délais de recours"),
}
#: The field of the form where each mention is written.
WHERE = {
    rule.Mention.SERVICE: "service_name",
    rule.Mention.SERVICE_ADDRESS: "service_address",
    rule.Mention.SERVICE_PHONE: "service_phone",
    rule.Mention.SILENCE: "silence",
    rule.Mention.APPEAL: "appeal_text",
}
_SILENCES = {
    Line.Silence.NONE: rule.Silence.NONE,
    Line.Silence.ACCEPT: rule.Silence.ACCEPTANCE,
    Line.Silence.REJECT: rule.Silence.REJECTION,
}


@dataclass(frozen=True)
class Preview:
    """An acknowledgement of a mail that would arrive today."""

    active: bool
    text: str
    missing: tuple[tuple[str, str], ...]  # words, id of the field


def content(line: Line, today: date, reference: str = "PV-1234") -> rule.Acknowledgement:
    """What the law wants said, with what the line has. A line whose silence means something decides requests."""
    silence = _SILENCES[Line.Silence(line.silence)]
    matter = rule.Matter.INFORMATION if silence is rule.Silence.NONE else rule.Matter.REQUEST
    door = next((d.address for d in line.doors.all() if d.active), "") if line.pk else ""
    service = rule.Service(line.service_name, line.service_address, door, line.service_phone)
    procedure = rule.Procedure(matter, silence, line.silence_months, line.appeal_text)
    return rule.compose(reference, today, service, procedure)


def missing(line: Line, today: date) -> tuple[rule.Mention, ...]:
    """The mandatory mentions this line cannot make yet; none when it does not acknowledge at all."""
    return rule.missing_mentions(content(line, today)) if line.ack_active else ()


def preview(line: Line) -> Preview:
    """The text of today, and the mentions it lacks."""
    today = timezone.localdate()
    ack = content(line, today)
    lacking = tuple(
        (str(MENTIONS[m]), f"id_{WHERE[m]}" if m in WHERE else "") for m in rule.missing_mentions(ack)
    )
    return Preview(line.ack_active, _written(line, ack), lacking)


def _written(line: Line, ack: rule.Acknowledgement) -> str:
    """The seam to what the outbox sends."""
    with override(line.language):
        day = date_format(ack.received_on, "j F Y") if ack.received_on else ""
        parts = [str(_("Nous avons bien reçu votre message du %(day)s.")) % {"day": day}]
        parts += [line.ack_text.strip()]
    return "\n\n".join(part for part in parts if part)


def sample_reply(line: Line) -> dict[str, str]:
    """Sender and foot of an answer."""
    door = next((d.address for d in line.doors.all()), "") if line.pk else ""
    name = line.sender_name or line.name
    return {"sender": name, "address": door, "signature": line.signature.strip()}
