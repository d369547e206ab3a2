"""Search over messages, persons and conversations; see sql/search.sql for how it stays quick with millions of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from portevoix.store import words as lexicon
from portevoix.store.queries import load
from portevoix.store.snippets import snippet, whole
from portevoix.store.spans import Place, gather, said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from portevoix.store.db import Connection

_SQL = load("search")

#: Results per page, and persons above the first one.
PAGE: Final = 20
PERSONS: Final = 6
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
    phrases = [one for word in terms if not word.negative and (one := lexicon.phrase(word.term))]
    values = filters.values() | {"query": _query(terms)}
    hits, floor = gather(conn, values, phrases, at)
    best: dict[int, tuple[float, int]] = {}
    for hit in hits:
        key = (hit["rank"], hit["id"])
        best[hit["conversation_id"]] = max(best.get(hit["conversation_id"], key), key)
    if at.before < at.top and best:
        known = values | {"ids": list(best), "before": at.before, "top": at.top}
        newer = conn.execute(_SQL["again"], known, prepare=False).fetchall()
        for row in said(conn, newer, phrases, len(newer)) if phrases else newer:
            best.pop(row["conversation_id"], None)
    order = sorted(best, key=best.__getitem__, reverse=True)
    page = order[at.offset : at.offset + PAGE]
    found = Found(_shown(conn, terms, filters, [(best[one][1], one) for one in page]))
    if len(order) > at.offset + PAGE:
        found.next = Place(at.top, at.before, floor, at.offset + PAGE)
    elif floor > 0:
        found.next, found.further = Place(at.top, floor, -1, 0), True
    return found


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
    longest = sorted(parts, key=len, reverse=True)[:3]
    if not longest or len(longest[0]) < 3:
        return []
    values = {"patterns": [f"%{part}%" for part in parts], "lines": list(lines)}
    found: dict[int, dict[str, Any]] = {}
    # All the words in the name, or all in the address; then also some here and some there.
    every = (*longest, longest[0], longest[0])[:3]
    for sought in [every] if len(parts) == 1 else [every, (longest[0], "", "")]:
        likes = {name: f"%{part}%" for name, part in zip(("first", "second", "third"), sought, strict=True)}
        for row in conn.execute(_SQL["persons"], values | likes, prepare=False):
            found.setdefault(row["id"], row)
        if len(found) >= PERSONS:
            break
    return list(found.values())[:PERSONS]


def texts(conn: Connection, *, after: int, limit: int) -> list[dict[str, Any]]:
    """What was said in the messages after this one, oldest first."""
    return conn.execute(_SQL["texts"], {"after": after, "limit": limit}).fetchall()


def add_words(conn: Connection, counted: Mapping[str, int]) -> None:
    """Note words of messages with how many messages hold them."""
    conn.execute(_SQL["add_words"], {"words": list(counted), "counts": list(counted.values())})
