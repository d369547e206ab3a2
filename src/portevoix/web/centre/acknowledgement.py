"""What the texts of a line look like before anybody receives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portevoix.actions import letters
from portevoix.actions.acknowledge import content
from portevoix.channels.mail import receipt
from portevoix.domain.answers import fill, without
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


@dataclass(frozen=True)
class Preview:
    """An acknowledgement of a mail that would arrive today."""

    active: bool
    language: str
    subject: str
    text: str
    missing: tuple[tuple[str, str], ...]  # words, id of the field


def missing(line: Line) -> tuple[rule.Mention, ...]:
    """The mandatory mentions this line cannot make yet; none when it does not acknowledge at all."""
    return rule.missing_mentions(_content(line, _place(line))) if line.ack_active else ()


def preview(line: Line) -> Preview:
    """The text of today, made as the one that leaves, and the mentions it lacks."""
    place, now = _place(line), timezone.now()
    ack = _content(line, place)
    own, unknown = fill(line.ack_text, letters.values(place, "", now))
    text = receipt.text(ack, line.language, without(own, unknown))
    lacking = tuple(
        (str(MENTIONS[m]), f"id_{WHERE[m]}" if m in WHERE else "") for m in rule.missing_mentions(ack)
    )
    return Preview(line.ack_active, line.language, receipt.subject(ack, line.language), text, lacking)


def sample_reply(line: Line) -> dict[str, str]:
    """Sender and foot of an answer, the variables filled for an invented person."""
    place = _place(line)
    filled = letters.signature(place, letters.values(place, str(_("Dominique Durand")), timezone.now()))
    return {"sender": place["sender_name"], "address": place["door"], "signature": filled}


def _place(line: Line) -> dict[str, Any]:
    """A conversation of this line, as letters want it."""
    door = next((d.address for d in line.doors.all() if d.active), "") if line.pk else ""
    return {
        "id": 1234, "time_zone": line.time_zone, "line_name": line.name, "door": door, "language": line.language,
        "person_name": "Camille Martin", "sender_name": line.sender_name or line.name, "signature": line.signature,
    }  # fmt: skip


def _content(line: Line, place: dict[str, Any]) -> rule.Acknowledgement:
    names = ("silence", "silence_months", "service_name", "service_address", "service_phone", "appeal_text")
    return content(place, {name: getattr(line, name) for name in names}, timezone.now())
