"""The words of a text as search keeps them: without accents, in lower case, stemmed in French.

The same function makes what is stored (``vector``) and what is sought (``term``), so they always agree. It is done
here and not by PostgreSQL's own parser because that one costs 0.8 ms for a mail of 4,400 characters, the largest
part of taking a mail in; this costs 0.1 ms. Snowball's stemmer is the same on both sides (PyStemmer).
"""

from __future__ import annotations

import re
import unicodedata
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


def _letters() -> tuple[bytes, bytes, bytes]:
    """For Latin-1 text: what each byte becomes, which bytes vanish, and which need the long way."""
    becomes, gone, long_way = bytearray(b" " * 256), bytearray(), bytearray()
    for code in range(256):
        letter = unicodedata.normalize("NFKD", chr(code))
        made = b" ".join(_decomposed(letter))
        if len(made) > 1 or _OTHER_SCRIPT.search(letter):
            long_way.append(code)
        elif made:
            becomes[code] = made[0]
        elif not letter.encode("ascii", "ignore") and letter not in _PARTING:
            gone.append(code)
    return bytes(becomes), bytes(gone), bytes(long_way)


def _decomposed(text: str) -> list[bytes]:
    """The words of any text."""
    if _LIGATURE.search(text):
        text = _LIGATURE.sub(lambda found: _LIGATURES[found[0]], text)
    text = unicodedata.normalize("NFKD", text)
    if _OTHER_SCRIPT.search(text):
        kept = "".join(sign for sign in text.casefold() if not unicodedata.combining(sign))
        return [word.encode("utf-8", "ignore") for word in _WORD.findall(kept)]
    for sign in _PARTING:
        text = text.replace(sign, " ")
    # What is left beyond ASCII are accents beside their letter (and rare signs): gone.
    return text.encode("ascii", "ignore").translate(_SPACED).split()


_LATIN, _GONE, _LONG_WAY = _letters()
#: Signs of French and English typing that Latin-1 lacks.
_TYPED: Final = (*((sign, " ") for sign in "’‘–—…“”•€\u202f"), ("œ", "oe"), ("Œ", "oe"))


def _split(text: str) -> list[bytes]:
    """The words of a text in order, in lower case and without accents; not stemmed, however long."""
    if text.isascii():
        return text.encode().translate(_SPACED).split()
    plain = text
    for sign, instead in _TYPED:
        plain = plain.replace(sign, instead)
    try:
        raw = plain.encode("latin-1")
    except UnicodeEncodeError:
        return _decomposed(text)
    if len(raw.translate(None, _LONG_WAY)) != len(raw):
        return _decomposed(text)
    return raw.translate(_LATIN, _GONE).split()


def stem(word: str) -> str:
    """The stem of one folded word; a number or a reference stays as it is.

    Snowball keeps the s of "délais" and "reçus" (it follows a vowel); a plural must find its singular."""
    if len(word) > 3 and word[-1] == "s" and word[-2] in "aiou":
        word = word[:-1]
    if not word.isalpha() and any(sign.isdigit() for sign in word):
        return word
    return str(_STEMMER.stemWord(word))


_STEMMER = Stemmer.Stemmer("french")
_STEMMER.maxCacheSize = 0  # our own cache is the one below


class _Lexemes(dict[bytes, bytes]):
    """Folded word -> its stem, empty for a stop word. A plain dictionary: with 100,000 words in it the time goes into
    waiting for memory, and a cache that keeps an order of use waits three times as often."""

    def __missing__(self, word: bytes) -> bytes:
        cut = word.decode()[:LONGEST]
        made = b"" if cut in _STOP else stem(cut).encode()
        if len(word) <= LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[word] = made
        return made


_REMEMBERED: Final = 200_000
_LEXEMES: Final = _Lexemes()


def fold(text: str) -> list[str]:
    """The words of a text in order, in lower case and without accents; not stemmed."""
    return [word.decode()[:LONGEST] for word in _split(text)]


def _lexemes(text: str, heavy: str) -> tuple[set[bytes], set[bytes]]:
    """The different stems of ``heavy``, and those of ``text`` alone."""
    first = set(map(_LEXEMES.__getitem__, set(_split(heavy))))
    first.discard(b"")
    rest = set(map(_LEXEMES.__getitem__, set(_split(text))))
    rest.discard(b"")
    rest -= first
    return first, set(sorted(rest)[:MOST]) if len(rest) > MOST else rest


def vector(text: str, heavy: str = "") -> str:
    """A tsvector literal; the words of ``heavy`` (subject, names) weigh more.

    The places of words are not kept (they double the cost): a phrase is sought by its words, then read."""
    first, rest = _lexemes(text, heavy)
    return " ".join([*(f"{word.decode()}:1A" for word in first), *(word.decode() for word in rest)])


def binary_vector(text: str, heavy: str = "") -> bytes:
    """The same as PostgreSQL receives it in binary form: a third of the price of a literal on its side."""
    first, rest = _lexemes(text, heavy)
    # Each ends in NUL and the number of its places; the one place of a heavy word says weight A, place 1.
    words = [*(word + b"\0\0\0" for word in rest), *(word + b"\0\0\1\xc0\1" for word in first)]
    words.sort()
    return len(words).to_bytes(4, "big") + b"".join(words)


def term(text: str) -> str:
    """A tsquery literal in which every word must occur; empty when it says nothing (stop words only)."""
    return " & ".join(dict.fromkeys(stem(word) for word in fold(text) if word not in _STOP))


def flat(text: str) -> str:
    """The folded words one after the other, a space before each: where a phrase is looked for."""
    return b" ".join([b"", *_split(text)]).decode()


def phrase(text: str) -> str | None:
    """What of a flat text must hold for the words to follow each other in it; None for a single word."""
    words = flat(text)
    return words if words.count(" ") > 1 else None


def bare(text: str) -> str:
    """Lower case without accents, signs kept: names and addresses as the trigram indexes hold them."""
    return unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode().lower()
