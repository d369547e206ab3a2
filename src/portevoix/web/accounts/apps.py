"""The application's registration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People who sign in."""

    name = "portevoix.web.accounts"
    label = "accounts"
    verbose_name = _("Comptes")
