"""Wrap-up that ends by itself, reasons of pauses, skills for a while, words to a team, where somebody works from."""

from importlib.resources import files

from django.db import migrations, models

SEED = """insert into pause_reason (name, name_en, worked, position) values
  ('Pause', 'Break', true, 1), ('Repas', 'Meal', false, 2), ('Réunion', 'Meeting', true, 3),
  ('Formation', 'Training', true, 4), ('Travail de fond', 'Deep work', true, 5)"""


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0007_presence"),
        ("accounts", "0003_routing"),
    ]

    operations = [
        migrations.CreateModel(
            name="PauseReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="motif")),
                (
                    "name_en",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=60, verbose_name="en anglais"
                    ),
                ),
                (
                    "worked",
                    models.BooleanField(
                        db_default=True, default=True, verbose_name="compte comme du temps de travail"
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, verbose_name="place dans le menu"
                    ),
                ),
                ("active", models.BooleanField(db_default=True, default=True, verbose_name="proposé")),
            ],
            options={
                "verbose_name": "motif de pause",
                "verbose_name_plural": "motifs de pause",
                "db_table": "pause_reason",
                "ordering": ("position", "name"),
            },
        ),
        migrations.RunSQL(SEED, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(
            files("portevoix.store").joinpath("sql/schema/0007_floor_acts.sql").read_text("utf-8"),
            reverse_sql="drop view skill_held; drop table team_message_to, team_message, skill_for_now; "
            "drop index presence_span_ended; alter table presence drop column ends_at; alter table account drop column works_from",
        ),
    ]
