"""Events as plain sentences: who did what, in the reader's language."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

#: What is told between the messages; the rest (every offer, every status) would drown it.
KINDS = (
    "contact-received", "contact-accepted", "contact-taken", "contact-declined", "contact-expired", "contact-released",
    "contact-transferred", "contact-parked", "contact-woken", "contact-returned", "contact-wrapped", "contact-resumed",
    "contact-closed", "contact-abandoned", "contact-called-back", "contact-offered", "acknowledged", "subject-chosen",
    "conversation-merged", "conversation-split", "address-bounced", "conversation-renamed", "address-added", "person-changed",
)  # fmt: skip

_ICONS = {
    "contact-received": "inbox", "contact-accepted": "user-check", "contact-taken": "user-check", "contact-closed": "circle-check",
    "contact-transferred": "arrow-right-left", "contact-parked": "circle-pause", "contact-offered": "bell",
    "address-bounced": "mail-x", "acknowledged": "mail-check", "subject-chosen": "tag", "conversation-merged": "merge",
    "conversation-split": "split", "conversation-renamed": "pencil", "address-added": "at-sign", "person-changed": "user-round",
}  # fmt: skip


def icon(kind: str) -> str:
    """The icon beside the sentence."""
    return _ICONS.get(kind, "history")


def _moment(text: str) -> str:
    try:
        moment = timezone.localtime(datetime.fromisoformat(text))
    except (ValueError, TypeError):
        return text
    return date_format(moment, "j F Y") + " " + date_format(moment, "H:i")


def _transferred(row: dict[str, Any], who: str) -> str:
    if row["to_account"]:
        text = _("%(who)s a transmis la conversation à %(to)s (ligne %(line)s).")
    else:
        text = _("%(who)s a transmis la conversation à la ligne %(line)s.")
    return text % {"who": who, "to": row["to_account"] or "", "line": row["line"] or "?"}


def _released(row: dict[str, Any], who: str) -> str:
    cause = row["data"].get("cause", "")
    if cause in ("vanished", "away"):
        text = _("Le poste de %(who)s ne répondait plus : la conversation attend de nouveau.")
    else:
        text = _("%(who)s a quitté son poste : la conversation attend de nouveau.")
    return text % {"who": who}


def sentence(row: dict[str, Any]) -> str:
    """What happened, as one sentence."""
    who = row["account"] or row["actor"] or _("Le centre")
    data: dict[str, str | int] = row["data"]
    match row["kind"]:
        case "contact-received":
            return (
                _("Nouvelle demande reçue, mise en attente.")
                if not row["actor"]
                else _("%s a rouvert la conversation.") % who
            )
        case "contact-offered":
            return _("Proposée à %s.") % who
        case "contact-accepted":
            return _("%s a accepté la conversation.") % who
        case "contact-taken":
            return _("%s a pris la conversation dans la file.") % who
        case "contact-declined":
            return _("%s a décliné la proposition.") % who
        case "contact-expired":
            return _("%s n’a pas répondu à la proposition à temps.") % who
        case "contact-released":
            return _released(row, who)
        case "contact-transferred":
            return _transferred(row, row["actor"] or _("Le centre"))
        case "contact-parked":
            return _("%(who)s a mis la conversation en attente jusqu’au %(when)s.") % {
                "who": who, "when": _moment(str(data.get("wake_at", ""))),
            }  # fmt: skip
        case "contact-woken":
            return _("%s a repris la conversation.") % who
        case "contact-returned":
            if data.get("cause") == "answer":
                return _("L’usager a écrit : la conversation revient dans la file.")
            return _("L’heure est venue : la conversation revient dans la file.")
        case "contact-wrapped":
            return _("%s conclut la conversation.") % who
        case "contact-resumed":
            return _("%s a repris la conversation.") % who
        case "contact-closed":
            if row["motif"]:
                return _("%(who)s a clos la conversation (motif : %(motif)s).") % {
                    "who": who,
                    "motif": row["motif"],
                }
            return _("%s a clos la conversation.") % who
        case "acknowledged":
            return _("Accusé de réception envoyé.")
        case "subject-chosen":
            who = row["actor"] or who
            if row["motif"]:
                return _("%(who)s a choisi le motif « %(motif)s ».") % {"who": who, "motif": row["motif"]}
            return _("%s a retiré le motif.") % who
        case "conversation-merged":
            return _("La conversation n° %s a été fusionnée avec celle-ci.") % data.get("other_id", "?")
        case "conversation-split":
            return _("La suite est traitée dans la conversation n° %s.") % data.get("other_id", "?")
        case "conversation-renamed":
            return _("%(who)s a renommé la conversation « %(subject)s ».") % {"who": who, **data}
        case "address-added":
            return _("%(who)s a ajouté %(value)s à la fiche de la personne.") % {"who": who, **data}
        case "person-changed":
            return _("%s a modifié la fiche de la personne.") % who
        case "address-bounced":
            return _("Courriel non remis à %s.") % data.get("address", "?")
    return str(row["kind"])
