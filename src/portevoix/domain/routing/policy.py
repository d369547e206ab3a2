"""The routing policy, written once for reading: ``decide`` is the reference that ``Floor`` must equal.

**Urgency.** The contact whose waiting costs most goes first: the generalised c-mu rule (van Mieghem 1995: serve the
largest ``C'(W) * mu``) with a cost of waiting that grows by e in each ``scale`` seconds, measured from when the line's
target ends: ``C'(now) = weight * exp((now - due_at) / scale)``. Its logarithm, turned round, is ``pull`` (the smallest
goes first), a straight line in time: cheap to compare, and steeper for a line with a smaller scale. Where all lines
are alike it is the order of the due times, which never changes. Equals go by due time, age, contact. Within a line it is
first due, first served whatever the numbers say (RULES.md, RT-3: those already late are not left for the others).

**Nobody starves**, whatever the load. The cost stops growing after ``MOST`` times e: among all that wait so long the due times
alone decide. Without that, a line with a steeper cost whose queue grows for ever would for ever overtake the
others. With it, who has come so far is preceded only by what is due earlier, and no newcomer is.

**Who**: of the line, every required skill at its level or above, of an organisation that may take it, with room
for the channel; what is required may be relaxed while a contact waits (``Step``). Among these the choice of the policy.
The last or named adviser comes first: while the preference lasts and that person is here and eligible, the contact
waits for them alone.

**Several seats** (a relay call: an adviser and an interpreter) are placed together or not at all, so that
nobody is kept idle for a partner. Since the right people might then never be free at the same moment, a contact that
has waited ``hold_seconds`` keeps those it finds for as long, lets them go for as long, and so on (``holds``).

**Reserves** keep some people free for calls: see ``Reserve``.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

from portevoix.domain.advisers.capacity import Load, room_for
from portevoix.domain.channels import WORK, Channel, Work
from portevoix.domain.routing.types import (
    Adviser,
    Choice,
    Instant,
    LineUrgency,
    Organisations,
    Placement,
    Policy,
    Reason,
    Skills,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

Urgency = tuple[float, float, float, int, str]
Rank = tuple[float, float, int]
USUAL = LineUrgency()
#: How often the cost of waiting grows by e at most: for the usual line until twenty hours after its target.
MOST: Final = 20.0


class Terms(NamedTuple):
    """What is required now: by the contact itself, or by the last step that has begun (``number`` from 1)."""

    lines: frozenset[int]
    skills: Skills
    organisations: Organisations
    number: int
    why: str


def pull(due_at: Instant, line: LineUrgency, now: Instant) -> float:
    """How little waiting costs now, on a logarithmic scale: the smallest goes first."""
    return max((due_at - now) / line.scale - log(line.weight), -MOST)


def urgency(waiting: Waiting, now: Instant, policy: Policy) -> Urgency:
    """The order of service at one moment, smallest first."""
    weighed = pull(waiting.due_at, policy.urgency.get(waiting.line_id, USUAL), now) if policy.urgency else 0.0
    return weighed, waiting.due_at, waiting.since, waiting.contact_id, waiting.seat


def terms(waiting: Waiting, now: Instant) -> Terms:
    """What the contact requires at this moment."""
    number, lines = 0, frozenset({waiting.line_id})
    for step in waiting.steps:
        if step.at > now:
            break
        number += 1
    if not number:
        return Terms(lines, waiting.skills, waiting.organisations, 0, "")
    step = waiting.steps[number - 1]
    return Terms(lines | step.lines, step.skills, step.organisations, number, step.why)


def rank(choice: Choice, held: int, adviser: Adviser, idle_since: Instant) -> Rank:
    """The order in which advisers are taken, smallest first."""
    if choice is Choice.LEAST_HELD:
        return held, idle_since, adviser.id
    if choice is Choice.LEAST_OCCUPIED:
        return adviser.occupancy, idle_since, adviser.id
    return idle_since, held, adviser.id


def expertise(adviser: Adviser, required: Skills) -> int:
    """The sum of the levels held in what is required."""
    levels = dict(adviser.skills)
    return sum(levels.get(skill, 0) for skill, _ in required)


def has_skills(held: Skills, required: Skills) -> bool:
    """Whether every required skill is held at its level or above."""
    levels = dict(held)
    return all(levels.get(skill, -1) >= level for skill, level in required)


def is_eligible(adviser: Adviser, waiting: Waiting, now: Instant) -> bool:
    """Whether the contact may go to this person at all at this moment, were they free."""
    asked = terms(waiting, now)
    return (
        not adviser.lines.isdisjoint(asked.lines)
        and adviser.id not in waiting.excluded
        and (asked.organisations is None or adviser.organisation in asked.organisations)
        and has_skills(adviser.skills, asked.skills)
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
    return adviser.presence.is_here and is_eligible(adviser, waiting, now)


def holds(since: Instant, now: Instant, policy: Policy) -> bool:
    """Whether a contact of several seats, waiting since then, keeps now those it finds."""
    return policy.hold_seconds > 0 and now > since and (now - since) // policy.hold_seconds % 2 == 1


def match(candidates: list[list[int]]) -> list[int] | None:
    """One person for each seat, nobody twice: the first seat's best that leaves somebody for the others."""
    if not all(candidates):
        return None
    chosen: list[int] = []

    def seat(number: int) -> bool:
        if number == len(candidates):
            return True
        for one in candidates[number]:
            if one not in chosen:
                chosen.append(one)
                if seat(number + 1):
                    return True
                chosen.pop()
        return False

    return chosen if seat(0) else None


def found(candidates: list[list[int]]) -> list[int]:
    """Whom a contact of several seats keeps while it cannot be placed: for each seat the best who is left."""
    kept: list[int] = []
    for people in candidates:
        kept += [one for one in people if one not in kept][:1]
    return kept


def would_bind(load: Load, adviser: Adviser) -> bool:
    """Whether a deferred contact would end this person's room for a call."""
    if not adviser.limits.mails_block_calls:
        return False
    return room_for(load, Channel.PHONE, adviser.limits)


def decide(
    waiting: Iterable[Waiting], advisers: Iterable[Adviser], now: Instant, policy: Policy
) -> list[Placement]:
    """Who gets what now: the most urgent contact chooses first, and nobody is asked beyond their capacity."""
    round_ = _Round({adviser.id: adviser for adviser in advisers}, now, policy)
    groups: dict[tuple[int, str], list[Waiting]] = {}
    for one in sorted(waiting, key=lambda one: urgency(one, now, policy)):
        groups.setdefault((one.contact_id, "" if one.together else one.seat), []).append(one)
    for seats in groups.values():  # in the order of the most urgent seat
        round_.serve(sorted(seats, key=lambda one: one.seat))
    return round_.placed


class _Round:
    """One decision in the making."""

    def __init__(self, floor: dict[int, Adviser], now: Instant, policy: Policy) -> None:
        self.floor, self.now, self.policy = floor, now, policy
        self.loads = {adviser.id: adviser.load for adviser in floor.values()}
        self.kept_idle: set[int] = set()  # by contacts of several seats
        self.placed: list[Placement] = []

    def serve(self, seats: list[Waiting]) -> None:
        candidates = [self._candidates(seat) for seat in seats]
        chosen = match(candidates)
        if chosen is not None:
            for seat, adviser_id in zip(seats, chosen, strict=True):
                self._place(seat, self.floor[adviser_id])
        elif seats[0].together and holds(min(seat.since for seat in seats), self.now, self.policy):
            self.kept_idle.update(found(candidates))

    def _candidates(self, seat: Waiting) -> list[int]:
        """Everybody who could take it now, the best first."""
        named = self.floor.get(seat.preferred_adviser) if seat.preferred_adviser is not None else None
        if is_kept_for(named, seat, self.now, self.policy):
            candidates = [named] if named is not None else []
        else:
            candidates = [one for one in self.floor.values() if is_eligible(one, seat, self.now)]
        asked = terms(seat, self.now).skills
        free = [one for one in candidates if self._may_take(one, seat)]
        return [one.id for one in sorted(free, key=lambda one: self._rank(one, asked))]

    def _rank(self, adviser: Adviser, asked: Skills) -> tuple[int, Rank]:
        first = -expertise(adviser, asked) if self.policy.expert_first else 0
        return first, rank(self.policy.choice, self.loads[adviser.id].held, adviser, adviser.idle_since)

    def _may_take(self, adviser: Adviser, seat: Waiting) -> bool:
        return (
            self._is_free(adviser, seat.channel)
            and not (WORK[seat.channel] is Work.DEFERRED and self._is_reserved(adviser))
        )  # fmt: skip

    def _is_free(self, adviser: Adviser, channel: Channel) -> bool:
        return (
            adviser.presence.takes_offers
            and adviser.id not in self.kept_idle
            and room_for(self.loads[adviser.id], channel, adviser.limits)
        )

    def _is_reserved(self, adviser: Adviser) -> bool:
        if not would_bind(self.loads[adviser.id], adviser):
            return False
        for reserve in self.policy.reserves:
            if not adviser.lines.isdisjoint(reserve.lines):
                free = sum(
                    self._is_free(one, Channel.PHONE)
                    for one in self.floor.values()
                    if not one.lines.isdisjoint(reserve.lines)
                )
                if free <= reserve.keep:
                    return True
        return False

    def _place(self, waiting: Waiting, adviser: Adviser) -> None:
        load, asked = self.loads[adviser.id], terms(waiting, self.now)
        self.placed.append(
            Placement(
                waiting.contact_id,
                waiting.seat,
                adviser.id,
                Reason(
                    waiting.line_id,
                    asked.skills,
                    waiting.due_at - self.now,
                    self.now - adviser.idle_since,
                    load.held,
                    adviser.id == waiting.preferred_adviser,
                    self.policy.version,
                    asked.number,
                    asked.why,
                ),
            )
        )
        self.loads[adviser.id] = load.plus(waiting.channel)
