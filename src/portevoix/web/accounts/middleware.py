"""Language of the person signed in, and what happens when the session is over."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import resolve_url
from django.utils import translation


class PersonalLocale(LocaleMiddleware):
    """The language chosen in the preferences; signed out, the cookie, then what the browser asks for."""

    def process_request(self, request: HttpRequest) -> None:
        """Activate the language before any view runs."""
        super().process_request(request)
        if request.user.is_authenticated and request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE


class SignedIn(LoginRequiredMiddleware):
    """Every page asks for a signed-in person unless the view says `login_not_required`.

    A fragment asked for by htmx after the session ended must not paint a sign-in form into the middle of a
    page: the browser is sent there as a whole, and comes back to the page it was on.
    """

    def handle_no_permission(  # type: ignore[override]  # Django promises a redirect; a fragment gets a 401
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],  # noqa: ARG002
    ) -> HttpResponseBase:
        """Send to the sign-in page, saying so when a session has just ended."""
        fragment = request.headers.get("HX-Request") == "true"
        asked = request.headers.get("HX-Current-URL", "") if fragment else request.get_full_path()
        here = urlsplit(asked)
        query = {"next": here.path + (f"?{here.query}" if here.query else "")}
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            query["fin"] = "1"
        target = f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query)}"
        if fragment:
            return HttpResponse(status=401, headers={"HX-Redirect": target})
        return HttpResponse(status=302, headers={"Location": target})
