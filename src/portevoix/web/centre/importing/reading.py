"""JSON (RFC 8259) that remembers on which line each value stands, so that a wrong one can be named by its line.

The standard library reads the scalars and strings; only objects and lists are walked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

from django.utils.translation import gettext as _

#: A whole centre is a few hundred kilobytes.
LARGEST: Final = 5 * 1024 * 1024
_DEEPEST: Final = 40
_SPACE: Final = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True)
class Problem:
    """What is wrong, and on which line (0: the file as a whole)."""

    line: int
    text: str


class Unreadable(Exception):
    """The file is no configuration; ``problem`` says why."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(line, text)


@dataclass(frozen=True)
class Node:
    """A value and its line. Of an object the value is a dict of nodes, of a list a list of nodes."""

    value: Any
    line: int


def read(content: bytes) -> Node:
    """The whole file. Raises ``Unreadable``."""
    if len(content) > LARGEST:
        raise Unreadable(0, _("Le fichier dépasse 5 Mo : ce n’est pas une configuration."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, _("Ce fichier n’est pas du texte UTF-8.")) from None
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = JSONDecoder(parse_constant=_no_constant)
        self._at, self._line = 0, 1  # the last position whose line is known

    def whole(self) -> Node:
        node, end = self._value(self._skip(0), 0)
        end = self._skip(end)
        if end != len(self._text):
            raise self._wrong(end, _("Il reste du texte après la fin de la configuration."))
        return node

    def _line_of(self, at: int) -> int:
        if at >= self._at:  # nearly always forward: each line break is counted once
            self._line += self._text.count("\n", self._at, at)
            self._at = at
            return self._line
        return self._text.count("\n", 0, at) + 1

    def _wrong(self, at: int, text: str) -> Unreadable:
        return Unreadable(self._text.count("\n", 0, at) + 1, text)

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _value(self, at: int, depth: int) -> tuple[Node, int]:
        if depth > _DEEPEST:
            raise self._wrong(at, _("Trop de niveaux imbriqués."))
        line, first = self._line_of(at), self._text[at : at + 1]
        if first == "{":
            return self._object(at, line, depth)
        if first == "[":
            return self._list(at, line, depth)
        if first == '"':
            value, end = self._string(at)
            return Node(value, line), end
        try:
            value, end = self._decoder.raw_decode(self._text, at)
        except (JSONDecodeError, ValueError, RecursionError):
            raise self._wrong(
                at, _("Une valeur est attendue ici : vérifiez guillemets et virgules.")
            ) from None
        return Node(value, line), end

    def _string(self, at: int) -> tuple[str, int]:
        try:
            value, end = self._decoder.raw_decode(self._text, at)
        except JSONDecodeError as error:
            raise self._wrong(
                error.pos, _("Ce texte entre guillemets n’est pas terminé, ou mal écrit.")
            ) from None
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self._wrong(at, _("Ce texte contient un caractère qui ne peut pas être enregistré."))
        return value, end

    def _object(self, at: int, line: int, depth: int) -> tuple[Node, int]:
        found: dict[str, Node] = {}
        at = self._skip(at + 1)
        if self._text[at : at + 1] == "}":
            return Node(found, line), at + 1
        while True:
            if self._text[at : at + 1] != '"':
                raise self._wrong(at, _("Un nom entre guillemets est attendu ici."))
            begins = at
            name, at = self._string(at)
            if name in found:
                raise self._wrong(begins, _("« %(name)s » est écrit deux fois.") % {"name": name[:60]})
            at = self._skip(at)
            if self._text[at : at + 1] != ":":
                raise self._wrong(at, _("Deux-points attendus après « %(name)s ».") % {"name": name[:60]})
            found[name], at = self._value(self._skip(at + 1), depth + 1)
            at, more = self._next(at, "}")
            if not more:
                return Node(found, line), at

    def _list(self, at: int, line: int, depth: int) -> tuple[Node, int]:
        found: list[Node] = []
        at = self._skip(at + 1)
        if self._text[at : at + 1] == "]":
            return Node(found, line), at + 1
        while True:
            node, at = self._value(at, depth + 1)
            found.append(node)
            at, more = self._next(at, "]")
            if not more:
                return Node(found, line), at

    def _next(self, at: int, end: str) -> tuple[int, bool]:
        """After a comma (True) or the end (False)."""
        at = self._skip(at)
        sign = self._text[at : at + 1]
        if sign == ",":
            return self._skip(at + 1), True
        if sign == end:
            return at + 1, False
        raise self._wrong(at, _("Une virgule, ou « %(end)s », manque avant ce point.") % {"end": end})


def _no_constant(name: str) -> Any:
    raise ValueError(name)
