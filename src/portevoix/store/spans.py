"""The hits of a search, newest first, gathered from spans of message ids: how wide to look, and when it is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from portevoix.store.queries import load
from portevoix.store.words import flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from portevoix.store.db import Connection

_SQL = load("search")

#: Visible hits that are ranked together; and how many are looked at for one page: what filters leave out counts too.
WINDOW, LOOK = 200, 4000
#: The same for exact phrases, whose texts are read; and how many texts at once.
PHRASE_WINDOW, PHRASE_LOOK, TEXTS = 60, 500, 100
#: Ids in a block, and blocks in a large one, as the index on messages has them (0001_live.sql).
BLOCK, LARGE = 4096, 32
#: Blocks looked at first; how many times over that grows at most; more large ones than these are not named one by one.
FIRST_BLOCKS, GROWTH, MOST_LARGE = 2, 16, 512


class Place(NamedTuple):
    """Where a page of results begins; all of it stands in the address of that page."""

    top: int  # the search began when this id was not yet given: what came since stands on no page of it
    before: int  # the window: hits below this id ...
    floor: int  # ... and not below this one; -1: where it ends is not known yet
    offset: int  # results of the window that were shown


def gather(
    conn: Connection, values: Mapping[str, Any], phrases: Sequence[str], at: Place
) -> tuple[list[dict[str, Any]], int]:
    """The visible hits of a window and the id where it ends (0: nothing is older).

    A common word fills the window from a few thousand messages; a word that is not met recently is sought in all of
    them at the third or fourth step. ``values``: the query and the filters.
    """
    window, look = (PHRASE_WINDOW, PHRASE_LOOK) if phrases else (WINDOW, LOOK)
    if at.floor >= 0:  # known from the page before; what was committed late inside must not cut it
        window, look = 2 * window, 2 * look
    hits: list[dict[str, Any]] = []
    end, high, looked, portion = max(at.floor, 0), at.before, 0, window
    blocks = FIRST_BLOCKS if at.floor < 0 else high // BLOCK - end // BLOCK + 1
    while high > end:
        span = _span(high, end, blocks) | {"look": portion, "window": portion}
        # Never a prepared statement: a generic plan would not know how rare the words are.
        rows = conn.execute(_SQL["hits"], {**values, **span}, prepare=False).fetchall()
        seen = [row for row in rows if row["id"] is not None]
        hits += said(conn, seen, phrases, window - len(hits)) if phrases else seen[: window - len(hits)]
        if len(hits) >= window:
            return hits, hits[-1]["id"]
        here = rows[0]["looked_at"]
        looked += here
        cut = here >= span["look"]  # there is more in this span
        high = rows[0]["oldest"] if cut else span["floor"]
        if looked >= look:
            break
        portion = min(look - looked, _wanted(window - len(hits), len(hits), looked, portion))
        blocks = _wider((at.before - high) // BLOCK + 1, looked, portion)
    return hits, high


def _span(high: int, end: int, blocks: int) -> dict[str, Any]:
    """So many blocks of ids below ``high``, not below ``end``; all the rest where they are too many to name."""
    last = (high - 1) // BLOCK
    first = max(last - blocks + 1, end // BLOCK)
    named = [*range(first, min(last, first + LARGE - 1) + 1)]
    if last - first >= LARGE:  # whole large ones but for the newest ids: each one named costs 50 microseconds
        low, top = first // LARGE, (last + 1) // LARGE
        if top - low > MOST_LARGE:
            return {"blocks": None, "floor": end, "before": high}
        first = low * LARGE
        named = [*range(top * LARGE, last + 1), *(~large for large in range(low, top))]
    return {"blocks": named, "floor": max(first * BLOCK, end), "before": high}


def _wanted(missing: int, hits: int, looked: int, before: int) -> int:
    """How many more to look at, when so many gave so many visible hits: a third more than that says."""
    return missing * looked * 4 // (3 * hits) + 1 if hits else 4 * before


def _wider(done: int, looked: int, wanted: int) -> int:
    """How many blocks to go through next for so many hits, when those done held so many; never a leap in the dark."""
    most = done * GROWTH
    return min(most, done * wanted * 4 // (3 * looked) + 1) if looked else most


def said(
    conn: Connection, rows: Sequence[dict[str, Any]], phrases: Sequence[str], enough: int
) -> list[dict[str, Any]]:
    """Those of these hits whose text holds every phrase, until there are enough. Texts are read, which the index is not."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(rows), TEXTS):
        part = rows[start : start + TEXTS]
        texts = conn.execute(_SQL["said"], {"ids": [row["id"] for row in part]})
        plain = {row["id"]: flat(row["text"]) for row in texts}
        found += [row for row in part if all(one in plain.get(row["id"], "") for one in phrases)]
        if len(found) >= enough:
            return found[:enough]
    return found
