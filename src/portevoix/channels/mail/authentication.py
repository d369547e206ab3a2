"""What receiving servers found out about the sender (RFC 8601): SPF, DKIM, DMARC, ARC.

Anybody can write such a header; only those with the name of a server of ours are trusted. That server must
remove forged ones (RFC 8601 5), which every usual one does.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from portevoix.channels.mail.headers import Headers
from portevoix.channels.mail.model import AuthResult
from portevoix.channels.mail.words import one_line

_MAX_HEADERS = 20
_MAX_RESULTS = 50
_MAX_CHARS = 8000
_RESULT = re.compile(r"\s*([a-z0-9_-]{1,40})(?:\s?/\s?\d{1,3})?\s*=\s*([a-z0-9_-]{1,40})", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_MAX_COMMENT_DEPTH = 5
_PROPERTY = re.compile(
    r"([a-z]{1,20}\.[a-z0-9_-]{1,40}|reason)\s?=\s?(\"[^\"]{0,500}\"|[^\s;\"]{1,500})", re.IGNORECASE
)


def authentication_results(headers: Headers, trusted: Collection[str]) -> tuple[AuthResult, ...]:
    """Every result found, the topmost header first. `trusted`: names of our own receiving servers."""
    ours = {name.lower() for name in trusted}
    found: list[AuthResult] = []
    for value in headers.all("authentication-results")[:_MAX_HEADERS]:
        found.extend(_results(value, ours, arc=False))
    for value in headers.all("arc-authentication-results")[:_MAX_HEADERS]:
        found.extend(_results(value, ours, arc=True))
    return tuple(found[:_MAX_RESULTS])


def _results(value: str, ours: set[str], *, arc: bool) -> list[AuthResult]:
    clauses = _clauses(_without_comments(one_line(value[:_MAX_CHARS])))
    if arc and clauses and clauses[0].strip().lower().startswith("i="):
        clauses = clauses[1:]  # the instance number of RFC 8617; what follows is as in the plain header
    if not clauses:
        return []
    words = clauses[0].split()
    server = words[0].lower() if words else ""
    results = []
    for clause in clauses[1:]:
        match = _RESULT.match(clause)
        if match:
            properties = tuple(
                (name.lower(), given.strip('"')) for name, given in _PROPERTY.findall(clause[match.end() :])
            )
            # A sealed copy (ARC) is only as good as its seal, which we do not check here: never trusted.
            trusted = server in ours and not arc
            method = match.group(1).lower()
            results.append(AuthResult(server, method, match.group(2).lower(), properties[:10], trusted))
    return results


def _without_comments(value: str) -> str:
    """Comments go, from the innermost outwards; one inside quotation marks goes as well, which harms nothing."""
    for _ in range(_MAX_COMMENT_DEPTH):
        if "(" not in value:
            break
        value = _COMMENT.sub(" ", value)
    return value


def _clauses(value: str) -> list[str]:
    """Cut at the semicolons outside quotation marks."""
    if '"' not in value:
        return value.split(";")
    clauses: list[str] = []
    current: list[str] = []
    quoted = False
    for char in value:
        if char == '"':
            quoted = not quoted
        if char == ";" and not quoted:
            clauses.append("".join(current))
            current = []
        else:
            current.append(char)
    clauses.append("".join(current))
    return clauses
