"""Mails to send and a centre to receive them."""

from __future__ import annotations

import itertools
from typing import Any

INSCRIPTION = "inscription@centre.example"
CPF = "cpf@centre.example"
_numbers = itertools.count(1)

_LINE = """insert into line (id, slug, name, language, time_zone, holiday_region, active, target_minutes, offer_seconds,
  preferred_seconds, wrap_up_seconds, sender_name, signature, ack_active, ack_text, service_name, service_address,
  service_phone, silence, silence_months, appeal_text)
values (%s, %s, %s, 'fr', 'Europe/Paris', 'metropole', true, 960, 30, 300, 120, '', '', true, '', '', '', '', 'none', 2, '')"""
_DOOR = """insert into door (id, line_id, kind, address, active, reply_token, imap_host, imap_port, imap_tls, imap_user,
  imap_secret, imap_folder) values (%s, %s, 'mail', %s, true, true, '', 993, true, '', '', 'INBOX')"""


def fill(conn: Any) -> None:
    """Lines 1 and 2 with the doors inscription@ and cpf@."""
    for number, (slug, address) in enumerate((("inscription", INSCRIPTION), ("cpf", CPF)), 1):
        conn.execute(_LINE, [number, slug, slug])
        conn.execute(_DOOR, [number, number, address])


def mail(
    marker: str = "", *, sender: str = "jean@client.example", to: str = INSCRIPTION, message_id: str | None = "",
    headers: str = "", body: str = "Bonjour, une question.",
) -> bytes:  # fmt: skip
    """A plain mail. ``message_id``: "" makes one, None leaves it out."""
    number = next(_numbers)
    named = f"Message-ID: <{message_id or f'm{number}@client.example'}>\r\n" if message_id is not None else ""
    text = (
        f"From: Jean <{sender}>\r\nTo: {to}\r\nSubject: Demande {marker or number}\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\n{named}{headers}\r\n{body} {marker}\r\n"
    )
    return text.encode()


def rows(conn: Any, sql: str, *values: Any) -> list[Any]:
    """All rows, each a dict."""
    return list(conn.execute(sql, values).fetchall())


def count(conn: Any, what: str = "message where kind = 'in'") -> int:
    """How many rows."""
    return int(conn.execute(f"select count(*) as n from {what}").fetchone()["n"])
