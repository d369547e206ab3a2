"""The application's registration."""

from django.apps import AppConfig


class FloorConfig(AppConfig):
    """Pages of supervisors and of the outsourcers' managers."""

    name = "portevoix.web.floor"
    label = "floor"
