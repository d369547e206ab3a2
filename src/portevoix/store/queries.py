"""Named SQL: ``-- name: some_query`` and the statement below it, in ``store/sql/<noun>.sql``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, LiteralString, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)


@cache
def load(noun: str) -> Mapping[str, LiteralString]:
    """All queries of ``sql/<noun>.sql`` by name. Written by us and shipped with us, hence LiteralString."""
    text = files("portevoix.store").joinpath("sql", f"{noun}.sql").read_text("utf-8")
    parts = _NAME.split(text)
    found: dict[str, LiteralString] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in found:
            msg = f"{noun}.sql: the query {name} stands twice"
            raise ValueError(msg)
        found[name] = cast("LiteralString", body.strip())
    return found
