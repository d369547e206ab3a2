"""Response headers that make a stolen or injected piece of page worth little."""

from collections.abc import Callable, Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse

CSP = "Content-Security-Policy"

_PERMISSIONS = (
    "accelerometer=(), browsing-topics=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), usb=()"
)


def policy(overrides: Mapping[str, Sequence[str]] | None = None) -> str:
    """The content security policy of a page; a view may widen single directives for its own response.

    No nonce and no 'unsafe-*': every script and style is a file of ours. htmx is configured to live with that.
    """
    live = settings.LIVE_ORIGIN
    directives: dict[str, Sequence[str]] = {
        "default-src": ("'none'",),
        "script-src": ("'self'",),
        "style-src": ("'self'",),
        "img-src": ("'self'", "data:"),
        "font-src": ("'self'",),
        "media-src": ("'self'",),
        "manifest-src": ("'self'",),
        "connect-src": ("'self'", live, live.replace("http", "ws", 1)),
        "frame-src": ("'self'",),
        "object-src": ("'none'",),
        "base-uri": ("'none'",),
        "form-action": ("'self'",),
        "frame-ancestors": ("'none'",),
    }
    directives.update(overrides or {})
    return "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items())


class SafeHeaders:
    """Adds the policy to every response that did not bring its own (the mail frame brings a stricter one)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then close the doors that the view left open."""
        response = self.get_response(request)
        response.headers.setdefault(CSP, policy())
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            # A page with a client's words must not come back from the cache after signing out.
            response.headers.setdefault("Cache-Control", "no-store")
        return response
