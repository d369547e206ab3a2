"""What was done from the floor, and what of it stands."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0010_elsewhere"),
    ]

    operations = [
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0010_floor_history.sql").read_text("utf-8"),
            reverse_sql="drop table floor_act; alter table contact drop column head_at",
        ),
    ]
