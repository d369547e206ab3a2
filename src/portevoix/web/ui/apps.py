"""The application's registration."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, tags and static files shared by every page."""

    name = "portevoix.web.ui"
    label = "ui"
