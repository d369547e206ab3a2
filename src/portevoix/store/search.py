"""Search over messages, persons and conversations; see sql/search.sql for how it stays quick with millions of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from portevoix.store import words as lexicon
from portevoix.store.queries import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from portevoix.store.db import Connection

_SQL = load("search")

#: Hits by words looked at and ranked per window, and results per page.
WINDOW: Final = 600
#: Conversations looked at per window where there are filters but no words.
FILTERED: Final = 1500
PAGE: Final = 20
#: Marks in snippets: control characters that no stored text holds; the page turns them into <mark> after escaping.
OPEN, SHUT = "\x02", "\x03"
_HEADLINE = f"StartSel={OPEN}, StopSel={SHUT}, MaxFragments=2, MaxWords=22, MinWords=9, FragmentDelimiter= … "
_WHOLE = f"StartSel={OPEN}, StopSel={SHUT}, HighlightAll=true"
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


@dataclass(slots=True)
class Found:
    """A page of results. ``next``: (before, offset) of the next one; ``corrected``: words read as others."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    next: tuple[int, int] | None = None
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


def messages(conn: Connection, text: str, filters: Filters, at: tuple[int, int] | None = None) -> Found:
    """The conversations whose messages hold the words, best first within a window of the newest hits.

    A word that nobody ever wrote is read as the nearest one that somebody did, and that is said.
    """
    terms = words(text)
    if not _query(terms):
        return Found()
    found = _page(conn, terms, filters, at)
    if found.rows or at is not None:
        return found
    terms, corrected, suggestions = _near(conn, terms)
    if corrected:
        found = _page(conn, terms, filters, at)
        found.corrected = corrected
    found.suggestions = suggestions
    return found


def _page(conn: Connection, terms: Sequence[Word], filters: Filters, at: tuple[int, int] | None) -> Found:
    if at is None:
        newest = conn.execute(_SQL["newest"]).fetchone()
        at = (int(newest["before"]) if newest else 1, 0)
    before, offset = at
    values = filters.values() | {
        "query": _query(terms),
        "phrases": [said for word in terms if not word.negative and (said := lexicon.phrase(word.term))]
        or None,
        "before": before,
        "offset": offset,
        "window": WINDOW,
        "limit": PAGE,
        "headline": _HEADLINE,
        "whole": _WHOLE,
    }
    # Never a prepared statement: a generic plan would not know how rare the words are.
    rows = conn.execute(_SQL["hits"], values, prepare=False).fetchall()
    found = Found(rows)
    if rows and rows[0]["found"] > offset + PAGE:
        found.next = (before, offset + PAGE)
        return found
    edge = rows[0] if rows else conn.execute(_SQL["window"], values, prepare=False).fetchone()
    if edge and edge["looked_at"] >= WINDOW:
        found.next, found.further = (int(edge["oldest"]), 0), True
    return found


def _near(conn: Connection, terms: Sequence[Word]) -> tuple[list[Word], dict[str, str], list[str]]:
    made: list[Word] = []
    corrected: dict[str, str] = {}
    suggestions: list[str] = []
    for word in terms:
        if word.negative or _known(conn, word.query):
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


def _known(conn: Connection, query: str) -> bool:
    row = conn.execute(_SQL["any"], {"query": query}, prepare=False).fetchone()
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
