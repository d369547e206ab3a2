"""The words that people really write: what a mistyped word of a search is compared with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from portevoix.store import search
from portevoix.store.log import Cursor, load_cursor, save_cursor
from portevoix.store.words import fold

if TYPE_CHECKING:
    from portevoix.store.db import Connection

READER: Final = "vocabulary"
SHORTEST, LONGEST = 4, 30


def learn(conn: Connection, limit: int = 500) -> int:
    """Take in the words of the next messages; gives how many were read. Called by the timers until it gives 0.

    A message that commits after a later one was read is not read: a word missed once costs nothing here.
    """
    with conn.transaction():
        cursor = load_cursor(conn, READER) or Cursor()
        texts = search.texts(conn, after=cursor.id, limit=limit)
        if not texts:
            return 0
        words = Counter(
            word
            for row in texts
            for word in set(fold(row["text"]))
            if SHORTEST <= len(word) <= LONGEST and word.isalpha()
        )
        search.add_words(conn, words)
        save_cursor(conn, READER, Cursor("0", texts[-1]["id"]))
    return len(texts)
