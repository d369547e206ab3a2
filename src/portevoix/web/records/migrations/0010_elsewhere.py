"""Organisations that answer on their own platform."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0009_whatif"),
    ]

    operations = [
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0009_elsewhere.sql").read_text("utf-8"),
            reverse_sql="drop table elsewhere_result, elsewhere_token, elsewhere_account",
        ),
    ]
