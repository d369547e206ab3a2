"""The observer of the floor: reads the log and the tables after the fault, and holds them against what the driver knows.

Nothing here uses the router's own code. What must be empty afterwards:

- ``twice``: offered while offered or held; accepted or ended by somebody it was not offered to; closed twice
- ``over``: an offer beyond somebody's capacity
- ``wrong_person``: an offer to somebody who is not on the line or lacks its skill
- ``overtaken``: an offer while an equal that was due earlier waited, and the router must have known of it
- ``early``: an offer that ended before its time, or an event whose time is not the database's
- ``unheard``: an adviser was told that something is done, and the log does not have it (or more often than it was asked)
- ``open``: a contact, a seat or an offer that never ended
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import inf
from typing import Any

from ledger import MARK, check

_LOG = """select e.kind, e.contact_id, e.line_id, (e.data ->> 'account_id')::bigint as account,
    abs(extract(epoch from e.at - %s)) as away
  from event e where e.contact_id is not null order by e.xid, e.id"""
_MARKS = "select contact_id, body from message where kind = 'in' and contact_id is not null order by id desc"
_PEOPLE = """select a.id, a.mail_capacity, array(select line_id from adviser_line l where l.account_id = a.id) as lines,
    array(select json_build_array(skill_id, level) from adviser_skill s where s.account_id = a.id) as skills from account a"""
_ENDED = {"contact-declined", "contact-expired", "contact-released"}

#: Somebody is there with room, and something waits that they could take: (account, contact).
IDLE = """select p.account_id, k.id from presence p join account a on a.id = p.account_id
  join adviser_line al on al.account_id = a.id
  join contact k on k.line_id = al.line_id and k.state = 'waiting'
where p.state = 'available' and a.is_active and not p.account_id = any(k.declined)
  and (k.preferred_id is null or k.preferred_until < now())
  and (select count(*) from seat s where s.account_id = a.id) < a.mail_capacity
  and not exists (select from line_skill n where n.line_id = k.line_id and not exists (select from adviser_skill h
    where h.account_id = a.id and h.skill_id = n.skill_id and h.level >= n.min_level)) limit 5"""


def idle(conn) -> list[tuple[int, int]]:
    """Who is idle beside work of theirs."""
    return [(row["account_id"], row["id"]) for row in conn.execute(IDLE).fetchall()]


@dataclass
class Contact:
    """A contact as the log tells it."""

    line: int
    due: Any
    wait: tuple[float, float]  # when its present wait was asked for and was answered, by the driver's clock
    state: str = "waiting"
    who: int | None = None
    refused: set[int] = field(default_factory=set)
    released: bool = False


class Watch:
    """One reading of the log."""

    def __init__(self, conn, crew) -> None:
        self.crew, self.faults = crew, defaultdict(list)
        self.asked = crew.asked()
        self.told: Counter[tuple[str, int, int]] = Counter()
        self.load: Counter[int] = Counter()
        self.people = {row["id"]: row for row in conn.execute(_PEOPLE)}
        self.needs = defaultdict(list)
        for row in conn.execute("select line_id, skill_id, min_level from line_skill"):
            self.needs[row["line_id"]].append((row["skill_id"], row["min_level"]))
        self.due = {
            row["id"]: (row["due_at"], row["id"]) for row in conn.execute("select id, due_at from contact")
        }
        marks = ((row["contact_id"], re.search(MARK, row["body"])) for row in conn.execute(_MARKS).fetchall())
        self.groups = {contact: int(found.group(2)) for contact, found in marks if found}
        self.contacts: dict[int, Contact] = {}
        self.waiting: dict[int, set[int]] = defaultdict(set)

    def read(self, rows) -> None:
        """Every event, in the log's order."""
        for row in rows:
            if row["away"] > 900:
                self.faults["early"].append(("time", row["kind"], row["contact_id"]))
            if row["kind"] == "contact-received":
                self._received(row)
            elif row["contact_id"] in self.contacts:
                self._moved(row["kind"], row["contact_id"], row["account"])

    def _received(self, row) -> None:
        number = row["contact_id"]
        wait = self.crew.arrivals.get(self.groups.get(number, -1), (-inf, inf))
        self.contacts[number] = Contact(row["line_id"], self.due[number], wait)
        self.waiting[row["line_id"]].add(number)

    def _moved(self, kind: str, number: int, account: int) -> None:
        one = self.contacts[number]
        if kind == "contact-offered":
            self._offered(number, one, account)
        elif kind == "contact-accepted":
            self._expect(one.state == "offered" and one.who == account, "twice", kind, number, account)
            self._said("accept", number, account)
            one.state = "active"
        elif kind in _ENDED:
            self._expect(one.who == account, "twice", kind, number, account)
            self._waits(kind, number, one, account)
        elif kind == "contact-closed":
            self._expect(one.state == "active" and one.who == account, "twice", kind, number, account)
            self._said("close", number, account)
            self.load[account] -= 1
            one.state, one.who = "closed", None

    def _expect(self, holds: bool, fault: str, *what: Any) -> None:
        if not holds:
            self.faults[fault].append(what)

    def _said(self, what: str, number: int, account: int) -> int:
        count = self.told[what, number, account]
        self.told[what, number, account] += 1
        asked = self.asked.get((what, number, account), [])
        self._expect(count < len(asked), "unheard", "nobody asked for", what, number, account)
        return count

    def _offered(self, number: int, one: Contact, account: int) -> None:
        self._expect(one.state == "waiting", "twice", "offered", number, account, one.state)
        person = self.people[account]
        self.load[account] += 1
        self._expect(self.load[account] <= person["mail_capacity"], "over", number, account)
        levels = dict(person["skills"])
        able = all(levels.get(skill, 0) >= level for skill, level in self.needs[one.line])
        self._expect(able and one.line in person["lines"], "wrong_person", number, account)
        self.waiting[one.line].discard(number)
        for other in self.waiting[one.line]:
            equal = self.contacts[other]
            # Committed before this one was even asked for: whoever knows this one knows the other.
            if (
                equal.due < one.due
                and equal.wait[1] < one.wait[0]
                and account not in equal.refused
                and not equal.released
            ):
                self.faults["overtaken"].append((other, "by", number, account))
        one.state, one.who = "offered", account

    def _waits(self, kind: str, number: int, one: Contact, account: int) -> None:
        one.wait = (-inf, inf)
        if kind == "contact-declined":
            deed = self.asked[("decline", number, account)][self._said("decline", number, account)]
            one.wait = (deed.begun, deed.done)
        if kind == "contact-expired":
            self._expect((number, account) in self.crew.aged, "early", "expired", number, account)
        if kind == "contact-released":
            one.released = True
        else:
            one.refused.add(account)
        self.load[account] -= 1
        one.state, one.who = "waiting", None
        self.waiting[one.line].add(number)


def watch(conn, crew) -> dict[str, list[Any]]:
    """What is wrong with the floor after the driver has finished: nothing, if all is well."""
    now = conn.execute("select clock_timestamp() as at").fetchone()["at"]
    log = conn.execute(_LOG, [now]).fetchall()
    seen = Watch(conn, crew)  # after the log: what the log tells of is known then, also in the middle of work
    seen.read(log)
    faults = dict(seen.faults)
    for (what, number, account), deeds in seen.asked.items():
        done = sum(deed.answer == "done" for deed in deeds)
        if done > seen.told[what, number, account]:
            faults.setdefault("unheard", []).append(("told done", what, number, account))
    ends = {number: one.state for number, one in seen.contacts.items() if one.state != "closed"}
    seats = conn.execute("select contact_id, account_id, state from seat").fetchall()
    if ends or seats or len(seen.contacts) != len(crew.ledger.sent):
        faults["open"] = [ends, seats, len(seen.contacts), len(crew.ledger.sent)]
    return faults | check(conn, crew.ledger).faults()
