"""What a mail carries beside its text: meetings, signature, encryption, the sender's urgency. Told, never acted upon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting in words."""

    title: str
    what: str  # invitation, cancellation, ...
    when: str
    place: str


def _moment(text: str) -> datetime | date | None:
    """``20261202T140000``, with ``Z`` for UTC, or a day alone (RFC 5545, 3.3.4 and 3.3.5); None for what is neither."""
    for shape in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S"):
        try:
            found = datetime.strptime(text, shape)  # noqa: DTZ007 - without Z it is the sender's own clock
        except ValueError:
            continue
        return timezone.localtime(found.replace(tzinfo=UTC)) if shape.endswith("Z") else found
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _day(moment: date) -> str:
    return date_format(moment, "l j F Y")


def _when(start: str, end: str) -> str:
    first, last = _moment(start), _moment(end)
    if first is None:
        return start
    if not isinstance(first, datetime):
        return _day(first)
    text = _("%(day)s à %(clock)s") % {"day": _day(first), "clock": date_format(first, "H:i")}
    if not isinstance(last, datetime):
        return text
    if last.date() == first.date():
        return _("%(day)s, de %(start)s à %(end)s") % {
            "day": _day(first), "start": date_format(first, "H:i"), "end": date_format(last, "H:i"),
        }  # fmt: skip
    until = _("%(day)s à %(clock)s") % {"day": _day(last), "clock": date_format(last, "H:i")}
    return _("du %(start)s au %(end)s") % {"start": text, "end": until}


def meetings(facts: dict[str, Any]) -> list[Meeting]:
    """The meetings that a mail proposes, moves or cancels."""
    words = {
        "cancel": _("Rendez-vous annulé"),
        "reply": _("Réponse à une invitation"),
        "counter": _("Autre date proposée"),
    }
    return [
        Meeting(
            one.get("summary") or _("(sans titre)"),
            words.get(one.get("method", ""), _("Invitation à un rendez-vous")),
            _when(one.get("start", ""), one.get("end", "")),
            one.get("place", ""),
        )
        for one in facts.get("meetings") or []
    ]


def seal(facts: dict[str, Any]) -> tuple[str, str]:
    """Tone and sentence about encryption or a signature; empty for an ordinary mail."""
    kinds = {"smime": "S/MIME", "pgp": "PGP"}
    if kind := kinds.get(facts.get("encrypted") or ""):
        text = _(
            "Ce message est chiffré (%s) : il n’est pas lisible ici. Téléchargez le courriel d’origine pour l’ouvrir avec votre messagerie."
        )
        return "warning", text % kind
    if kind := kinds.get(facts.get("signed") or ""):
        return "info", _(
            "Ce message porte une signature électronique (%s), qui n’est pas vérifiée ici."
        ) % kind
    return "", ""


def automatic(reason: str) -> str:
    """Why a mail counts as a machine's, in words; the codes are those of ``channels/mail``."""
    code, _colon, value = reason.partition(": ")
    if code in ("loop", "own-address"):
        return _("Vient de nous-mêmes")
    if code == "bounce":
        return _("Avis de non-remise")
    if code == "report":
        return _("Avis de remise ou de lecture")
    if code.startswith("list-") or (code == "precedence" and not value.startswith("auto")):
        return _("Liste ou envoi en nombre")
    if code == "null-return-path" or value == "auto-generated":
        return _("Avis d’une machine")
    return _("Réponse automatique")
