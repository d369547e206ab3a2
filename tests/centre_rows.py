"""A small centre in the tables, for tests of the actions: two lines with a door each, two advisers, mails that came."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime, timedelta

from portevoix.actions.inbound import Inbound
from portevoix.actions.intake import take_in

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = b"only-for-tests"
DOMAIN = "centre.example"
_numbers = itertools.count(1)

_LINE = """insert into line (id, slug, name, language, time_zone, holiday_region, active, target_minutes, offer_seconds,
  preferred_seconds, wrap_up_seconds, sender_name, signature, ack_active, ack_text, service_name, service_address,
  service_phone, silence, silence_months, appeal_text)
values (%s, %s, %s, 'fr', 'Europe/Paris', 'metropole', true, 960, 30, 300, 120, %s, %s, true, '', 'Service des inscriptions',
  '1 rue du Port, 75001 Paris', '01 02 03 04 05', 'none', 2, '')"""
_ACCOUNT = """insert into account (id, password, is_superuser, email, full_name, public_name, role, language, theme, density,
  font, sound, shortcuts, mail_capacity, is_active, is_staff, created_at)
values (%s, '!', false, %s, %s, %s, 'adviser', 'fr', 'auto', 'comfortable', 'default', true, true, 3, true, false, now())"""


def fill(conn):
    """Lines 1 and 2 with the doors inscription@ and cpf@, advisers 1 (Anne) and 2 (Bruno)."""
    conn.execute(_LINE, [1, "inscription", "Inscriptions", "Le centre", "Pour le centre,\n{{ conseiller }}"])
    conn.execute(_LINE, [2, "cpf", "CPF", "Le centre", ""])
    for number, name in ((1, "inscription"), (2, "cpf")):
        conn.execute(
            "insert into door (id, line_id, kind, address, active, reply_token, imap_host, imap_port, imap_tls,"
            " imap_user, imap_secret, imap_folder) values (%s, %s, 'mail', %s, true, false, '', 993, true, '', '', '')",
            [number, number, f"{name}@centre.example"],
        )
    conn.execute(_ACCOUNT, [1, "anne@prestataire.example", "Anne Martin", "Anne M."])
    conn.execute(_ACCOUNT, [2, "bruno@interne.example", "Bruno Petit", ""])


def inbound(sender="jean@client.example", *, door=1, at=NOW, **values):
    """A mail as the mail room hands it in."""
    number = next(_numbers)
    body = values.pop("body", f"Bonjour, demande {number}.")
    external_id = values.pop("external_id", f"m{number}@client.example")
    return Inbound(
        **{
            "channel": "mail",
            "door_id": door,
            "line_id": door,
            "at": at,
            "due_at": at + timedelta(hours=16),
            "preferred_until": at + timedelta(minutes=5),
            "raw": b"raw " + str(number).encode(),
            "source_id": external_id,
            "digest": hashlib.sha256(body.encode()).digest(),
            "sender": sender,
            "sender_name": "Jean Dupont",
            "recipients": [{"name": "", "address": "inscription@centre.example", "as": "to"}],
            "subject": "Ma demande d’inscription",
            "body": body,
            "new_body": None,
            "html": False,
            "attachments": [],
            "external_id": external_id,
            "references": [],
            "token": None,
            "automatic": False,
            **values,
        }
    )


def came(conn, *args, **values):
    """One mail taken in; what became of it."""
    return take_in(conn, [inbound(*args, **values)])[0]


TO_JEAN = [{"name": "Jean Dupont", "address": "jean@client.example", "as": "to"}]
