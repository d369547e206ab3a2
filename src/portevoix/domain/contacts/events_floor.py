"""What is told about the floor: a supervisor's word to people, and what a supervisor did."""

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


@dataclass(frozen=True, kw_only=True)
class FloorAct(Event):
    """Something was done from the floor, or ended: the pages of these people look. What it was stands in ``floor_act``."""

    kind = "floor-act"
    act_id: int
    accounts: tuple[int, ...] | list[int] = ()
    what: str = "done"


@dataclass(frozen=True, kw_only=True)
class ContactHastened(Event):
    """A supervisor placed it before everything else that waits on its line."""

    kind = "contact-hastened"
    reason: str
