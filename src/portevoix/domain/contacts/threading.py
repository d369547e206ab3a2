"""Which conversation does a message belong to? Evidence in, decision out.

A signed token of ours (in a Message-ID we made or in a reply address) is a capability: only somebody who got a
mail of ours has it. A bare reference to a client's own Message-ID proves nothing, since anybody may write
it: it counts only from somebody who already takes part. A subject never counts. Nothing here shows anything to
the sender: joining reveals nothing by itself, and a stranger's address is never answered without being looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation the message may belong to. ``participants`` are normalised mail addresses."""

    conversation_id: int
    line_id: int
    participants: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the message shows: ``token`` (signature checked) and ``references`` (anybody can write these)."""

    sender: str
    line_id: int
    token: int | None
    references: Sequence[int]
    forged: bool = False  # the sender's domain disowns this mail (trusted DMARC result: fail)


@dataclass(frozen=True, slots=True)
class Joined:
    """The conversation to join; ``stranger`` when the sender takes no part in it so far."""

    conversation_id: int
    stranger: bool


def find(evidence: Evidence, candidates: Collection[Candidate]) -> Joined | None:
    """The conversation to join, or None for a new one."""
    by_id = {candidate.conversation_id: candidate for candidate in candidates}
    if evidence.token is not None and (known := by_id.get(evidence.token)):
        stranger = evidence.forged or evidence.sender not in known.participants
        return Joined(known.conversation_id, stranger)
    if evidence.forged:
        return None
    trusted = [
        by_id[ref]
        for ref in evidence.references
        if ref in by_id and evidence.sender in by_id[ref].participants
    ]
    if not trusted:
        return None
    # The same mail to two lines opened one conversation on each: an answer stays on its own.
    same_line = [candidate for candidate in trusted if candidate.line_id == evidence.line_id]
    return Joined((same_line or trusted)[0].conversation_id, stranger=False)
