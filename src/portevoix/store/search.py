"""Search over messages, persons and conversations; see sql/search.sql for how it stays quick with millions of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from portevoix.store import words as lexicon
from portevoix.store.queries import load
from portevoix.store.snippets import snippet, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from portevoix.store.db import Connection

_SQL = load("search")

#: Visible hits by words that are ranked together, and results per page.
WINDOW: Final = 300
PAGE: Final = 20
#: Hits looked at for one page: what filters leave out counts too.
LOOK: Final = 4000
#: The same for exact phrases, whose texts are read.
PHRASE_WINDOW, PHRASE_LOOK = 60, 800
#: Ids in a block, as the index on messages has them (0001_live.sql); spans grow at most so many times over.
BLOCK: Final = 4096
FIRST_BLOCKS, GROWTH, MOST_BLOCKS = 2, 16, 512
#: Conversations looked at per window where there are filters but no words.
FILTERED: Final = 1500
_TERM = re.compile(r'(-?)(?:"([^"]+)"|(\S+))')
_TERMS = 12


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search; ``lines`` is what the actor may see, already narrowed to the line chosen."""

    lines: Sequence[int]
    states: Sequence[str] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    adviser: int | None = None
    motif: int | None = None

    def values(self) -> dict[str, Any]:
        """As parameters."""
        return {
            "lines": list(self.lines),
            "states": list(self.states) if self.states else None,
            "from_at": self.from_at,
            "to_at": self.to_at,
            "adviser": self.adviser,
            "motif": self.motif,
        }


class Place(NamedTuple):
    """Where a page of results begins; all of it stands in the address of that page."""

    top: int  # the search began when this id was not yet given: what came since stands on no page of it
    before: int  # the window: hits below this id ...
    floor: int  # ... and not below this one; -1: where it ends is not known yet
    offset: int  # results of the window that were shown


@dataclass(slots=True)
class Found:
    """A page of results. ``next``: where the next one begins; ``corrected``: words read as others."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    next: Place | None = None
    corrected: dict[str, str] = field(default_factory=dict)
    suggestions: list[str] = field(default_factory=list)
    further: bool = False  # the next page looks at older messages: this window is used up


@dataclass(slots=True)
class Listed:
    """A page of conversations without words; as ``Found``."""

    rows: list[dict[str, Any]]
    next: tuple[datetime, int] | None
    further: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A term as PostgreSQL understands it."""

    term: str
    plain: str
    query: str
    negative: bool


def words(text: str) -> list[Word]:
    """The terms of what was typed: words, "exact phrases", -without. Stop words fall away."""
    found = [
        (sign == "-", phrase or word) for sign, phrase, word in _TERM.findall(text[:400].replace("\0", ""))
    ]
    made = []
    for negative, term in found[:_TERMS]:
        if query := lexicon.term(term):
            made.append(Word(term, lexicon.bare(term), query, negative))
    return made


def _query(terms: Sequence[Word]) -> str:
    if not any(not word.negative for word in terms):
        return ""
    return " & ".join(f"!({word.query})" if word.negative else f"({word.query})" for word in terms)


def messages(conn: Connection, text: str, filters: Filters, at: Place | None = None) -> Found:
    """The conversations whose messages hold the words, best first within a window of the newest hits.

    A word that nobody ever wrote is read as the nearest one that somebody did, and that is said.
    """
    terms = words(text)
    if not _query(terms):
        return Found()
    found = _page(conn, terms, filters, at)
    if found.rows or found.next or at is not None:
        return found
    terms, corrected, suggestions = _near(conn, terms)
    if corrected:
        found = _page(conn, terms, filters, at)
        found.corrected = corrected
    found.suggestions = suggestions
    return found


def _page(conn: Connection, terms: Sequence[Word], filters: Filters, at: Place | None) -> Found:
    if at is None:
        newest = conn.execute(_SQL["newest"]).fetchone()
        before = int(newest["before"]) if newest else 1
        at = Place(before, before, -1, 0)
    phrases = [said for word in terms if not word.negative and (said := lexicon.phrase(word.term))]
    values = filters.values() | {"query": _query(terms), "phrases": phrases or None}
    hits, floor = _window(conn, values, at)
    best: dict[int, tuple[float, int]] = {}
    for hit in hits:
        key = (hit["rank"], hit["id"])
        best[hit["conversation_id"]] = max(best.get(hit["conversation_id"], key), key)
    if at.before < at.top and best:
        known = values | {"ids": list(best), "before": at.before, "top": at.top}
        for row in conn.execute(_SQL["again"], known, prepare=False):
            del best[row["id"]]
    order = sorted(best, key=best.__getitem__, reverse=True)
    page = order[at.offset : at.offset + PAGE]
    found = Found(_shown(conn, terms, filters, [(best[one][1], one) for one in page]))
    if len(order) > at.offset + PAGE:
        found.next = Place(at.top, at.before, floor, at.offset + PAGE)
    elif floor > 0:
        found.next, found.further = Place(at.top, floor, -1, 0), True
    return found


def _window(conn: Connection, values: dict[str, Any], at: Place) -> tuple[list[dict[str, Any]], int]:
    """The visible hits of a window and the id where it ends (0: nothing is older).

    Spans of ids, newest first, as wide as the hits found so far ask for: a common word fills the window from a few
    thousand messages; a word that is not met recently is sought in all of them at the third or fourth step.
    """
    window, look = (PHRASE_WINDOW, PHRASE_LOOK) if values["phrases"] else (WINDOW, LOOK)
    if at.floor >= 0:  # known from the page before; what was committed late inside must not cut it
        window, look = 2 * window, 2 * look
    hits: list[dict[str, Any]] = []
    end, high, looked, done = max(at.floor, 0), at.before, 0, 0
    blocks = FIRST_BLOCKS if at.floor < 0 else high // BLOCK - end // BLOCK + 1
    while high > end:
        last = (high - 1) // BLOCK
        first = max(last - blocks + 1, end // BLOCK) if blocks <= MOST_BLOCKS else end // BLOCK
        low = max(first * BLOCK, end)
        span = {
            "blocks": list(range(first, last + 1)) if last - first < MOST_BLOCKS else None,
            "floor": low, "before": high, "look": look - looked, "window": window - len(hits),
        }  # fmt: skip
        # Never a prepared statement: a generic plan would not know how rare the words are.
        rows = conn.execute(_SQL["hits"], values | span, prepare=False).fetchall()
        hits += [row for row in rows if row["id"] is not None]
        looked += rows[0]["looked_at"]
        if len(hits) >= window:
            return hits, hits[-1]["id"]
        if looked >= look:
            return hits, rows[0]["oldest"]
        done, high = done + last - first + 1, low
        blocks = _wider(done, len(hits), looked, window, look)
    return hits, end


def _wider(done: int, hits: int, looked: int, window: int, look: int) -> int:
    """How many blocks to look at next, when so many gave so many visible hits of those looked at."""
    most = done * GROWTH
    if looked:
        most = min(most, max(1, done * 2 * look // looked))
    if hits:
        most = min(most, max(1, done * (window - hits) * 3 // (2 * hits)))
    return most


def _shown(
    conn: Connection, terms: Sequence[Word], filters: Filters, page: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    """These (message, conversation) as rows of the page, with the words marked."""
    if not page:
        return []
    ids, conversations = ([pair[part] for pair in page] for part in (0, 1))
    values = {"ids": ids, "conversations": conversations, "lines": list(filters.lines)}
    rows = conn.execute(_SQL["shown"], values).fetchall()
    stems = frozenset(stem for word in terms if not word.negative for stem in word.query.split(" & "))
    for row in rows:
        row["snippet"] = snippet(row.pop("text"), stems)
        row["subject_marked"] = whole(row["subject"], stems)
    return rows


def _near(conn: Connection, terms: Sequence[Word]) -> tuple[list[Word], dict[str, str], list[str]]:
    made: list[Word] = []
    corrected: dict[str, str] = {}
    suggestions: list[str] = []
    for word in terms:
        if word.negative or _known(conn, word):
            made.append(word)
            continue
        near = [row["word"] for row in conn.execute(_SQL["near"], {"word": word.plain})]
        suggestions += near
        better = words(near[0]) if near else []
        if better:
            corrected[word.term] = near[0]
            made += better
        else:
            made.append(word)
    return made, corrected, suggestions


def _known(conn: Connection, word: Word) -> bool:
    """Did anybody ever write it? The vocabulary knows at once; words too short for it, plurals, are sought."""
    if conn.execute(_SQL["met"], {"word": word.plain}).fetchone():
        return True
    row = conn.execute(_SQL["any"], {"query": word.query}, prepare=False).fetchone()
    return bool(row and row["yes"])


def filtered(conn: Connection, filters: Filters, before: tuple[datetime, int] | None) -> Listed:
    """Without words: conversations within the filters, the last moved first. A "to" date is where the window begins."""
    at, last = before or (filters.to_at, None)
    values = filters.values() | {"before_at": at, "before_id": last, "limit": PAGE + 1, "window": FILTERED}
    rows = conn.execute(_SQL["filtered"], values, prepare=False).fetchall()
    edge = rows[0]
    rows = [row for row in rows if row["conversation_id"] is not None]
    if len(rows) > PAGE:
        end = rows[PAGE - 1]
        return Listed(rows[:PAGE], (end["last_at"], end["conversation_id"]))
    full = edge["looked_at"] >= FILTERED and (filters.from_at is None or edge["oldest_at"] >= filters.from_at)
    return Listed(rows, (edge["oldest_at"], edge["oldest_id"]) if full else None, further=full)


def persons(conn: Connection, text: str, lines: Sequence[int]) -> list[dict[str, Any]]:
    """Persons by name (without accents, any order of the words) or address."""
    words_ = [lexicon.bare(word) for word in text[:200].replace("\0", "").replace('"', " ").split()[:6]]
    parts = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words_]
    longest = max(parts, key=len, default="")
    if len(longest) < 3:
        return []
    values = {"longest": f"%{longest}%", "patterns": [f"%{part}%" for part in parts], "lines": list(lines)}
    return conn.execute(_SQL["persons"], values, prepare=False).fetchall()


def texts(conn: Connection, *, after: int, limit: int) -> list[dict[str, Any]]:
    """What was said in the messages after this one, oldest first."""
    return conn.execute(_SQL["texts"], {"after": after, "limit": limit}).fetchall()


def add_words(conn: Connection, counted: Mapping[str, int]) -> None:
    """Note words of messages with how many messages hold them."""
    conn.execute(_SQL["add_words"], {"words": list(counted), "counts": list(counted.values())})
