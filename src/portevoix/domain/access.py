"""Who may do what on which thing: one table, closed by default.

A rule gives the *scope* within which a role may act. What is not in the table is refused, whoever asks. The rules know
only ids; ``actions/access.py`` reads the thing and asks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    ADVISER = "adviser"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """``noun:verb``, in the order of the alphabet."""

    ANSWER_EDIT = "answer:edit"  # saved answers
    ANSWER_READ = "answer:read"
    CONFIGURATION_EDIT = "configuration:edit"
    CONFIGURATION_READ = "configuration:read"
    CONTACT_CLOSE = "contact:close"
    CONTACT_PARK = "contact:park"
    CONTACT_PUSH = "contact:push"  # give it to somebody
    CONTACT_REOPEN = "contact:reopen"
    CONTACT_TAKE = "contact:take"  # pick it from the queue by hand
    CONTACT_TRANSFER = "contact:transfer"
    CONTRACT_SHARE = "contract:share"  # how much of what comes an organisation gets, from the floor
    CONVERSATION_MERGE = "conversation:merge"
    CONVERSATION_READ = "conversation:read"
    CONVERSATION_REPLY = "conversation:reply"
    CONVERSATION_SPLIT = "conversation:split"
    FIGURES_READ = "figures:read"
    FLOOR_READ = "floor:read"
    LINE_PAUSE = "line:pause"  # its contacts keep waiting
    LOG_READ = "log:read"
    MAIL_RETRY = "mail:retry"  # mails put aside
    NOTE_WRITE = "note:write"
    PEOPLE_EDIT = "people:edit"
    PEOPLE_MOVE = "people:move"  # between lines, from the floor
    PERSON_EDIT = "person:edit"
    PERSON_MERGE = "person:merge"
    PERSON_READ = "person:read"
    PRESENCE_EDIT = "presence:edit"
    QUEUE_READ = "queue:read"
    VIEW_SHARE = "view:share"  # saved views


class Scope(StrEnum):
    """Which things a rule covers."""

    EVERYTHING = "everything"
    LINES_OR_HELD = "own lines, or held"
    HELD = "held"
    LINES = "own lines"
    ORGANISATION = "lines of own organisation"
    HOUSE_LINES = "lines of own organisation, in-house only"
    COLLEAGUES = "own organisation; all if in-house"
    ONESELF = "oneself"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody signed in. ``lines``: those they work for; a supervisor's are those of their organisation."""

    id: int
    role: Role
    organisation_id: int
    in_house: bool
    lines: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Thing:
    """What is acted upon, as far as it matters here. Leave out what it does not have: less is then allowed.

    ``lines``: a conversation has one, a person those of all their conversations. ``holders``: who has it now (or is
    offered it). ``adviser_id``, ``organisation_id``: of a thing about an adviser (presence, figures, account).
    """

    lines: frozenset[int] = frozenset()
    holders: frozenset[int] = frozenset()
    adviser_id: int | None = None
    organisation_id: int | None = None


_A = Action
_S = Scope

_ADVISER: Final[Mapping[Action, Scope]] = {
    _A.ANSWER_READ: _S.LINES,
    _A.CONTACT_CLOSE: _S.HELD,
    _A.CONTACT_PARK: _S.HELD,
    _A.CONTACT_REOPEN: _S.LINES,
    _A.CONTACT_TAKE: _S.LINES,
    _A.CONTACT_TRANSFER: _S.HELD,
    _A.CONVERSATION_MERGE: _S.LINES_OR_HELD,
    _A.CONVERSATION_READ: _S.LINES_OR_HELD,
    _A.CONVERSATION_REPLY: _S.LINES_OR_HELD,
    _A.CONVERSATION_SPLIT: _S.LINES_OR_HELD,
    _A.FIGURES_READ: _S.ONESELF,
    _A.NOTE_WRITE: _S.LINES_OR_HELD,
    _A.PERSON_EDIT: _S.LINES_OR_HELD,
    _A.PERSON_MERGE: _S.LINES,
    _A.PERSON_READ: _S.LINES_OR_HELD,
    _A.PRESENCE_EDIT: _S.ONESELF,
    _A.QUEUE_READ: _S.LINES,
}
_SUPERVISOR: Final[Mapping[Action, Scope]] = {
    _A.ANSWER_EDIT: _S.ORGANISATION,
    _A.ANSWER_READ: _S.ORGANISATION,
    _A.CONTACT_CLOSE: _S.ORGANISATION,
    _A.CONTACT_PARK: _S.ORGANISATION,
    _A.CONTACT_PUSH: _S.ORGANISATION,
    _A.CONTACT_REOPEN: _S.ORGANISATION,
    _A.CONTACT_TAKE: _S.ORGANISATION,
    _A.CONTACT_TRANSFER: _S.ORGANISATION,
    _A.CONTRACT_SHARE: _S.HOUSE_LINES,
    _A.CONVERSATION_MERGE: _S.ORGANISATION,
    _A.CONVERSATION_READ: _S.ORGANISATION,
    _A.CONVERSATION_REPLY: _S.ORGANISATION,
    _A.CONVERSATION_SPLIT: _S.ORGANISATION,
    _A.FIGURES_READ: _S.COLLEAGUES,
    _A.FLOOR_READ: _S.COLLEAGUES,
    _A.LINE_PAUSE: _S.HOUSE_LINES,
    _A.MAIL_RETRY: _S.ORGANISATION,
    _A.NOTE_WRITE: _S.ORGANISATION,
    _A.PEOPLE_MOVE: _S.COLLEAGUES,
    _A.PERSON_EDIT: _S.ORGANISATION,
    _A.PERSON_MERGE: _S.ORGANISATION,
    _A.PERSON_READ: _S.ORGANISATION,
    _A.PRESENCE_EDIT: _S.COLLEAGUES,
    _A.QUEUE_READ: _S.ORGANISATION,
    _A.VIEW_SHARE: _S.ORGANISATION,
}
# Configuration is not a client's data: an administrator who also answers has a second account, or the role of
# a supervisor. Mails put aside are theirs, because only they can mend the door that refused them.
_ADMINISTRATOR: Final[Mapping[Action, Scope]] = {
    _A.ANSWER_EDIT: _S.EVERYTHING,
    _A.ANSWER_READ: _S.EVERYTHING,
    _A.CONFIGURATION_EDIT: _S.EVERYTHING,
    _A.CONFIGURATION_READ: _S.EVERYTHING,
    _A.CONTRACT_SHARE: _S.EVERYTHING,
    _A.FIGURES_READ: _S.EVERYTHING,
    _A.FLOOR_READ: _S.EVERYTHING,
    _A.LINE_PAUSE: _S.EVERYTHING,
    _A.LOG_READ: _S.EVERYTHING,
    _A.MAIL_RETRY: _S.EVERYTHING,
    _A.PEOPLE_EDIT: _S.EVERYTHING,
    _A.PEOPLE_MOVE: _S.EVERYTHING,
    _A.PRESENCE_EDIT: _S.EVERYTHING,
    _A.QUEUE_READ: _S.EVERYTHING,
    _A.VIEW_SHARE: _S.EVERYTHING,
}

#: role -> action -> scope.
RULES: Final[Mapping[Role, Mapping[Action, Scope]]] = MappingProxyType(
    {Role.ADVISER: _ADVISER, Role.SUPERVISOR: _SUPERVISOR, Role.ADMINISTRATOR: _ADMINISTRATOR}
)


def may(actor: Actor, action: Action, thing: Thing) -> bool:
    """Whether ``actor`` may do ``action`` on ``thing``; refused where no rule allows it.

    A supervisor may also do what an adviser may: work on what they hold themselves, on whatever line.
    """
    roles = (Role.SUPERVISOR, Role.ADVISER) if actor.role is Role.SUPERVISOR else (actor.role,)
    scopes = (RULES[role].get(action) for role in roles)
    return any(scope is not None and _covers(scope, actor, thing) for scope in scopes)


def can_ever(actor: Actor, action: Action) -> bool:
    """Whether there is anything on which ``actor`` may do ``action``: what a menu shows."""
    return action in RULES[actor.role]


def _covers(scope: Scope, actor: Actor, thing: Thing) -> bool:
    match scope:
        case Scope.EVERYTHING:
            return True
        case Scope.LINES | Scope.ORGANISATION:
            return not actor.lines.isdisjoint(thing.lines)
        case Scope.HOUSE_LINES:
            return actor.in_house and not actor.lines.isdisjoint(thing.lines)
        case Scope.HELD:
            return actor.id in thing.holders
        case Scope.LINES_OR_HELD:
            return actor.id in thing.holders or not actor.lines.isdisjoint(thing.lines)
        case Scope.COLLEAGUES:
            known = thing.organisation_id is not None
            return known and (actor.in_house or thing.organisation_id == actor.organisation_id)
        case Scope.ONESELF:
            return thing.adviser_id == actor.id
