"""The words of an acknowledgement of receipt (CRPA, R.112-11-1), in French or English. Values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portevoix.domain.answers import day
from portevoix.domain.lines.acknowledgement import Acknowledgement, Silence

if TYPE_CHECKING:
    from datetime import date

_FR: Final = {
    "subject": "Accusé de réception de votre message du {date} ({reference})",
    "opening": "Bonjour,\n\nNous avons bien reçu votre message le {date}. Sa référence est {reference}.",
    "service": "Service chargé de votre dossier :",
    "phone": "Téléphone : {value}",
    "mail": "Adresse électronique : {value}",
    "accept": "Si vous n’avez pas reçu de réponse le {date}, votre demande sera considérée comme acceptée, sous réserve"
    " que votre dossier soit complet. Vous pourrez alors demander une attestation (article L. 232-3 du code des"
    " relations entre le public et l’administration).",
    "reject": "Si vous n’avez pas reçu de réponse le {date}, votre demande sera considérée comme rejetée, sous réserve"
    " que votre dossier soit complet.",
    "appeal": "Voies et délais de recours :\n{value}",
    "closing": "Ce message est envoyé automatiquement. Pour ajouter quelque chose à votre demande, répondez-y.",
}
_EN: Final = {
    "subject": "We have received your message of {date} ({reference})",
    "opening": "Hello,\n\nWe received your message on {date}. Its reference is {reference}.",
    "service": "The service in charge:",
    "phone": "Phone: {value}",
    "mail": "E-mail: {value}",
    "accept": "If you have had no answer by {date}, your request is deemed accepted, provided that your file is"
    " complete. You may then ask for a certificate (article L. 232-3 of the code on relations between the public and"
    " the administration).",
    "reject": "If you have had no answer by {date}, your request is deemed rejected, provided that your file is"
    " complete.",
    "appeal": "How and by when to appeal:\n{value}",
    "closing": "This message was sent automatically. To add something to your request, simply answer it.",
}


def subject(ack: Acknowledgement, language: str) -> str:
    """A subject without a word of the sender's: nothing of a forged mail is passed on."""
    words = _words(language)
    return words["subject"].format(date=_day(ack.received_on, language), reference=ack.reference)


def text(ack: Acknowledgement, language: str, own_words: str = "") -> str:
    """The whole text; ``own_words`` are the line's, in place of the greeting when they are given."""
    words = _words(language)
    opening = words["opening"].format(date=_day(ack.received_on, language), reference=ack.reference)
    if own := own_words.strip():
        # The date and the reference are owed whatever the line wrote; its words only replace the greeting.
        opening = f"{own}\n\n{_bare(opening)}"
    pieces = [opening, _service(ack, words), *_decision(ack, words, language), words["closing"]]
    return "\n\n".join(piece for piece in pieces if piece)


def _bare(opening: str) -> str:
    """The opening without its greeting."""
    return opening.partition("\n\n")[2]


def _service(ack: Acknowledgement, words: dict[str, str]) -> str:
    service = ack.service
    lines = [words["service"], service.name.strip(), service.postal.strip()]
    if service.phone.strip():
        lines.append(words["phone"].format(value=service.phone.strip()))
    if service.mail.strip():
        lines.append(words["mail"].format(value=service.mail.strip()))
    return "\n".join(line for line in lines if line)


def _decision(ack: Acknowledgement, words: dict[str, str], language: str) -> list[str]:
    if ack.silence is Silence.NONE or ack.silence_on is None:
        return []
    key = "accept" if ack.silence is Silence.ACCEPTANCE else "reject"
    said = [words[key].format(date=_day(ack.silence_on, language))]
    if ack.appeal.strip():
        said.append(words["appeal"].format(value=ack.appeal.strip()))
    return said


def _day(value: date | None, language: str) -> str:
    return day(value.year, value.month, value.day, _language(language)) if value else ""


def _language(language: str) -> str:
    return "en" if language == "en" else "fr"


def _words(language: str) -> dict[str, str]:
    return _EN if _language(language) == "en" else _FR
