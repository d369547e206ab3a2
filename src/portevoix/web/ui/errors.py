"""Error pages: what happened and what to do, in the look of the rest, never a traceback.

They must work when the database does not: nothing here asks who is signed in.
"""

# ruff: noqa: ARG001 - Django prescribes the parameters

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def _page(status: int, title: str, happened: str, advice: str, retry: bool = False) -> HttpResponse:
    """One page for all; rendered without context processors, hence without session or database."""
    look = {"theme": "auto", "density": "comfortable", "font": "default", "sound": False, "shortcuts": False}
    context = {
        "status": status,
        "title": title,
        "happened": happened,
        "advice": advice,
        "retry": retry,
        "look": look,
    }
    context["LANGUAGE_CODE"] = get_language() or "fr"
    response = HttpResponse(render_to_string("ui/error.html", context), status=status)
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(
        400,
        _("Demande incomprise"),
        _("Le serveur n’a pas compris ce que le navigateur lui a envoyé."),
        _(
            "Revenez à la page précédente et recommencez. Si cela se reproduit, prévenez votre administrateur."
        ),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _page(
        403,
        _("Accès réservé"),
        _("Votre rôle ne donne pas accès à cette page."),
        _("Si vous en avez besoin pour votre travail, demandez à votre superviseur."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same answer for what does not exist and for what one may not see."""
    return _page(
        404,
        _("Page introuvable"),
        _("Cette page n’existe pas, n’existe plus, ou ne vous est pas ouverte."),
        _("Vérifiez l’adresse, ou repartez de l’accueil et cherchez la personne ou la conversation."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return _page(
        500,
        _("Une erreur s’est produite"),
        _("La page n’a pas pu être préparée. L’erreur est notée dans le journal du serveur."),
        _(
            "Rien de ce qui était enregistré n’est perdu. Réessayez ; si cela persiste, prévenez votre administrateur."
        ),
        retry=True,
    )


def unavailable(request: HttpRequest | None = None) -> HttpResponse:
    """503: a part (often the database) is being restarted."""
    return _page(
        503,
        _("Service momentanément indisponible"),
        _("Une partie du centre redémarre. Les courriels et demandes reçus sont conservés."),
        _("Attendez quelques secondes, puis réessayez."),
        retry=True,
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's proof of origin is missing or old: usually a page left open across a sign-in."""
    return _page(
        403,
        _("Formulaire périmé"),
        _(
            "Cette page était ouverte depuis trop longtemps, ou vous vous êtes connecté de nouveau entre-temps."
        ),
        _(
            "Revenez à la page, copiez votre texte si besoin, rechargez-la, puis recommencez. Rien n’a été enregistré."
        ),
    )
