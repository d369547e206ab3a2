"""State is the fold of the events: what ``doctor`` and the tests hold the live rows against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from portevoix.domain.contacts import events as e
from portevoix.domain.contacts.machine import State, after

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Contact:
    """What the events of one contact add up to."""

    state: State
    line_id: int
    holder_id: int | None = None
    subject_id: int | None = None
    wake_at: str | None = None


def begin(event: e.ContactReceived, line_id: int) -> Contact:
    """The contact its first event makes."""
    return Contact(State(event.state), line_id)


def step(contact: Contact, event: e.Event) -> Contact:
    """The contact after ``event``; raises ``IllegalMove``. Events that move nothing change nothing."""
    if isinstance(event, e.SubjectChosen):
        return replace(contact, subject_id=event.subject_id)
    if event.move is None:
        return contact
    moved = replace(contact, state=after(contact.state, event.move), wake_at=None)
    match event:
        case e.ContactAccepted() | e.ContactTaken() | e.ContactWoken():
            return replace(moved, holder_id=event.account_id)
        case e.ContactTransferred():
            return replace(moved, holder_id=None, line_id=event.line_id)
        case e.ContactParked():
            return replace(moved, holder_id=event.account_id, wake_at=event.wake_at)
        case e.ContactReleased() | e.ContactReturned() | e.ContactAbandoned() | e.ContactCalledBack():
            return replace(moved, holder_id=None)
        case e.ContactClosed():
            return replace(
                moved, subject_id=event.subject_id if event.subject_id is not None else moved.subject_id
            )
        case _:
            return moved


def fold(line_id: int, told: Iterable[e.Event]) -> Contact:
    """Fold a contact's whole history, first event first; raises ``ValueError`` if it does not begin."""
    contact: Contact | None = None
    for event in told:
        if isinstance(event, e.ContactReceived):
            contact = begin(event, line_id)
        elif contact is not None:
            contact = step(contact, event)
        else:
            msg = f"a history that begins with {event.kind}"
            raise ValueError(msg)
    if contact is None:
        msg = "no event"
        raise ValueError(msg)
    return contact
