"""An alarm for what a platform has had for too long."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0011_floor_history"),
    ]

    operations = [
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0011_elsewhere_alarm.sql").read_text("utf-8"),
            reverse_sql="delete from alarm where kind = 'away'; alter table alarm drop constraint alarm_kind_check,"
            " add constraint alarm_kind_check check (kind in ('waiting', 'oldest', 'late', 'nobody', 'no-skill'))",
        ),
    ]
