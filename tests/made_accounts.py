"""Accounts for tests whose matter is not the hashing: a password is hashed once a process, as dearly as ever."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def _hashed(password: str) -> str:
    from django.contrib.auth.hashers import make_password

    return make_password(password)


def make_account(email: str, password: str, **fields: Any) -> Any:
    """Create an account that signs in with `password`; its hash (and salt) is shared by all that have it."""
    from portevoix.web.accounts.models import User

    account = User.objects.create_user(email, **fields)
    account.password = _hashed(password)
    account.save(update_fields=["password"])
    return account
