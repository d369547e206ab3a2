"""Numbers out of an address or a form. ``str.isdigit`` also says yes to "²", and to digits without end."""

from __future__ import annotations

import re
from typing import Final

#: What fits a row's number (bigint).
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


def number(text: str) -> int | None:
    """The number that is written there, or None."""
    return int(text) if _NUMBER.fullmatch(text) else None
