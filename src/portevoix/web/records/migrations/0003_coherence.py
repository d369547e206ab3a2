"""Versions of saved answers, who has read them, and what is counted of finished work (store/sql/schema)."""

from importlib.resources import files
from typing import ClassVar

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0002_live")]
    operations: ClassVar = [
        migrations.AddField(
            "savedanswer",
            "version",
            models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name="version"),
        ),
        migrations.AddField(
            "savedanswer",
            "changed_at",
            models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                editable=False,
                verbose_name="modifiée le",
            ),
        ),
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0003_coherence.sql").read_text("utf-8"),
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
