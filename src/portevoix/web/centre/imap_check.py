"""Trying a mailbox's settings: says in one sentence what works, or what happened and what to do.

It goes the very way the fetching process goes, so what works here works there. Reads no mail, changes none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portevoix.actions.mailboxes import mailbox
from portevoix.channels.mail.imap import Session
from portevoix.channels.mail.imap_connection import After, Mailbox, MailboxError, Trouble
from portevoix.web.records.models import Door

_SECONDS = 8


@dataclass(frozen=True)
class Tried:
    """The outcome, as a notice shows it."""

    tone: str
    text: str


def secret_of(door: Door) -> str | None:
    """The password named by the door, if this server has it."""
    return os.environ.get(f"PORTEVOIX_IMAP_{door.imap_secret}") if door.imap_secret else None


def attempt(door: Door) -> Tried:
    """Connect, sign in and open the folder."""
    if not door.imap_host:
        return Tried("info", _("Cette porte n’a pas de serveur IMAP : son courrier arrive par SMTP."))
    if not secret_of(door):
        said = _(
            "Le serveur n’a pas de variable PORTEVOIX_IMAP_%(name)s. Ajoutez-la, puis redémarrez Portevoix."
        )
        return Tried("danger", said % {"name": door.imap_secret or "…"})
    box = mailbox({field.attname: getattr(door, field.attname) for field in Door._meta.concrete_fields})
    try:
        session = Session(box, _SECONDS)
    except MailboxError as error:
        return Tried("danger", _why(error, box, door.imap_secret))
    count, keeps = session.count, session.keeps
    session.close()
    said = ngettext(
        "La boîte s’ouvre ; le dossier contient %(count)d courriel.",
        "La boîte s’ouvre ; le dossier contient %(count)d courriels.",
        count,
    ) % {"count": count}
    if not keeps and box.after is not After.LEAVE:
        said += " " + _(
            "Ce serveur ne garde pas de marque : Portevoix retient lui-même ce qui est déjà pris."
        )
    return Tried("success", said)


def _why(error: MailboxError, box: Mailbox, secret: str) -> str:
    values = {
        "host": box.host, "port": box.port, "user": box.user, "folder": box.folder, "name": secret, "words": str(error),
    }  # fmt: skip
    return _sentence(error, box) % values


def _sentence(error: MailboxError, box: Mailbox) -> str:
    match error.trouble:
        case Trouble.NAME:
            return _(
                "Aucun serveur ne porte le nom « %(host)s ». Vérifiez le nom dans la documentation de l’hébergeur."
            )
        case Trouble.REFUSED:
            return _(
                "« %(host)s » refuse la connexion au port %(port)d. Vérifiez le port : 993 le plus souvent."
            )
        case Trouble.CERTIFICATE:
            return _certificate(str(error))
        case Trouble.TLS:
            return _(
                "« %(host)s » ne propose pas de connexion chiffrée au port %(port)d, et le mot de passe ne part "
                "jamais en clair. Vérifiez le port : 993 le plus souvent."
            )
        case Trouble.LOGIN if not box.tls:
            return _(
                "Le serveur refuse de connecter « %(user)s » sans chiffrement, ou son mot de passe. Cochez "
                "« Connexion chiffrée (TLS) », puis réessayez."
            )
        case Trouble.LOGIN:
            return _(
                "Le serveur refuse le compte « %(user)s » ou son mot de passe. Vérifiez le compte ici, et le mot de "
                "passe dans la variable PORTEVOIX_IMAP_%(name)s ; certains hébergeurs demandent un mot de passe "
                "d’application. Après l’avoir changé, redémarrez Portevoix."
            )
        case Trouble.FOLDER:
            return _(
                "Le compte s’ouvre, mais pas le dossier « %(folder)s ». Vérifiez son nom ; la boîte de réception "
                "s’appelle toujours INBOX. Le serveur dit : %(words)s"
            )
        case Trouble.UNREACHABLE if not box.tls:
            return _(
                "« %(host)s » ne répond pas en clair au port %(port)d. Cochez « Connexion chiffrée (TLS) », ou "
                "vérifiez le port."
            )
        case Trouble.UNREACHABLE:
            return _(
                "« %(host)s » ne répond pas au port %(port)d. Vérifiez le nom et le port, et que le pare-feu laisse "
                "sortir Portevoix."
            )
    return _("Ce qui répond au port %(port)d de « %(host)s » n’est pas un serveur IMAP : « %(words)s ».")


def _certificate(words: str) -> str:
    if "expired" in words:
        return _("Le certificat de « %(host)s » est périmé : l’hébergeur doit le renouveler.")
    if "match" in words:
        return _(
            "Le certificat du serveur est établi à un autre nom que « %(host)s ». Donnez le nom écrit dans la "
            "documentation de l’hébergeur."
        )
    return _(
        "Le certificat de « %(host)s » vient d’une autorité inconnue (%(words)s). Si c’est celle de votre "
        "organisation, donnez son fichier à Portevoix dans la variable SSL_CERT_FILE, puis redémarrez-le."
    )
