"""The promises of the centre, proved on the live tables (store/sql/doctor.sql)."""

from __future__ import annotations

from collections.abc import Sequence

from portevoix.cli.checks import Look, Patient, check

_REPORT = (
    "this should be impossible: keep the log and report it; a supervisor can reassign the contact on its page"
)
_TIMERS = "see whether the process `timers` runs (`portevoix doctor`, data/log/timers.log)"

# name, query, what it proves, what to do, only a warning
_PROMISES: tuple[tuple[str, str, str, str, bool], ...] = (
    ("nobody is forgotten", "contact_without_place", "every open contact waits, is held or has a wake-up time", _REPORT, False),
    ("offers have a seat", "offered_without_seat", "what is offered is offered to exactly one person", _REPORT, False),
    ("one holder", "held_without_seat", "who holds a contact is who sits at it, and nobody else", _REPORT, False),
    ("offers end", "offer_overdue", "an offer nobody takes goes on to the next", _TIMERS, False),
    ("parked work comes back", "wake_overdue", "what was put off until a date is back on that date", _TIMERS, False),
    ("holders are here", "holder_gone", "work of a closed account is with somebody", "reassign these contacts", False),
    ("history begins", "contact_without_history", "every contact has its first event", _REPORT, False),
    ("mail is work", "message_without_contact", "each mail of a client belongs to a contact", _REPORT, False),
    ("mail is kept", "mail_without_raw", "each received mail is kept byte for byte", _REPORT, False),
    (
        "answers leave", "outgoing_stuck", "no answer is stuck on its way out",
        "see whether the relay answers (PORTEVOIX_RELAY, data/log/outbox.log)", False,
    ),
    ("status is true", "outgoing_disagrees", "the status an adviser sees is what happened", _REPORT, False),
    ("log is read", "reader_behind", "every reader of the log keeps up", "restart the process named here", False),
    ("persons end somewhere", "merged_in_a_circle", "merged persons lead to one person", _REPORT, False),
    (
        "signs of life", "old_beats", "every process shows signs of life",
        "the process hangs or ended: read its log in data/log", False,
    ),
    (
        "set aside", "set_aside_waiting", "no mail waits to be looked at by hand",
        "look at the page of mails set aside: each can be read, tried again or dismissed", True,
    ),
    (
        "lines are served", "line_without_people", "somebody has the skills that each line requires",
        "give the skills to somebody on the line, or ask for less on the line's page", True,
    ),
)  # fmt: skip


def _promise(query: str) -> Look:
    def _look(patient: Patient) -> Sequence[str]:
        from portevoix.store import doctor

        return [f"{breach.thing}: {breach.detail}" for breach in doctor.breaches(patient.database, query)]

    return _look


for _name, _query, _proves, _remedy, _warning in _PROMISES:
    check(_name, proves=_proves, remedy=_remedy, warning=_warning)(_promise(_query))


@check("state is its history", proves="every contact's state is the fold of its events", remedy=_REPORT)
def untold(patient: Patient) -> Sequence[str]:
    """The rows and the log agree."""
    from portevoix.store import doctor

    return [f"{breach.thing}: {breach.detail}" for breach in doctor.untold(patient.database)]
