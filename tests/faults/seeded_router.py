"""The router with one bug built in, to prove that the observer finds it: ``python seeded_router.py BUG``."""

import sys
from dataclasses import replace
from datetime import timedelta

from portevoix.domain.routing import floor
from portevoix.runners import router
from portevoix.store import live


def _changed(what, change):
    """``Floor.add`` or ``Floor.set_adviser`` with something else than what was meant; None: not at all."""
    real = getattr(floor.Floor, what)

    def changed(self, one):
        other = change(one)
        if other is not None:
            real(self, other)

    setattr(floor.Floor, what, changed)


def last_come_first_served():
    """The youngest first."""
    _changed("add", lambda one: one._replace(due_at=-one.due_at))


def beyond_capacity():
    """A mail more than somebody can hold."""
    _changed("set_adviser", lambda one: replace(one, limits=replace(one.limits, mails=one.limits.mails + 1)))


def any_line():
    """Whoever is there."""
    _changed("set_adviser", lambda one: replace(one, lines=frozenset({1, 2})))


def any_level():
    """Whoever is on the line, whatever they know."""
    _changed("add", lambda one: one._replace(skills=frozenset()))


def forgetful():
    """One in seven is never thought of."""
    _changed("add", lambda one: None if one.contact_id % 7 == 0 else one)


def own_clock():
    """The time of a machine whose clock is an hour slow: offers that are over when they are made."""
    real = router.DatabaseClock.now
    router.DatabaseClock.now = lambda self, conn: real(self, conn) - timedelta(hours=1)


def without_the_lock():
    """Everybody leads."""
    real = live.row

    def row(conn, query, **values):
        return {"held": True} if query == "lead" else real(conn, query, **values)

    live.row = row


def offers_again():
    """A crash in the middle of an offer that was no transaction: the seat is gone, the log says it was offered."""
    real = router.Router._offer

    def offer(self, conn, placements):
        offered = real(self, conn, placements)
        first = placements[0].contact_id
        conn.execute("delete from seat where contact_id = %s and state = 'offered'", [first])
        conn.execute("update contact set state = 'waiting' where id = %s and state = 'offered'", [first])
        return offered

    router.Router._offer = offer


BUGS = (
    last_come_first_served, beyond_capacity, any_line, any_level, forgetful, own_clock, without_the_lock, offers_again,
)  # fmt: skip

if __name__ == "__main__":
    {bug.__name__: bug for bug in BUGS}[sys.argv[1]]()
    router.main()
