"""Form of a door: an address of a line, and how its mail is fetched."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portevoix.web.centre.forms.base import RowForm
from portevoix.web.records.models import Door

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9A-Fa-f:.]{2,45}")
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,59}")


def check_address(address: str) -> None:
    """A whole address without "+". Raises ``ValidationError``."""
    try:
        validate_email(address)
    except forms.ValidationError:
        raise forms.ValidationError(_("Écrivez une adresse complète, comme nom@exemple.fr.")) from None
    if "+" in address.split("@", maxsplit=1)[0]:
        raise forms.ValidationError(_("Donnez l’adresse sans « + » : ce signe sert aux jetons de réponse."))


def check_host(host: str) -> None:
    """A plain host name or address; never one of the machine's surroundings, where clouds keep their keys."""
    if host and not _HOST.fullmatch(host):
        raise forms.ValidationError(_("Donnez seulement le nom du serveur, comme imap.exemple.fr."))
    try:
        place = ipaddress.ip_address(host)
    except ValueError:
        return
    place = getattr(place, "ipv4_mapped", None) or place
    if place.is_link_local or place.is_multicast or place.is_unspecified:
        raise forms.ValidationError(_("Cette adresse ne peut pas être celle d’un serveur de courrier."))


def check_secret_name(name: str) -> None:
    """A name that an environment variable can carry."""
    if name and not _SECRET_NAME.fullmatch(name):
        raise forms.ValidationError(
            _("Le nom ne peut contenir que des lettres de A à Z, des chiffres et « _ ».")
        )


def check_port(port: int) -> None:
    """A TCP port."""
    if not 1 <= port <= 65535:
        raise forms.ValidationError(_("Un port est un nombre entre 1 et 65535 (993 le plus souvent)."))


def fetching_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a door that is fetched still lacks: field and sentence. Else fetching fails later and unseen."""
    if not values.get("imap_host"):
        return
    if not values.get("imap_user"):
        yield "imap_user", _("Donnez le compte à ouvrir sur ce serveur.")
    if not values.get("imap_secret"):
        yield "imap_secret", _("Donnez le nom du secret qui porte le mot de passe.")
    if values.get("imap_after") == Door.After.MOVE:
        target = str(values.get("imap_move_to") or "").strip()
        if not target:
            yield "imap_move_to", _("Donnez le dossier où ranger les courriels pris.")
        elif target == values.get("imap_folder"):
            yield (
                "imap_move_to",
                _("C’est le dossier d’où viennent les courriels : donnez-en un autre."),
            )


class DoorForm(RowForm[Door]):
    """The address, its line, and IMAP where the mailbox stays with a provider. Never a password."""

    class Meta:
        model = Door
        fields = (
            "line", "address", "active", "reply_token",
            "imap_host", "imap_port", "imap_tls", "imap_user", "imap_secret", "imap_folder",
            "imap_since", "imap_after", "imap_move_to",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "address": forms.EmailInput(attrs={"autocomplete": "off"}),
            "imap_port": forms.TextInput(attrs={"inputmode": "numeric", "class": "centre-short"}),
            "imap_user": forms.TextInput(attrs={"autocomplete": "off"}),
            "imap_secret": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            "imap_since": forms.DateTimeInput(
                format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "class": "centre-moment"}
            ),
            "imap_after": forms.RadioSelect,
        }
        labels: ClassVar[dict[str, Any]] = {
            "address": _("adresse électronique"),
            "active": _("Ouverte : les courriels à cette adresse sont pris"),
            "reply_token": _("Mettre un jeton dans l’adresse de réponse"),
            "imap_tls": _("Connexion chiffrée (TLS)"),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "imap_since": {"invalid": _("Écrivez une date et une heure, comme 24/12/2026 09:00.")},
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "reply_token": _(
                "Aide à ranger les réponses. Le serveur de courrier doit accepter « adresse+jeton@… »."
            ),
            "imap_host": _(
                "Seulement si la boîte reste chez un hébergeur : Portevoix vient y chercher le courrier."
            ),
            "imap_secret": _(
                "En majuscules, par exemple CPF. Le mot de passe est lu dans la variable d’environnement "
                "PORTEVOIX_IMAP_CPF du serveur ; il n’est jamais enregistré ici."
            ),
            "imap_since": _(
                "Ce qui est arrivé avant reste où il est. Videz la case pour prendre toute la boîte."
            ),
            "imap_after": _("Dans la boîte de l’hébergeur. Un courriel déjà pris ne l’est jamais deux fois."),
            "imap_move_to": _("Créé s’il n’existe pas."),
        }

    def clean_address(self) -> str:
        """One lower-case address that no other door has; says which line has it."""
        address: str = self.cleaned_data["address"].strip().lower()
        check_address(address)
        taken = Door.objects.filter(kind=Door.Kind.MAIL, address__iexact=address).exclude(pk=self.instance.pk)
        if other := taken.select_related("line").first():
            said = gettext("Cette adresse est déjà une porte de la ligne « %(line)s ».")
            raise forms.ValidationError(said % {"line": other.line.name})
        return address

    def clean_imap_host(self) -> str:
        """See ``check_host``."""
        host: str = self.cleaned_data["imap_host"].strip()
        check_host(host)
        return host

    def clean_imap_secret(self) -> str:
        """See ``check_secret_name``."""
        name: str = self.cleaned_data["imap_secret"].strip().upper()
        check_secret_name(name)
        return name

    def clean_imap_port(self) -> int:
        """See ``check_port``."""
        port: int = self.cleaned_data["imap_port"]
        check_port(port)
        return port

    def clean(self) -> dict[str, Any]:
        """What fetching needs."""
        values = super().clean() or self.cleaned_data
        for name, said in fetching_problems(values):
            if name not in self.errors:
                self.add_error(name, said)
        return values
