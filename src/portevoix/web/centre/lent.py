"""Django's own connection, lent to an action: the row of a form and the event about it commit together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.db import connection
from psycopg.rows import dict_row

from portevoix.store.db import Connection


@contextmanager
def lent() -> Iterator[Connection]:
    """The connection with rows as dictionaries, for as long as the block lasts."""
    connection.ensure_connection()
    raw = connection.connection
    rows = raw.row_factory
    raw.row_factory = dict_row
    try:
        yield cast("Connection", raw)
    finally:
        raw.row_factory = rows
