"""Sample content of the gallery: what the components look like with French words of ordinary length."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portevoix.web.ui import words


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Nom de la ligne"), help_text=_("Tel que les usagers le connaissent."))
    address = forms.EmailField(label=_("Adresse électronique"))
    language = forms.ChoiceField(label=_("Langue"), choices=[("fr", "Français"), ("en", "English")])
    theme = forms.ChoiceField(
        label=_("Thème"),
        choices=[("l", _("Clair")), ("d", _("Sombre"))],
        widget=forms.RadioSelect,
        initial="l",
    )
    text = forms.CharField(label=_("Texte"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    open = forms.BooleanField(
        label=_("Ligne ouverte"), required=False, help_text=_("Fermée, elle ne reçoit plus rien.")
    )
    file = forms.FileField(label=_("Pièce jointe"), required=False)


def _work(now: Any) -> list[dict[str, Any]]:
    rows = [
        ("Camille Leroy", "Inscription en BTS : pièce manquante", "Inscription", "active", "soon", 12, True),
        ("Jean-Baptiste Étienne de La Rochefoucauld", "Attestation", "CPF", "active", "fine", 95, False),
        (
            "Nadia Benali",
            "Re: Demande d’aménagement, tiers temps",
            "Scolaire",
            "parked",
            "fine",
            60 * 26,
            False,
        ),
        ("usager@exemple.fr", "(sans objet)", "Inscription", "wrap-up", "late", 60 * 50, False),
    ]
    keys = ("who", "what", "line", "state", "urgency", "ago", "unread")
    work: list[dict[str, Any]] = [dict(zip(keys, row, strict=True)) for row in rows]
    for number, item in enumerate(work):
        item["at"] = now - timedelta(minutes=item["ago"])
        item["current"] = number == 0
    return work


def samples() -> dict[str, Any]:
    """Everything the gallery's templates show."""
    now = timezone.now()
    wrong = SampleForm(
        {"name": "", "address": "pas une adresse", "language": "fr", "theme": "x"}, auto_id="wrong_%s"
    )
    return {
        "states": list(words.STATES),
        "presences": list(words.PRESENCES),
        "deliveries": list(words.DELIVERIES),
        "channels": list(words.CHANNELS),
        "urgencies": list(words.URGENCIES),
        "tones": list(words.TONES),
        "form": SampleForm(),
        "wrong": wrong,
        "page": Paginator(range(400), 20).get_page(7),
        "names": ["Camille Leroy", "Jean-Baptiste Étienne", "Nadia Benali", "Tom Ng", "Zoé", "Œuvre Ève", ""],
        "moments": [now + timedelta(minutes=minutes) for minutes in (0, -5, 20, -1440, -57600, 576000)],
        "tabs": [
            {
                "label": _("Conversation"),
                "href": "#",
                "current": True,
                "icon": "message-square-text",
                "count": 4,
            },
            {"label": _("Pièces"), "href": "#", "icon": "paperclip", "count": 2},
            {"label": _("Historique"), "href": "#", "icon": "history"},
        ],
        "work": _work(now),
        "earlier": now - timedelta(hours=3),
        "yesterday": now - timedelta(days=1, hours=2),
    }
