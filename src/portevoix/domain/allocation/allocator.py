"""Who is to take the next contact, by what each organisation is still owed (RULES.md, RT-1; Avaya calls it percent
allocation).

Every contact owes each organisation that may take it a part of one, as their shares stand to each other; the one that is
owed most takes it, and owes one. So the difference between what was owed and what was taken never grows: for a share it is
below one contact while the same organisations can take, whatever the mix. An organisation below its least volume is
owed what is missing for it; one at its most takes nothing more. What one could not take (closed, not told such things, not
its line) is not owed: the share is a part of what it may take.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from portevoix.domain.allocation.contract import Contract, Counts, DataClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from portevoix.domain.channels import Channel

Pool = tuple[int, "Channel"]
"""What shares are kept over: a line and a channel."""


class Why(NamedTuple):
    """Why one organisation takes a contact or not. ``code``: ``owed-most``, ``owed-less``, ``least`` (below its least),
    ``most`` (has had its most), ``closed``, ``not-told`` (may not know such things), ``no-share``."""

    organisation: int
    code: str
    share: float = 0.0  # agreed, among those who could take it
    had: float = 0.0  # so far today, in this pool, before this contact
    owed: float = 0.0  # contacts, before this one

    def as_json(self) -> dict[str, object]:
        """As it is kept with the contact."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in self._asdict().items()
        }


class Wider(NamedTuple):
    """After so many seconds these organisations may take it as well."""

    after: float
    organisations: frozenset[int]


class Allotted(NamedTuple):
    """``organisation``: whose contact it is (None: nobody can take it now, and all of ``may`` are waited for).
    ``first``: whose people are asked at first; ``wider``: later; ``may``: who may ever know of it (None: anybody)."""

    organisation: int | None
    first: frozenset[int]
    wider: tuple[Wider, ...]
    may: frozenset[int]
    why: tuple[Why, ...]


@dataclass(slots=True)
class Account:
    """What one organisation is owed and had in one pool today."""

    owed: float = 0.0
    had: int = 0


@dataclass
class Allocator:
    """Of one day. Not thread-safe. ``counts`` by organisation and ``accounts`` are kept up by ``allot``; give those known
    at the beginning. ``days_left`` of the week, with today: over them what is missing of a week's least is spread."""

    day: date
    contracts: tuple[Contract, ...]
    counts: dict[int, Counts] = field(default_factory=dict)
    accounts: dict[Pool, dict[int, Account]] = field(default_factory=dict)
    days_left: int = 1

    def allot(
        self, line_id: int, channel: Channel, *, closed: Iterable[int] = (), tells: DataClass = DataClass.ORDINARY,
        progress: float = 1.0,
    ) -> Allotted | None:  # fmt: skip
        """Decide for one contact and count it; None where no contract is about it: anybody may take it.

        ``closed``: organisations whose people are not at work now. ``tells``: what the contact tells of a person.
        ``progress``: the part of a day's contacts that has usually come by now (1: unknown, least volumes come first)."""
        about = [one for one in self.contracts if one.in_force(self.day) and one.covers(line_id, channel)]
        if not about:
            return None
        may = {one.organisation: one for one in about if tells in one.knows}
        shut = frozenset(closed)
        why = [Why(one.organisation, "not-told") for one in about if one.organisation not in may]
        able: dict[int, Contract] = {}
        for organisation, one in may.items():
            left = one.most(self.day, self._counts(organisation))
            if organisation in shut:
                why.append(Why(organisation, "closed"))
            elif left == 0:
                why.append(Why(organisation, "most"))
            elif one.share * one.part(self.day) <= 0 and not self._missing(one, progress):
                why.append(Why(organisation, "no-share"))
            else:
                able[organisation] = one
        everybody = frozenset(may)
        if not able:
            return Allotted(None, everybody, (), everybody, tuple(sorted(why)))
        chosen, reasons = self._choose(able, self.accounts.setdefault((line_id, channel), {}), progress)
        return Allotted(
            chosen, frozenset({chosen}), self._wider(chosen, may), everybody, tuple(sorted((*why, *reasons)))
        )

    def _choose(
        self, able: Mapping[int, Contract], accounts: dict[int, Account], progress: float
    ) -> tuple[int, list[Why]]:
        shares = {organisation: one.share * one.part(self.day) for organisation, one in able.items()}
        whole = sum(shares.values()) or 1.0
        total = sum(accounts[one].had for one in able if one in accounts)
        ranked = []
        for organisation, one in able.items():
            account = accounts.setdefault(organisation, Account())
            share = shares[organisation] / whole
            account.owed += share
            missing = self._missing(one, progress)
            had = account.had / total if total else 0.0
            ranked.append((missing, account.owed, share, -organisation, had))
        ranked.sort(reverse=True)
        missing, _, _, negative, _ = ranked[0]
        chosen = -negative
        reasons = [
            Why(-n, ("least" if missing else "owed-most") if -n == chosen else "owed-less", share, had, owed)
            for _, owed, share, n, had in ranked
        ]
        accounts[chosen].owed -= 1.0
        accounts[chosen].had += 1
        known = self._counts(chosen)
        self.counts[chosen] = Counts(known.day + 1, known.week + 1)
        return chosen, reasons

    def _missing(self, one: Contract, progress: float) -> float:
        """How many contacts an organisation is below the pace of its least volume: 0 when it is not."""
        known = self._counts(one.organisation)
        return max(0.0, one.least(self.day, known, days_left=self.days_left) * min(1.0, progress) - known.day)

    def _counts(self, organisation: int) -> Counts:
        return self.counts.get(organisation, Counts())

    def _wider(self, chosen: int, may: Mapping[int, Contract]) -> tuple[Wider, ...]:
        """Overflow both ways: when the one lends, and the others help."""
        lends = may[chosen].lends_after
        if lends is None:
            return ()
        times: dict[float, set[int]] = {}
        for organisation, one in may.items():
            if organisation != chosen and one.helps_after is not None:
                times.setdefault(max(lends, one.helps_after), set()).add(organisation)
        steps, helpers = [], {chosen}
        for after in sorted(times):
            helpers |= times[after]
            steps.append(Wider(after, frozenset(helpers)))
        return tuple(steps)
