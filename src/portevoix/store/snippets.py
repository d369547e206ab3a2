"""What a search shows of a text: the words found, marked, with a little around them.

Done here and not by PostgreSQL's ``ts_headline``: that one parses and unaccents the whole text of each result with
another stemmer than the one the words are stored with, a millisecond each.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from portevoix.store.words import fold, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Marks: control characters that no stored text holds; the page turns them into <mark> after escaping.
OPEN, SHUT = "\x02", "\x03"
BETWEEN: Final = " … "
_BEFORE, _AFTER, _FRAGMENTS = 60, 110, 2
_ACCENTS: Final = {
    "a": "aàáâãäå",
    "c": "cç",
    "e": "eèéêë",
    "i": "iìíîï",
    "n": "nñ",
    "o": "oòóôõöø",
    "u": "uùúûü",
    "y": "yýÿ",
}


@lru_cache(maxsize=500)
def _candidates(stems: frozenset[str]) -> re.Pattern[str]:
    """Words that begin as one of the stems does; French endings change at most its last two letters."""
    begins = {one[: max(3, len(one) - 2)] if one.isalpha() else one for one in stems}
    letters = [
        "".join(f"[{_ACCENTS[letter]}]" if letter in _ACCENTS else re.escape(letter) for letter in begin)
        for begin in sorted(begins)
    ]
    joined = "|".join(letters).replace("[oòóôõöø][eèéêë]", "(?:[oòóôõöø][eèéêë]|œ)")
    return re.compile(rf"\b(?:{joined})[^\W_]*")


def _found(text: str, stems: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Where the words are: begin, end and the stem."""
    low = text.lower()
    if not stems or len(low) != len(text):  # a letter that lower case makes two: places would shift
        return
    for match in _candidates(stems).finditer(low):
        for word in fold(match[0]):
            if (one := stem(word)) in stems:
                yield match.start(), match.end(), one
                break


def whole(text: str, stems: frozenset[str]) -> str:
    """All of a short text with its words marked."""
    text = unicodedata.normalize("NFC", text)
    return _marked(text, 0, len(text), [(begin, end) for begin, end, _ in _found(text, stems)])


def snippet(text: str, stems: frozenset[str]) -> str:
    """At most two fragments of about twenty words around words found; the second one shows another word if it can.

    The beginning of the text where none is found (the word stands in a name, or far below)."""
    text = unicodedata.normalize("NFC", text)
    places = list(_found(text, stems))
    chosen: list[tuple[int, int]] = []
    shown: set[str] = set()
    while len(chosen) < _FRAGMENTS:
        free = [one for one in places if all(one[1] <= begin or one[0] >= end for begin, end in chosen)]
        begin = next((one[0] for one in free if one[2] not in shown), free[0][0] if free else None)
        if begin is None:
            break
        chosen.append(_bounds(text, begin, chosen))
        shown |= {one[2] for one in places if chosen[-1][0] <= one[0] < chosen[-1][1]}
    if not chosen:
        chosen = [_bounds(text, 0, [])]
    parts = [(begin, end) for begin, end, _ in places]
    return BETWEEN.join(" ".join(_marked(text, begin, end, parts).split()) for begin, end in sorted(chosen))


def _bounds(text: str, at: int, taken: list[tuple[int, int]]) -> tuple[int, int]:
    """The fragment around this place: whole words, beside those taken already."""
    low = max([0, *(end for _, end in taken if end <= at)])
    high = min([len(text), *(begin for begin, _ in taken if begin > at)])
    begin, end = max(low, at - _BEFORE), min(high, at + _AFTER)
    if begin > low:
        space = text.find(" ", begin, at)
        begin = at if space < 0 else space + 1
    if end < high:
        space = text.rfind(" ", at, end)
        end = end if space <= at else space
    return begin, end


def _marked(text: str, begin: int, end: int, places: list[tuple[int, int]]) -> str:
    made, at = [], begin
    for first, last in places:
        if begin <= first and last <= end:
            made += [text[at:first], OPEN, text[first:last], SHUT]
            at = last
    return "".join([*made, text[at:end]])
