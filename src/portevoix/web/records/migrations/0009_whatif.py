"""A supervisor's "what if"."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0008_floor_acts"),
    ]

    operations = [
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0008_whatif.sql").read_text("utf-8"),
            reverse_sql="drop table whatif",
        ),
    ]
