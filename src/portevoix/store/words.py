"""The words of a text as search keeps them: without accents, in lower case, stemmed in French.

The same function makes what is stored (``vector``) and what is sought (``term``), so they always agree. It is done
here and not by PostgreSQL's own parser because that one costs 0.8 ms for a mail of 4,400 characters, the largest
part of taking a mail in; this costs 0.1 ms. Snowball's stemmer is the same on both sides (PyStemmer).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import Stemmer

LONGEST: Final = 60  # characters of a word that count
MOST: Final = 20_000  # different words of one message that count
_LIGATURES: Final = {
    "œ": "oe",
    "Œ": "oe",
    "æ": "ae",
    "Æ": "ae",
    "ß": "ss",
    "ø": "o",
    "Ø": "o",
    "ł": "l",
    "Ł": "l",
}
_LIGATURE: Final = re.compile("[œŒæÆßøØłŁ]")
# After NFKD: anything beyond ASCII, accents and typographic signs is another script.
_OTHER_SCRIPT: Final = re.compile(
    r"[^\x00-\x7f\u0080-\u00bf\u0300-\u036f\u2000-\u2bff\u3000-\u303f\ufe00-\ufe0f\ufff0-\uffff]"
)
_PARTING: Final = "’‘«»–—…“”•·€/°"  # NFKD has turned the others into ASCII already
_WORD: Final = re.compile(r"[^\W_]+")
_SPACED: Final = bytes(
    byte if chr(byte).isalnum() and byte < 128 else 32
    for byte in b"".join(bytes([n]) for n in range(256)).lower()
)
_STOP: Final = frozenset(
    """a ai au aux avec ce ces dans de des du elle en est et eu il ils je la le les leur lui ma mais me mes moi mon ne
    nos notre nous on ou par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous c d j l m n
    s t y the and of to in is it for on with that this be are was at by from or an as not have has""".split()  # noqa: SIM905 - read as prose
)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of one folded word; a number or a reference stays as it is.

    Snowball keeps the s of "délais" and "reçus" (it follows a vowel); a plural must find its singular."""
    if len(word) > 3 and word[-1] == "s" and word[-2] in "aiou":
        word = word[:-1]
    if not word.isalpha() and any(sign.isdigit() for sign in word):
        return word
    return str(_STEMMER.stemWord(word))


_STEMMER = Stemmer.Stemmer("french")
_STEMMER.maxCacheSize = 0  # our own cache is the one above


def fold(text: str) -> list[str]:
    """The words of a text in order, in lower case and without accents; not stemmed."""
    if not text.isascii():
        if _LIGATURE.search(text):
            text = _LIGATURE.sub(lambda found: _LIGATURES[found[0]], text)
        text = unicodedata.normalize("NFKD", text)
        if _OTHER_SCRIPT.search(text):
            kept = "".join(sign for sign in text.casefold() if not unicodedata.combining(sign))
            return [word[:LONGEST] for word in _WORD.findall(kept)]
        for sign in _PARTING:
            text = text.replace(sign, " ")
    # What is left beyond ASCII are accents beside their letter (and rare signs): gone.
    words = text.encode("ascii", "ignore").translate(_SPACED).decode().split()
    if max(map(len, words), default=0) > LONGEST:
        return [word[:LONGEST] for word in words]
    return words


def vector(text: str, heavy: str = "") -> str:
    """A tsvector literal; the words of ``heavy`` (subject, names) weigh more.

    The places of words are not kept (they double the cost): a phrase is sought by its words, then read."""
    first = {stem(word) for word in set(fold(heavy)) - _STOP}
    rest = {stem(word) for word in set(fold(text)) - _STOP} - first
    if len(rest) > MOST:
        rest = set(sorted(rest)[:MOST])
    return " ".join([*(f"{word}:1A" for word in first), *rest])


def term(text: str) -> str:
    """A tsquery literal in which every word must occur; empty when it says nothing (stop words only)."""
    return " & ".join(dict.fromkeys(stem(word) for word in fold(text) if word not in _STOP))


def phrase(text: str) -> str | None:
    """A regular expression that finds the words one after the other in folded text; None for a single word."""
    words = fold(text)
    return r"\W+".join(words) if len(words) > 1 else None


def bare(text: str) -> str:
    """Lower case without accents, signs kept: names and addresses as the trigram indexes hold them."""
    return unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode().lower()
