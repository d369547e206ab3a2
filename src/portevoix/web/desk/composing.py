"""Recipients, saved answers and their variables."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.utils import getaddresses
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from portevoix.actions.errors import Invalid
from portevoix.domain import answers
from portevoix.store import desk

if TYPE_CHECKING:
    from portevoix.web.desk.page import Page

_ADDRESS = re.compile(r"[^\s@<>,;\"()\[\]\\]{1,64}@[^\s@<>,;\"()\[\]\\]{1,189}\.[^\s@<>,;\"()\[\]\\.]{2,63}")


def written(name: str, address: str) -> str:
    """``Name <address>`` as one types it."""
    try:
        return str(Address(name, addr_spec=address)) if name else address
    except (ValueError, IndexError):
        return address


def recipients_of(page: Page, row: dict[str, Any], draft: dict[str, Any] | None) -> dict[str, str]:
    """``to`` and ``cc`` of the reply: the draft's, else whoever wrote last (an out-of-office or a stranger does not count)."""
    if draft is not None and draft["recipients"]:
        return {
            way: ", ".join(
                written(r.get("name", ""), r["address"])
                for r in draft["recipients"]
                if r.get("as", "to") == way
            )
            for way in ("to", "cc")
        }
    last = desk.row(page.conn, "last_in", id=row["id"])
    if last is not None and last["sender"]:
        return {"to": written(last["sender_name"], last["sender"]), "cc": ""}
    addresses = [a for a in desk.rows(page.conn, "addresses", id=row["now_person_id"]) if a["kind"] == "mail"]
    return {"to": addresses[0]["value"] if addresses else "", "cc": ""}


def read_recipients(to: str, cc: str) -> list[dict[str, str]]:
    """What was typed, as the message keeps it. Raises ``Invalid``."""
    found: list[dict[str, str]] = []
    for way, text in (("to", to), ("cc", cc)):
        for name, address in getaddresses([text.replace(";", ",")]):
            if not address and not name:
                continue
            if not _ADDRESS.fullmatch(address):
                raise Invalid("bad-address", address or name)
            if address.lower() not in {one["address"] for one in found}:
                found.append({"name": name, "address": address.lower(), "as": way})
    return found


def variables(page: Page, row: dict[str, Any], person: dict[str, Any]) -> dict[str, str]:
    """What the variables of a saved answer stand for here; an empty one is missing."""
    first, last = answers.names(person["name"])
    today = timezone.localdate(page.now)
    return {
        "prenom": first,
        "nom": last,
        "conseiller": getattr(page.request.user, "shown_name", page.who.name),
        "ligne": row["line"],
        "date": answers.day(today.year, today.month, today.day, row["language"]),
        "reference": answers.reference(row["id"]),
    }
