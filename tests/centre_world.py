"""A small centre for the tests of the desk: two organisations, three lines, Alice, Bob, Charlie, a supervisor.

Mails come in through the real mail room and intake.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from made_accounts import make_account

from portevoix.actions import contacts, intake, mailroom
from portevoix.store import db

PASSWORD = "une phrase de passe assez longue"
SECRET = os.environ.get("PORTEVOIX_SECRET", "only-for-tests-" + "x" * 40).encode()


def mail(
    sender: str = "Camille Leroy <camille@client.example>",
    to: str = "inscription@centre.example",
    subject: str = "Pièce manquante à mon inscription",
    text: str = "Bonjour,\n\nIl manque un relevé de notes à mon dossier.\n\nCamille",
    html: str = "",
    files: tuple[tuple[str, str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A mail as a client's program writes it."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = headers.pop("message_id", f"<{os.urandom(8).hex()}@client.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, type_, content in files:
        main, _slash, sub = type_.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return bytes(message)


@dataclass(slots=True)
class World:
    """The centre and its people, by name."""

    conn: db.Connection
    accounts: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, Any] = field(default_factory=dict)
    subjects: dict[str, int] = field(default_factory=dict)

    def receive(self, raw: bytes, to: str = "inscription@centre.example", at: datetime | None = None) -> Any:
        """Take a mail in; gives what intake says of it."""
        centre = mailroom.Centre.read(self.conn)
        door = centre.door(to)
        assert door is not None
        item = mailroom.inbound(raw, door, centre, secret=SECRET, at=at or datetime.now(UTC), recipient=to)
        with self.conn.transaction():
            (taken,) = intake.take_in(self.conn, [item])
        return taken

    def held_by(self, who: str, raw: bytes | None = None, to: str = "inscription@centre.example") -> Any:
        """A conversation that this adviser has taken."""
        taken = self.receive(raw or mail(), to)
        contacts.take(self.conn, taken.contact_id, self.accounts[who].pk, datetime.now(UTC))
        return taken

    def offer(self, who: str, contact_id: int, at: datetime | None = None) -> None:
        """Offer a waiting contact, as the router does."""
        assert contacts.offer(
            self.conn,
            [contacts.Offer(contact_id, self.accounts[who].pk, {})],
            at or datetime.now(UTC) - timedelta(seconds=1),
        )


def build(conn: db.Connection) -> World:
    """Lay the configuration. Django must point at the same database."""
    from portevoix.web.records import models

    world = World(conn)
    house = models.Organisation.objects.create(name="Maison")
    other = models.Organisation.objects.create(name="Prestataire", kind="outsourcer")
    for slug, name in (("inscription", "Inscription"), ("cpf", "CPF"), ("scolaire", "Scolaire")):
        line = models.Line.objects.create(
            slug=slug, name=name, offer_seconds=60, signature="{{ conseiller }}\nService {{ ligne }}"
        )
        models.Door.objects.create(line=line, address=f"{slug}@centre.example")
        world.lines[slug] = line
    files = models.Subject.objects.create(line=world.lines["inscription"], name="Dossier", position=1)
    for position, name in enumerate(("Pièce manquante", "Dossier refusé", "Délai")):
        subject = models.Subject.objects.create(
            line=world.lines["inscription"], parent=files, name=name, position=position
        )
        world.subjects[name] = subject.pk
    models.SavedAnswer.objects.create(
        line=world.lines["inscription"],
        title="Pièce reçue",
        body="Bonjour {{ prenom }},\n\nNous avons bien reçu votre pièce. Votre référence : {{ reference }}.",
    )
    people = (
        ("alice", "Alice Martin", "adviser", house, ("inscription",)),
        ("bob", "Bob Petit", "adviser", house, ("cpf",)),
        ("charlie", "Charlie Roux", "adviser", other, ("scolaire",)),
        ("eve", "Eve Blanc", "adviser", house, ("inscription",)),
        ("sophie", "Sophie Garnier", "supervisor", house, ()),
        ("admin", "Adèle Roy", "administrator", house, ()),
    )
    for key, name, role, organisation, lines in people:
        account = make_account(
            f"{key}@centre.example", PASSWORD, full_name=name, role=role, organisation=organisation
        )
        for slug in lines:
            models.AdviserLine.objects.create(account=account, line=world.lines[slug])
        world.accounts[key] = account
    return world
