"""What the contracts say that coherence shows: the share, the prices, and whether the house's figures may be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from portevoix.store import coherence as store

if TYPE_CHECKING:
    from portevoix.domain.figures.compare_cells import Counts
    from portevoix.store.db import Connection

#: (line, subject or None, channel): what is compared with itself.
Stratum = tuple[int, int | None, str]
#: Counts by stretch of the period in which no contract begins or ends.
Pieces = Mapping[tuple[int, Stratum], "Counts"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract. ``share``: its target, 0 to 1; ``lines``, ``channels`` None: all; prices in euros; both days count."""

    organisation_id: int
    share: float
    lines: frozenset[int] | None
    channels: frozenset[str] | None
    first: date | None
    last: date | None
    per_contact: float | None
    per_minute: float | None
    reference_visible: bool

    def holds(self, day: date) -> bool:
        """In force on that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def covers(self, day: date, stratum: Stratum) -> bool:
        """That line and channel, on that day."""
        line, _subject, channel = stratum
        return (
            self.holds(day)
            and (self.lines is None or line in self.lines)
            and (self.channels is None or channel in self.channels)
        )

    @property
    def priced(self) -> bool:
        """Names a price."""
        return self.per_contact is not None or self.per_minute is not None

    def cost(self, counts: Counts) -> float:
        """Of closed contacts and of minutes in hands."""
        return (self.per_contact or 0.0) * counts.closed + (self.per_minute or 0.0) * counts.seconds / 60.0


def agreements(conn: Connection) -> list[Agreement]:
    """All contracts."""
    return [_agreement(row) for row in store.rows(conn, "contracts")]


def _agreement(row: Mapping[str, Any]) -> Agreement:
    return Agreement(
        row["organisation_id"],
        row["share"] / 100,
        frozenset(row["line_ids"]) if row["lines"] else None,
        frozenset(row["channels"]) if row["channels"] else None,
        row["first_day"],
        row["last_day"],
        float(row["price_contact"]) if row["price_contact"] is not None else None,
        float(row["price_minute"]) if row["price_minute"] is not None else None,
        row["reference_visible"],
    )


def stretches(known: Iterable[Agreement], from_at: datetime, to_at: datetime) -> list[datetime]:
    """Where the period begins, and each moment in it at which a contract begins or has ended."""
    days = {one.first for one in known if one.first} | {
        one.last + timedelta(days=1) for one in known if one.last and one.last < date.max
    }
    moments = (datetime.combine(day, time.min, from_at.tzinfo) for day in days)
    return [from_at, *sorted(moment for moment in moments if from_at < moment < to_at)]


def in_force(
    known: Iterable[Agreement], organisations: Sequence[int], starts: Sequence[datetime]
) -> tuple[Agreement, ...]:
    """Those of some organisations that hold at some time of the period."""
    return tuple(
        one
        for one in known
        if one.organisation_id in organisations and any(one.holds(start.date()) for start in starts)
    )


def cost(agreed: Sequence[Agreement], starts: Sequence[datetime], pieces: Pieces) -> float | None:
    """What the prices make of that work; None where none of it has a price. Of two contracts that cover the same, the
    first counts."""
    found: float | None = None
    for (piece, stratum), counts in pieces.items():
        day = starts[piece].date()
        price = next((one for one in agreed if one.priced and one.covers(day, stratum)), None)
        if price is not None:
            found = (found or 0.0) + price.cost(counts)
    return found


def share(agreed: Agreement, starts: Sequence[datetime], mine: Pieces, everybody: Pieces) -> float | None:
    """What the organisation had of everything that its contract covers; None where there was nothing."""

    def handled(pieces: Pieces) -> int:
        return sum(
            counts.handled
            for (piece, stratum), counts in pieces.items()
            if agreed.covers(starts[piece].date(), stratum)
        )

    whole = handled(everybody)
    return handled(mine) / whole if whole else None
