"""The app of the settings pages; its one table is the history of changes."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CentreConfig(AppConfig):
    """Lines, doors, hours, subjects, skills, people and saved answers, set by an administrator."""

    name = "portevoix.web.centre"
    label = "centre"
    verbose_name = _("Réglages du centre")
