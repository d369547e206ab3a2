"""What the demonstration centre contains. Run as a process of its own, with the centre's environment.

Everything is found by its natural key, so a second run changes nothing that an administrator changed.
"""

from __future__ import annotations

import datetime as dt
import os
import smtplib
import sys
import time
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from portevoix.cli.demo import DOMAIN
from portevoix.cli.demo.texts import ANSWERS, LINES, MAILS, PEOPLE, SKILLS, LineText

if TYPE_CHECKING:
    from portevoix.web.records.models import Line, Skill

# A door made this moment is known to the mail server when it has read its configuration again.
_DOOR_SECONDS = 20.0


def fill_centre(password: str) -> dict[str, str]:
    """Fill the tables and send the first mails; return {log-in: role}."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portevoix.web.settings")
    import django

    django.setup()
    from django.db import connection, transaction

    from portevoix.web.records.models import Skill

    with transaction.atomic():
        skills = {
            slug: Skill.objects.get_or_create(slug=slug, defaults={"name": name})[0]
            for slug, name in SKILLS.items()
        }
        lines = {text.slug: _line(text, skills) for text in LINES}
        for slug, title, body in ANSWERS:
            _saved_answer(lines.get(slug), title, body)
        log_ins = {person.email: _person(person.email, password, lines, skills) for person in PEOPLE}
    connection.close()
    _tell_everybody()
    for number in range(len(MAILS)):
        _send(number)
    return log_ins


def _line(text: LineText, skills: dict[str, Skill]) -> Line:
    from portevoix.web.records.models import Door, Line, LineHours, LineSkill, Subject

    line, made = Line.objects.get_or_create(
        slug=text.slug,
        defaults={
            "name": text.name,
            "target_minutes": text.target_minutes,
            "sender_name": f"Centre d’enseignement à distance — {text.name}",
            "signature": "{{ conseiller }}\n" + text.name + "\nRéférence : {{ reference }}",
            # The date, the reference and "sent automatically" follow by themselves.
            "ack_text": "Bonjour,\n\nUn conseiller vous répondra dans les meilleurs délais.",
            "service_name": f"Relation clients, {text.name}",
            "service_address": "1 place de la Démonstration, 86000 Poitiers",
            "service_phone": "05 00 00 00 00",
        },
    )
    Door.objects.get_or_create(kind="mail", address=f"{text.slug}@{DOMAIN}", defaults={"line": line})
    if not made:
        return line
    # The demonstration is open every day, so that an offer comes whenever it is tried.
    for weekday in range(7):
        LineHours.objects.create(line=line, weekday=weekday, opens=dt.time(0, 0), closes=dt.time(23, 59))
    for slug, level in text.skills.items():
        LineSkill.objects.create(line=line, skill=skills[slug], min_level=level)
    for place, (group, leaves) in enumerate(text.subjects.items()):
        parent = Subject.objects.create(line=line, name=group, position=place)
        for leaf_place, leaf in enumerate(leaves):
            Subject.objects.create(line=line, parent=parent, name=leaf, position=leaf_place)
    return line


def _saved_answer(line: Line | None, title: str, body: str) -> None:
    from portevoix.web.records.models import SavedAnswer

    SavedAnswer.objects.get_or_create(line=line, title=title, defaults={"body": body})


def _person(address: str, password: str, lines: dict[str, Line], skills: dict[str, Skill]) -> str:
    from portevoix.web.accounts.models import User
    from portevoix.web.records.models import AdviserLine, AdviserSkill, Organisation, Site, Team

    person = next(one for one in PEOPLE if one.email == address)
    kind = "outsourcer" if person.organisation != "Centre" else "in-house"
    organisation, _ = Organisation.objects.get_or_create(name=person.organisation, defaults={"kind": kind})
    team, _ = Team.objects.get_or_create(organisation=organisation, name=person.team)
    site, _ = Site.objects.get_or_create(name=person.site)
    account = User.objects.filter(email=person.email).first()
    if account is None:
        account = User.objects.create_user(
            person.email, password, full_name=person.name, public_name=person.name, role=person.role,
            organisation=organisation, team=team, site=site,
        )  # fmt: skip
        for slug in person.lines:
            AdviserLine.objects.get_or_create(account=account, line=lines[slug])
        for slug, level in person.skills.items():
            AdviserSkill.objects.get_or_create(account=account, skill=skills[slug], defaults={"level": level})
    return str(account.get_role_display())


def _tell_everybody() -> None:
    """Let router and mail read the configuration again."""
    from portevoix.actions import configuration
    from portevoix.store import db

    with db.connect(name="portevoix demo") as conn, conn.transaction():
        configuration.changed(conn, "line", None, None, dt.datetime.now(dt.UTC))


def _send(number: int) -> None:
    """Send one demonstration mail to our own door. Its Message-ID is fixed: sent again it changes nothing."""
    text = MAILS[number]
    mail = EmailMessage()
    mail["From"] = text.sender
    mail["To"] = f"{text.line}@{DOMAIN}"
    mail["Subject"] = text.subject
    mail["Date"] = format_datetime(dt.datetime.now(dt.UTC))
    mail["Message-ID"] = f"<demo-{number}@client.example>"
    mail.set_content(text.body)
    if text.html:
        mail.add_alternative(text.html, subtype="html")
    host = os.environ.get("PORTEVOIX_SMTP_HOST", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - read only
    deadline = time.monotonic() + _DOOR_SECONDS
    while True:
        with smtplib.SMTP(host, int(os.environ["PORTEVOIX_SMTP_PORT"]), timeout=20) as server:
            try:
                server.send_message(mail)
            except smtplib.SMTPRecipientsRefused:
                if time.monotonic() > deadline:
                    raise
            else:
                return
        time.sleep(0.5)


def main() -> int:
    """Fill the centre and print one line a log-in."""
    for address, role in fill_centre(sys.argv[1]).items():
        print(f"{address:<28} {role}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
