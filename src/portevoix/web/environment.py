"""Settings read from the environment: three small helpers and one parser, no library."""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

#: A peer that vanished is noticed within 20 s, as on the live tables' own connections (RELIABILITY.md F45). libpq's units.
_NOTICE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
_TRUE = {"1", "true", "yes", "on", "oui"}
_FALSE = {"", "0", "false", "no", "off", "non"}


def text(name: str, default: str = "") -> str:
    """The value of `name`, or `default` when it is not set."""
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    """A yes or no. An unreadable value is refused: a mistyped safety switch must not pass unseen."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    value = raw.strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} : attendu 1 ou 0.")


def secret(name: str, fallback: str | None = None) -> str:
    """The secret in `name`, or in the file named by `name`_FILE (container secrets), or `fallback`."""
    value = os.environ.get(name)
    if value:
        return value
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    if fallback is not None:
        return fallback
    raise ImproperlyConfigured(
        f"{name} est vide. Donnez une longue chaîne aléatoire (ou {name}_FILE) ; "
        "`portevoix up` s'en charge tout seul."
    )


def listing(name: str, default: str) -> list[str]:
    """Values separated by commas, blanks dropped."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a libpq address or keyword string, as `psycopg` itself reads it.

    Everything that Django has no name for (sslmode, options, connect_timeout...) is passed on untouched.
    """
    parts = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": str(parts.pop("dbname", "")),
        "USER": str(parts.pop("user", "")),
        "PASSWORD": str(parts.pop("password", "")),
        "HOST": str(parts.pop("host", "")),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": _NOTICE | parts,
    }
