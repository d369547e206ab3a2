"""The registry of what `portevoix doctor` checks. A new check is one small function with a decorator.

A check returns a list of findings; an empty list means that all is well. It may say `Skip` when what it
looks at is not there (for example: no centre runs).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from portevoix.runners.centre import Places

if TYPE_CHECKING:
    from portevoix.store.db import Connection


class Skip(Exception):
    """This check does not apply; the text says why."""


@dataclass
class Patient:
    """What the checks look at: one centre, through its data directory and its environment."""

    places: Places
    env: dict[str, str]
    shared: dict[str, object] = field(default_factory=dict)

    @cached_property
    def database(self) -> Connection:
        """One connection for all checks; raises `Skip` when there is no address."""
        from portevoix.store import db

        url = self.env.get("DATABASE_URL")
        if not url:
            msg = "no centre runs here and DATABASE_URL is not set"
            raise Skip(msg)
        return db.connect(url, name="portevoix doctor")


Look = Callable[[Patient], Sequence[str]]


@dataclass(frozen=True)
class Check:
    """One question, what a good answer proves, and what to do about a bad one."""

    name: str
    proves: str
    remedy: str
    look: Look
    warning: bool = False  # worth a look, but nothing is broken


REGISTRY: list[Check] = []


def check(name: str, *, proves: str, remedy: str, warning: bool = False) -> Callable[[Look], Look]:
    """Register the decorated function as a check."""

    def _register(look: Look) -> Look:
        REGISTRY.append(Check(name, proves, remedy, look, warning))
        return look

    return _register


def everything() -> list[Check]:
    """Return all checks: every module of this package is imported."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        importlib.import_module(f"{__name__}.{module.name}")
    return REGISTRY
