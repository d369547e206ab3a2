"""The live tables: SQL of their own (store/sql/schema), laid after the configuration they point to."""

from importlib.resources import files
from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("records", "0001_initial"), ("accounts", "0002_initial")]
    operations: ClassVar = [
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0001_live.sql").read_text("utf-8"),
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0002_intake.sql").read_text("utf-8"),
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
