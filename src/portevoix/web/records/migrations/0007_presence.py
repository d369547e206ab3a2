"""Presence with its cause, and a row for every state somebody was in."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0006_floor"),
    ]

    operations = [
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0006_presence.sql").read_text("utf-8"),
            reverse_sql="drop table presence_span; alter table presence drop column cause",
        ),
    ]
