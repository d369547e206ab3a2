"""The states of the centre as people see them: an icon, a word and a tone, never a colour alone."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Look(NamedTuple):
    """How one state is shown."""

    icon: str
    word: Promise | str
    tone: str


# Contact life (domain/contacts), presence, message delivery: the keys are the domain's own words.
STATES: dict[str, Look] = {
    "received": Look("inbox", _("Reçu"), "neutral"),
    "waiting": Look("hourglass", _("Dans la file"), "warning"),
    "offered": Look("bell", _("Proposé"), "info"),
    "active": Look("pencil", _("En cours"), "info"),
    "parked": Look("circle-pause", _("En attente"), "neutral"),
    "wrap-up": Look("tag", _("À conclure"), "info"),
    "closed": Look("circle-check", _("Clos"), "success"),
    "abandoned": Look("circle-x", _("Abandonné"), "neutral"),
    "called-back": Look("phone-call", _("Rappel prévu"), "info"),
}
PRESENCES: dict[str, Look] = {
    "available": Look("circle-check", _("Disponible"), "success"),
    "paused": Look("coffee", _("En pause"), "warning"),
    "wrap-up": Look("timer", _("Fin de contact"), "info"),
    "away": Look("clock", _("Absent"), "neutral"),
    "offline": Look("circle", _("Hors ligne"), "neutral"),
}
DELIVERIES: dict[str, Look] = {
    "queued": Look("clock", _("En file d’envoi"), "neutral"),
    "sending": Look("loader", _("Envoi en cours"), "info"),
    "held": Look("timer", _("Envoi dans quelques secondes"), "info"),
    "sent": Look("check-check", _("Envoyé"), "success"),
    "bounced": Look("mail-x", _("Non remis"), "danger"),
    "failed": Look("triangle-alert", _("Échec de l’envoi"), "danger"),
    "cancelled": Look("undo-2", _("Envoi annulé"), "neutral"),
}
CHANNELS: dict[str, Look] = {
    "mail": Look("mail", _("Courriel"), "neutral"),
    "phone": Look("phone", _("Téléphone"), "neutral"),
    "chat": Look("message-square", _("Tchat"), "neutral"),
    "messenger": Look("message-circle", _("Messagerie"), "neutral"),
    "callback": Look("phone-call", pgettext_lazy("canal", "Rappel"), "neutral"),
    "relay": Look("accessibility", _("Relais"), "neutral"),
}
URGENCIES: dict[str, Look] = {
    "late": Look("octagon-alert", _("En retard"), "danger"),
    "soon": Look("triangle-alert", _("Bientôt dû"), "warning"),
    "fine": Look("clock", _("Dans les temps"), "success"),
}
TONES: dict[str, str] = {
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "danger": "octagon-alert",
    "neutral": "info",
}
UNKNOWN = "circle-help"
