"""The app of the configuration tables; its migrations also lay the live tables."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    """Lines, doors, hours, subjects, skills, people's links, saved answers and views."""

    name = "portevoix.web.records"
    label = "records"
    verbose_name = _("Configuration")
