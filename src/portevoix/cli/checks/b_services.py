"""Checks of the database and the bus."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from portevoix.cli.checks import Patient, Skip, check


@check(
    "database",
    proves="PostgreSQL answers and is new enough",
    remedy="start the centre (`portevoix up`), or look at DATABASE_URL and at the server's log",
)
def database(patient: Patient) -> Sequence[str]:
    """The database answers; PostgreSQL 15 or newer."""
    version = patient.database.info.server_version
    return [] if version >= 150000 else [f"PostgreSQL {version // 10000} is too old: 15 or newer is needed"]


@check(
    "migrations",
    proves="the tables are those that this code was written for",
    remedy="run `portevoix manage migrate`, or restart the centre",
)
def migrations(patient: Patient) -> Sequence[str]:
    """No migration is waiting."""
    patient.database.execute("select 1")
    os.environ.update(patient.env)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portevoix.web.settings")
    import django
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    connection.close()
    return [f"{migration.app_label}.{migration.name} is not applied" for migration, _backwards in waiting]


@check(
    "durable",
    proves="what was received is on disk when we say so",
    remedy="set fsync, full_page_writes and synchronous_commit to on in PostgreSQL; without them a power cut loses mail",
)
def durable(patient: Patient) -> Sequence[str]:
    """Commits are written to disk."""
    from portevoix.store import doctor

    found = doctor.settings(patient.database)
    wrong = [
        f"{name} is {found.get(name)}" for name in ("fsync", "full_page_writes") if found.get(name) != "on"
    ]
    if found.get("synchronous_commit") == "off":
        wrong.append("synchronous_commit is off")
    return wrong


@check(
    "bus",
    proves="NATS answers: news reach the browsers at once",
    remedy="start the centre, or look at NATS_URL; nothing is lost meanwhile, pages are only slower to show it",
)
def bus(patient: Patient) -> Sequence[str]:
    """A connection to NATS and back."""
    url = patient.env.get("NATS_URL")
    if not url:
        msg = "no centre runs here and NATS_URL is not set"
        raise Skip(msg)
    import nats

    async def _round_trip() -> None:
        async def quiet(_error: Exception) -> None:
            return

        client = await nats.connect(url, allow_reconnect=False, connect_timeout=3, error_cb=quiet)
        await client.flush(timeout=3)
        await client.close()

    try:
        asyncio.run(asyncio.wait_for(_round_trip(), 6))
    except Exception as error:  # noqa: BLE001 - whatever the library raises, the answer is "no"
        return [f"NATS does not answer: {str(error) or type(error).__name__}"]
    return []
