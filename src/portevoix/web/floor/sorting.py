"""The order of names on the floor."""

from __future__ import annotations

import unicodedata


def sorting(name: str, number: int) -> str:
    """What sorts names as people do, whatever their accents and capitals; the browser compares the same text."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return f"{plain} {number:09d}"
