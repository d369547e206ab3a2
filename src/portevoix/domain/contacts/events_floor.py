"""What is told about the floor: a supervisor's word to people."""

from __future__ import annotations

from dataclasses import dataclass

from portevoix.domain.contacts.events import Event


@dataclass(frozen=True, kw_only=True)
class TeamMessage(Event):
    """A word to these people was written, read or withdrawn: their pages look. Its text stands in its own table."""

    kind = "team-message"
    message_id: int
    accounts: tuple[int, ...] | list[int]
    what: str = "written"
