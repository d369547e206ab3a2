"""The component gallery, and a plain home page until the desk stands."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portevoix.web.ui import errors
from portevoix.web.ui.gallery import samples


def home(request: HttpRequest) -> HttpResponse:
    """Says that the desk is not installed."""
    return render(request, "ui/home.html")


def _may_see_gallery(request: HttpRequest) -> None:
    """Administrators, and anybody on a developer's machine."""
    if not (settings.DEBUG or getattr(request.user, "administers", False)):
        raise PermissionDenied


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    _may_see_gallery(request)
    return render(request, "ui/gallery.html", samples())


@login_not_required
def gallery_desk(request: HttpRequest) -> HttpResponse:
    """The three panes with sample content."""
    _may_see_gallery(request)
    return render(request, "ui/gallery_desk.html", samples())


@login_not_required
def gallery_error(request: HttpRequest, status: int) -> HttpResponse:
    """An error page, to look at."""
    _may_see_gallery(request)
    pages = {
        400: errors.bad_request,
        403: errors.forbidden,
        404: errors.not_found,
        500: errors.server_error,
        503: errors.unavailable,
    }
    return pages.get(status, errors.not_found)(request)
