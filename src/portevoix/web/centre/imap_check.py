"""Trying a mailbox's settings: says in one sentence what works or what to change. Reads nothing, changes nothing."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass

from django.utils.translation import gettext as _
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

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
    """Connect, sign in and open the folder for reading."""
    if not door.imap_host:
        return Tried("info", _("Cette porte n’a pas de serveur IMAP : son courrier arrive par SMTP."))
    password = secret_of(door)
    if password is None:
        said = _(
            "Le serveur n’a pas de variable PORTEVOIX_IMAP_%(name)s. Ajoutez-la, puis redémarrez Portevoix."
        )
        return Tried("danger", said % {"name": door.imap_secret or "…"})
    try:
        client = IMAPClient(door.imap_host, port=door.imap_port, ssl=door.imap_tls, timeout=_SECONDS)
    except ssl.SSLError:
        return Tried(
            "danger", _("La connexion chiffrée a échoué : vérifiez le port et le certificat du serveur.")
        )
    except (OSError, IMAPClientError):
        return Tried("danger", _("Le serveur ne répond pas : vérifiez son nom et son port."))
    try:
        client.login(door.imap_user, password)
        found = client.select_folder(door.imap_folder, readonly=True)
    except LoginError:
        return Tried("danger", _("Le serveur refuse le compte ou le mot de passe."))
    except (IMAPClientError, OSError):
        return Tried(
            "danger", _("Le compte s’ouvre, mais pas le dossier « %(name)s ».") % {"name": door.imap_folder}
        )
    finally:
        _leave(client)
    count = int(found.get(b"EXISTS", 0))
    return Tried(
        "success", _("La boîte s’ouvre ; le dossier contient %(count)d courriels.") % {"count": count}
    )


def _leave(client: IMAPClient) -> None:
    try:
        client.logout()
    except (IMAPClientError, OSError):
        client.shutdown()
