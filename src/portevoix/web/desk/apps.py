"""The application's registration."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import psycopg
from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from psycopg_pool import PoolTimeout

from portevoix.actions import presence
from portevoix.actions.errors import Refused
from portevoix.domain.advisers.presence import Cause
from portevoix.web.database import database, now
from portevoix.web.telling import poke

if TYPE_CHECKING:
    from portevoix.web.accounts.models import User

log = logging.getLogger(__name__)


class DeskConfig(AppConfig):
    """Pages and fragments of the desk."""

    name = "portevoix.web.desk"
    label = "desk"

    def ready(self) -> None:
        """Signing out frees one's work."""
        user_logged_out.connect(_gone, dispatch_uid="desk-signed-out")


def _gone(user: User | None = None, **_more: object) -> None:
    if user is None:
        return
    try:
        with database() as conn:
            if presence.get(conn, user.pk)["state"] != "offline":
                presence.set_state(conn, user.pk, "offline", "", now(conn), cause=Cause.SIGNED_OUT)
        poke()
    except (psycopg.OperationalError, PoolTimeout, Refused):
        # Signing out always works; the browser's missing sign of life frees the work a minute later.
        log.exception("the work of account %s could not be freed at sign-out", user.pk)
