"""Against trying one password on many accounts from one address. docs/decisions/0010-password-spraying.md says why so.

The counters are rows, so all page processes share them and a restart forgets nothing. django-axes goes on guarding each
account against many passwords.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from portevoix.web.accounts.models import SignInFailure, SignInSuccess, User
from portevoix.web.accounts.signin import account_key

#: Failures older than this are forgotten.
WINDOW: Final = timedelta(hours=1)
#: Who signed in from an address within this time is known there.
KNOWN: Final = timedelta(days=30)
#: Different accounts that may fail from an address within the window, and how many more for each account known there.
FREE: Final = 5
FREE_PER_KNOWN: Final = 2
_FIRST_WAIT: Final = 2.0
_LONGEST_WAIT: Final = 900.0


def address_of(request: HttpRequest) -> str:
    """Where the request comes from: a proxy of ours tells (the last entry is the one it wrote), else the connection."""
    direct = str(request.META.get("REMOTE_ADDR") or "")
    told = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
    if told and settings.HTTPS:
        try:
            beside_us = ipaddress.ip_address(direct).is_private
            return str(ipaddress.ip_address(told)) if beside_us else direct
        except ValueError:
            return direct
    return direct


def place_of(request: HttpRequest) -> str:
    """The counter's key: an IPv4 address, or the /64 of an IPv6 one, which is one household or office."""
    try:
        address = ipaddress.ip_address(address_of(request))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def wait(request: HttpRequest, name: str) -> int:
    """Seconds until a try of this account from here is looked at; 0: now. Who is known here never waits."""
    place, now = place_of(request), timezone.now()
    known = SignInSuccess.objects.filter(place=place, at__gt=now - KNOWN)
    if known.filter(account__email=name).exists():
        return 0
    failures = SignInFailure.objects.filter(place=place, at__gt=now - WINDOW)
    over = failures.count() - (FREE + FREE_PER_KNOWN * known.count())
    if over <= 0:
        return 0
    last = failures.order_by("-at").values_list("at", flat=True).first()
    return _left(over, last, now)


def _left(over: int, last: datetime | None, now: datetime) -> int:
    """Twice as long for each account beyond those that are free."""
    until = (last or now) + timedelta(seconds=min(_FIRST_WAIT * 2.0 ** min(over, 30), _LONGEST_WAIT))
    return max(0, int((until - now).total_seconds() + 0.999))


def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    """A try that failed (Django's signal). One that was not looked at does not count."""
    if request is None or getattr(request, "asked_to_wait", False):
        return
    SignInFailure.objects.update_or_create(
        place=place_of(request),
        name=_hashed(account_key(request, credentials)),
        defaults={"at": timezone.now()},
    )
    SignInFailure.objects.filter(at__lt=timezone.now() - 2 * WINDOW).delete()


def succeeded(request: HttpRequest | None, user: User, **_more: Any) -> None:
    """Somebody signed in: known here from now on, and a mistyped password of theirs is forgotten."""
    if request is None:
        return
    place = place_of(request)
    SignInSuccess.objects.update_or_create(place=place, account=user, defaults={"at": timezone.now()})
    SignInFailure.objects.filter(place=place, name=_hashed(user.email)).delete()
    SignInSuccess.objects.filter(at__lt=timezone.now() - KNOWN).delete()


def _hashed(name: str) -> str:
    """Names that were tried may be anybody's, or a password typed into the wrong box: never kept as they are."""
    return hashlib.blake2b(name.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=16).hexdigest()


class Guard:
    """Before all others: whichever page asks for a password. It knows no accounts, so it is no ``BaseBackend``."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Raises ``PermissionDenied`` while this address has to wait."""
        if request is not None and (seconds := wait(request, account_key(request, credentials))):
            request.asked_to_wait = seconds  # type: ignore[attr-defined]
            raise PermissionDenied
