"""Forms of the account pages."""

import threading
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import (
    AuthenticationForm,
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
)
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portevoix.web.accounts.models import PasswordLink, User

#: Links for a forgotten password to one account in an hour.
_LINKS = 3
_AN_HOUR = timedelta(hours=1)


class SignInForm(AuthenticationForm):
    """Mail address and password. The refusal is one sentence for every cause: it tells nobody who has an account."""

    username = forms.EmailField(
        label=_("Adresse électronique"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Mot de passe"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": _(
            "L’adresse ou le mot de passe ne convient pas. Vérifiez les deux, puis recommencez."
        ),
        "inactive": _("L’adresse ou le mot de passe ne convient pas. Vérifiez les deux, puis recommencez."),
    }


class ForgottenForm(PasswordResetForm):
    """Asks for the address to which a link is sent."""

    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send aside: a relay's second of delay would tell which addresses have an account.

        No more than a few an hour to one account, and said to nobody: the form is open to strangers.
        """
        user = kwargs["context"]["user"] if "context" in kwargs else args[2]["user"]
        send = super().send_mail

        def work() -> None:
            try:
                if _may_send(user.pk):
                    send(*args, **kwargs)
            finally:
                connection.close()  # this thread's own

        threading.Thread(target=work, name="account-mail").start()


def _may_send(account_id: int) -> bool:
    """Whether another link may go to the account; counts it. One process at a time asks about one account."""
    now = timezone.now()
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=account_id).first()
        PasswordLink.objects.filter(at__lt=now - _AN_HOUR).delete()
        if PasswordLink.objects.filter(account_id=account_id).count() >= _LINKS:
            return False
        PasswordLink.objects.create(account_id=account_id, at=now)
    return True


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    """A new password after the mailed link."""


class ChangePasswordForm(PasswordChangeForm):
    """A new password, the old one known."""


class PreferencesForm(forms.ModelForm[User]):
    """How the desk looks and sounds for oneself."""

    class Meta:
        model = User
        fields = ("language", "theme", "density", "font", "sound", "shortcuts")
        widgets: ClassVar[dict[str, Any]] = {
            "language": forms.RadioSelect,
            "theme": forms.RadioSelect,
            "density": forms.RadioSelect,
            "font": forms.RadioSelect,
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "font": _("OpenDyslexic peut aider les personnes dyslexiques."),
            "sound": _("Une proposition est toujours aussi montrée à l’écran."),
            "shortcuts": _(
                "Par exemple « r » pour répondre. Éteignez-les si votre lecteur d’écran ou la dictée s’en sert."
            ),
        }
