"""What the contracts say that coherence shows: share, prices, and whether the house's figures may be seen.

Contracts belong to the allocation between organisations; where there is none, the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from portevoix.store.db import Connection


@dataclass(frozen=True, slots=True)
class Terms:
    """Of one organisation. ``share``: its target, 0 to 1; prices in euros."""

    share: float | None = None
    per_contact: float | None = None
    per_minute: float | None = None
    reference_visible: bool = False
    known: bool = False

    def cost(self, contacts: int, seconds: float) -> float | None:
        """Of so many closed contacts and seconds in hands; None where no price is agreed."""
        if self.per_contact is None and self.per_minute is None:
            return None
        return (self.per_contact or 0.0) * contacts + (self.per_minute or 0.0) * seconds / 60.0


NONE: Final = Terms()


def terms(conn: Connection, from_at: datetime, to_at: datetime) -> Mapping[int, Terms]:  # noqa: ARG001
    """By organisation, those in force in the period."""
    return {}
