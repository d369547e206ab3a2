"""Who may change what: administrators everything, supervisors the saved answers and the mails set aside.

An account of an outsourcer never configures the centre, whatever its role; supervisors see only the lines they
oversee (actions/access.py): set-aside mails hold clients' words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase

from portevoix.actions import access
from portevoix.domain.access import RULES, Action, Role
from portevoix.web.accounts.models import User
from portevoix.web.database import database
from portevoix.web.records.models import Organisation

View = Callable[..., HttpResponseBase]


def is_external(user: User) -> bool:
    """Belongs to an outsourcer."""
    return user.organisation is not None and user.organisation.kind == Organisation.Kind.OUTSOURCER


def may(user: Any, action: Action) -> bool:
    """Whether there is anything here that this person may do (the rules stand in domain/access.py)."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.administers and is_external(user):
        return False
    return action in RULES[Role(user.role)]


def my_lines(user: User) -> frozenset[int] | None:
    """The lines this person oversees (actions/access.py says which); None: all of them."""
    if user.administers:
        return None
    with database() as conn:
        return access.actor(conn, user.pk).lines


def of_lines(lines: frozenset[int] | None, path: str = "line") -> Q:
    """The rows of these lines; ``path`` leads from the row to the line."""
    return Q() if lines is None else Q(**{f"{path}__in": lines})


def guarded(view: View, action: Action) -> View:
    """The view, refused to everybody else. Anonymous visitors were already sent to the sign-in page."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, action):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def me(request: HttpRequest) -> User:
    """The person signed in; only for guarded views."""
    assert isinstance(request.user, User)
    return request.user
