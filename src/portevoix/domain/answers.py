"""Saved answers: a text with variables such as ``{{ prenom }}``, filled from what is known of the conversation.

A variable that has no value is reported and stays visible in the text: nothing with braces in it may leave the house
(``actions.messages.reply`` refuses it).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What an administrator may write in a saved answer or a signature.
VARIABLES: Final = ("prenom", "nom", "conseiller", "ligne", "date", "reference")

_VARIABLE: Final = re.compile(r"\{\{\s*([^{}\n]{0,60}?)\s*\}\}")
_LONGEST: Final = 80
#: Two letters after a dot without a blank make a link in many programs ("J.-P." does not).
_NO_NAME: Final = re.compile(r"[/\\@:<>\d€$%!?|=#*]|\w\.\w{2,}")
_MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_ENGLISH: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def fill(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with its variables filled, and the names of those that have no value (each once, in order).

    Values are put in as they are: a value that itself looks like a variable is not filled again.
    """
    missing: dict[str, None] = {}

    def put(found: re.Match[str]) -> str:
        value = values.get(found[1].casefold(), "")
        if not value.strip():
            missing[found[1]] = None
            return found[0]
        return value

    return _VARIABLE.sub(put, text), tuple(missing)


def without(text: str, missing: tuple[str, ...]) -> str:
    """The text with the named variables taken out, for a signature that must never stop an answer."""
    return _VARIABLE.sub(lambda found: "" if found[1] in missing else found[0], text)


def names(full: str) -> tuple[str, str]:
    """First name and family name of a full name. French forms put the family name in capitals, before or after.

    With one word only the family name is known: "Bonjour Dupont" is worse than a variable to fill by hand.
    What is no name (an address of the web, a number to call) gives none: an answer must not carry a stranger's message.
    """
    if _NO_NAME.search(full) or len(full) > _LONGEST:
        return "", ""
    words = full.replace(",", " ").split()
    if len(words) < 2:
        return "", " ".join(words)
    capitals = [word for word in words if len(word) > 1 and word.isupper()]
    if capitals and len(capitals) < len(words):
        return " ".join(word for word in words if word not in capitals), " ".join(capitals)
    return words[0], " ".join(words[1:])


def day(year: int, month: int, number: int, language: str = "fr") -> str:
    """A date written out: "1er mars 2026", "1 March 2026"."""
    if language == "en":
        return f"{number} {_ENGLISH[month - 1]} {year}"
    return f"{'1er' if number == 1 else number} {_MONTHS[month - 1]} {year}"


def reference(conversation_id: int) -> str:
    """What a client quotes on the phone. It opens nothing by itself: the signed tokens do (channels/mail/identity.py)."""
    return f"PV-{conversation_id:06d}"
