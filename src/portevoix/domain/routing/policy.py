"""The routing policy, written once for reading: ``decide`` is the reference that ``Floor`` must equal.

**Urgency** is the time left to the line's target: ``due_at - now``, the smallest first; equals by age, then
by contact. It is the generalised c-mu rule (van Mieghem 1995: serve the largest ``C'(W) * mu``) for lines
whose cost of waiting grows alike once measured from their target, and whose handling times the adviser does
not change: then the largest marginal cost is the earliest due time. A line is made dearer by a shorter target
towards the router, not by a weight, because ``due_at`` then never changes while the contact waits: the order of
any two contacts is fixed (what heaps need), equals are served first come first served, and nobody starves,
since only finitely many contacts can ever be due before a given one. An order by elapsed/target would change
with time, for little: both keep the age inside a line.

**Who**: eligible for the line, every required skill at its level or above, available, with room for the
channel; among these, the choice of the policy. The last or named adviser comes first: while the preference lasts
and that person is here and eligible, the contact waits for them alone; afterwards, for everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portevoix.domain.advisers.capacity import Load, room_for
from portevoix.domain.routing.types import (
    Adviser,
    Choice,
    Instant,
    Placement,
    Policy,
    Reason,
    Skills,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

Urgency = tuple[float, float, int, str]
Rank = tuple[float, float, int]


def urgency(waiting: Waiting) -> Urgency:
    """The order of service, smallest first; it does not depend on the time."""
    return waiting.due_at, waiting.since, waiting.contact_id, waiting.seat


def rank(choice: Choice, held: int, idle_since: Instant, adviser_id: int) -> Rank:
    """The order in which advisers are taken, smallest first."""
    if choice is Choice.LEAST_HELD:
        return held, idle_since, adviser_id
    return idle_since, held, adviser_id


def has_skills(held: Skills, required: Skills) -> bool:
    """Whether every required skill is held at its level or above."""
    levels = dict(held)
    return all(levels.get(skill, -1) >= level for skill, level in required)


def is_eligible(adviser: Adviser, waiting: Waiting) -> bool:
    """Whether the contact may go to this person at all, were they free."""
    return (
        waiting.line_id in adviser.lines
        and adviser.id not in waiting.excluded
        and has_skills(adviser.skills, waiting.skills)
    )


def is_kept_for(adviser: Adviser | None, waiting: Waiting, now: Instant, policy: Policy) -> bool:
    """Whether the contact waits for its preferred adviser alone (None: nobody by that id on the floor)."""
    preferred = waiting.preferred_adviser
    if preferred is None or not policy.prefer or preferred in waiting.excluded:
        return False
    if waiting.preferred_only:
        return True
    if adviser is None or now >= waiting.preferred_until:
        return False
    return adviser.presence.is_here and is_eligible(adviser, waiting)


def decide(
    waiting: Iterable[Waiting], advisers: Iterable[Adviser], now: Instant, policy: Policy
) -> list[Placement]:
    """Who gets what now: the most urgent contact chooses first, and nobody is asked beyond their capacity."""
    floor = {adviser.id: adviser for adviser in advisers}
    loads = {adviser.id: adviser.load for adviser in floor.values()}
    placed: list[Placement] = []
    for contact in sorted(waiting, key=urgency):
        named = floor.get(contact.preferred_adviser) if contact.preferred_adviser is not None else None
        kept = is_kept_for(named, contact, now, policy)
        if kept:
            candidates = [named] if named is not None else []
        else:
            candidates = [adviser for adviser in floor.values() if is_eligible(adviser, contact)]
        best = _best(candidates, loads, contact, policy)
        if best is not None:
            placed.append(_placement(contact, best, loads[best.id], now, policy))
            loads[best.id] = loads[best.id].plus(contact.channel)
    return placed


def _best(
    candidates: list[Adviser], loads: dict[int, Load], contact: Waiting, policy: Policy
) -> Adviser | None:
    free = [
        adviser
        for adviser in candidates
        if adviser.presence.takes_offers and room_for(loads[adviser.id], contact.channel, adviser.limits)
    ]
    return min(free, key=lambda a: rank(policy.choice, loads[a.id].held, a.idle_since, a.id), default=None)


def _placement(contact: Waiting, adviser: Adviser, load: Load, now: Instant, policy: Policy) -> Placement:
    return Placement(
        contact.contact_id,
        contact.seat,
        adviser.id,
        Reason(
            contact.line_id,
            contact.skills,
            contact.due_at - now,
            now - adviser.idle_since,
            load.held,
            adviser.id == contact.preferred_adviser,
            policy.version,
        ),
    )
