"""The application's registration."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People who sign in."""

    name = "portevoix.web.accounts"
    label = "accounts"
    verbose_name = _("Comptes")

    def ready(self) -> None:
        """Count what succeeds and what fails."""
        from portevoix.web.accounts import guard

        user_login_failed.connect(guard.failed, dispatch_uid="guard-failed")
        user_logged_in.connect(guard.succeeded, dispatch_uid="guard-succeeded")
