"""Every address of the pages, from the table that Django itself uses: what is added later is attacked too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """``("desk:transfer", pattern)``; Django's own admin pages are walked by its index only."""

    def walk(resolver: Any, space: str) -> Iterator[tuple[str, URLPattern]]:
        for found in resolver.url_patterns:
            if isinstance(found, URLResolver):
                yield from walk(found, found.namespace or space)
            elif found.name:
                yield f"{space}:{found.name}" if space else found.name, found

    for name, pattern in walk(get_resolver(), ""):
        if not name.startswith("admin:") or name == "admin:index":
            yield name, pattern


def addresses(ids: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and path of each, filled with ``ids``."""
    made = []
    for name, pattern in patterns():
        given = dict(ids)
        if name.startswith("centre:person"):
            given["person_id"] = ids.get("account_id", ids["person_id"])
        values = {key: given[key] for key in pattern.pattern.converters}
        made.append((name, reverse(name, kwargs={**values, **pattern.default_args})))
    assert len(made) > 90
    return made
