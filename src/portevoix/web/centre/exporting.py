"""The configuration as one JSON value, and back: lines by code, people by address, no row numbers, no secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portevoix.web.accounts.models import User
from portevoix.web.records.models import (
    Line,
    LineException,
    LineHours,
    LineSeason,
    Organisation,
    SavedAnswer,
    Site,
    Skill,
    Subject,
    Team,
)

VERSION = 1
LINE_FIELDS = (
    "slug", "name", "language", "time_zone", "holiday_region", "active", "target_minutes", "offer_seconds",
    "preferred_seconds", "wrap_up_seconds", "sender_name", "signature", "ack_active", "ack_text", "service_name",
    "service_address", "service_phone", "silence", "silence_months", "appeal_text",
    "urgency_weight", "urgency_minutes", "reserve_people", "relaxations", "data_class",
    "alarm_waiting", "alarm_minutes", "alarm_late",
)  # fmt: skip
DOOR_FIELDS = (
    "kind", "address", "active", "reply_token",
    "imap_host", "imap_port", "imap_tls", "imap_user", "imap_secret", "imap_folder",
    "imap_since", "imap_after", "imap_move_to",
)  # fmt: skip
PERSON_FIELDS = (
    "email",
    "full_name",
    "public_name",
    "role",
    "language",
    "mail_capacity",
    "mails_block_calls",
    "is_active",
)


def configuration(*, people: bool) -> dict[str, Any]:
    """Everything an administrator sets; people only when asked for, for their names are personal data."""
    whole: dict[str, Any] = {
        "portevoix": VERSION,
        "organisations": [_of(row, ("name", "kind")) for row in Organisation.objects.all()],
        "teams": [
            {"organisation": row.organisation.name, "name": row.name}
            for row in Team.objects.select_related("organisation")
        ],
        "sites": [row.name for row in Site.objects.all()],
        "skills": [_of(row, ("slug", "name")) for row in Skill.objects.all()],
        "lines": [_line(row) for row in _lines()],
        "exceptions_of_all_lines": [_exception(row) for row in LineException.objects.filter(line=None)],
        "saved_answers": [
            {**_of(row, ("title", "body", "language", "active")), "line": row.line.slug if row.line else None}
            for row in SavedAnswer.objects.select_related("line")
        ],
    }
    if people:
        whole["people"] = [_person(row) for row in _people()]
    return whole


def _lines() -> Any:
    return Line.objects.prefetch_related(
        "doors", "hours", "seasons", "exceptions", "subjects", "lineskill_set__skill"
    )


def _people() -> Any:
    linked = ("line_links__line", "skill_links__skill")
    return User.objects.select_related("organisation", "team", "site").prefetch_related(*linked)


def _of(row: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in fields}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def _line(line: Line) -> dict[str, Any]:
    subjects = list(line.subjects.all())
    return {
        **_of(line, LINE_FIELDS),
        "doors": [_of(door, DOOR_FIELDS) for door in line.doors.all()],
        "hours": [_hours(row) for row in line.hours.all() if row.season_id is None],
        "seasons": [_season(line, row) for row in line.seasons.all()],
        "exceptions": [_exception(row) for row in line.exceptions.all()],
        "skills": {row.skill.slug: row.min_level for row in line.lineskill_set.all()},
        "subjects": _tree(subjects, None),
    }


def _hours(row: LineHours) -> dict[str, Any]:
    return {
        "weekday": row.weekday,
        "opens": f"{row.opens:%H:%M}",
        "closes": f"{row.closes:%H:%M}",
    }


def _season(line: Line, season: LineSeason) -> dict[str, Any]:
    return {
        "name": season.name,
        "first_day": season.first_day.isoformat(),
        "last_day": season.last_day.isoformat(),
        "hours": [_hours(row) for row in line.hours.all() if row.season_id == season.pk],
    }


def _exception(row: LineException) -> dict[str, Any]:
    opens, closes = (f"{at:%H:%M}" if at else None for at in (row.opens, row.closes))
    return {"day": row.day.isoformat(), "opens": opens, "closes": closes, "reason": row.reason}


def _tree(subjects: list[Subject], parent: int | None) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "active": row.active, "below": _tree(subjects, row.pk)}
        for row in subjects
        if row.parent_id == parent
    ]


def _person(person: User) -> dict[str, Any]:
    return {
        **_of(person, PERSON_FIELDS),
        "organisation": person.organisation and person.organisation.name,
        "team": person.team and person.team.name,
        "site": person.site and person.site.name,
        "lines": sorted(link.line.slug for link in person.line_links.all()),
        "skills": {link.skill.slug: link.level for link in person.skill_links.all()},
    }
