"""Links by which somebody chooses a password: an invitation of some days, once; or the usual one of an hour."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import override

from portevoix.web.accounts.models import User

log = logging.getLogger(__name__)
DAYS = 7
_SALT = "portevoix.invitation"


@dataclass(frozen=True)
class Sent:
    """What became of the mail; ``link`` is only told where no relay is set, for the administrator to pass on."""

    sent: bool
    link: str = ""


def token(person: User) -> str:
    """Signed and dated; worthless once a password is set, for it names the present one."""
    return signing.dumps([person.pk, person.password[-12:]], salt=_SALT)


def opened(given: str) -> User | None:
    """Whom a token invites, while it lasts."""
    try:
        pk, mark = signing.loads(given, salt=_SALT, max_age=DAYS * 86400)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    person = User.objects.filter(pk=pk, is_active=True).first()
    return person if person and person.password[-12:] == mark and not person.has_usable_password() else None


def invite(request: HttpRequest, person: User) -> Sent:
    """Send the invitation of an account without password, or the reset link of one that has its own."""
    if person.has_usable_password():
        uid = urlsafe_base64_encode(force_bytes(person.pk))
        path = reverse("accounts:new-password", args=[uid, default_token_generator.make_token(person)])
        template = "centre/mails/reset"
    else:
        path = reverse("centre:welcome", args=[token(person)])
        template = "centre/mails/invitation"
    link = request.build_absolute_uri(path)
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        log.info("account mail for %s: no relay is set (PORTEVOIX_ACCOUNT_SMTP)", person.email)
        return Sent(sent=False, link=link)
    with override(person.language):
        body = render_to_string(f"{template}.txt", {"person": person, "link": link, "days": DAYS})
        subject = render_to_string(f"{template}_subject.txt").strip()
    try:
        send_mail(subject, body, None, [person.email])
    except OSError:
        log.exception("account mail for %s was not sent", person.email)
        return Sent(sent=False, link=link)
    return Sent(sent=True)
