"""What the guard against password guessing (django-axes) asks of us."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

LOCKED_STATUS = 429


def account_key(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """The log-in name as the account table knows it, so that "Alice@" and "alice@" share one counter."""
    given = (credentials or {}).get("username") or (credentials or {}).get("email")
    if given is None and request is not None:
        given = request.POST.get("username")
    return str(given or "").strip().lower()[:254]


def told_to_wait(request: HttpRequest, seconds: int) -> HttpResponse:
    """Too many different accounts were tried from here: the same words whether or not they exist."""
    response = render(
        request,
        "accounts/wait.html",
        {"seconds": seconds, "minutes": (seconds + 59) // 60},
        status=LOCKED_STATUS,
    )
    response["Retry-After"] = str(seconds)
    return response


def locked_out(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """The same sentence whether or not the account exists."""
    return render(request, "accounts/locked.html", {"minutes": 15}, status=LOCKED_STATUS)
