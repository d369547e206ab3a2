"""The mail runner with one bug built in, to prove that the ledger finds it: ``python seeded.py BUG``."""

import asyncio
import sys
import uuid
from dataclasses import replace

from portevoix.actions import intake, placing
from portevoix.actions.inbound import Outcome, Taken
from portevoix.runners import counter, mail
from portevoix.store import intake as rows


def ack_before_commit():
    """250 at once, the row a little later."""
    real = counter.Counter.take

    async def take(self, items):
        loop = asyncio.get_running_loop()
        loop.call_later(0.5, lambda: loop.create_task(real(self, items)))
        return [Taken(outcome=Outcome.CONTACT, message_id=0) for _ in items]

    counter.Counter.take = take


def no_key():
    """No idempotency: every delivery is a new mail."""
    real = counter.take_in
    counter.take_in = lambda conn, items: real(
        conn, [replace(i, source_id=uuid.uuid4().hex, digest=uuid.uuid4().bytes) for i in items]
    )


def no_threading():
    """Answers open conversations of their own."""
    placing.find = lambda evidence, candidates: None


def subject_threading():
    """Everything of one kind lands in one conversation, whoever wrote it."""
    real = placing.Placing._conversation

    def first_of_all(self, item, ids):
        known = next(iter(self._known.conversations.values()), None)
        return (known, False) if known else real(self, item, ids)

    placing.Placing._conversation = first_of_all


def _without(query):
    real = rows.write

    def write(conn, written):
        written.by_query.pop(query, None)
        real(conn, written)

    rows.write = write


def no_raw():
    """The mail itself is not kept."""
    _without("add_raw")


def no_event():
    """Contacts begin untold."""
    _without("log")


def silent_aside():
    """What cannot be stored is put aside, and nobody is told."""
    intake.append = lambda *args: None
    counter.take_in = lambda conn, items: [intake.aside(conn, item, "seeded") for item in items]


BUGS = {
    f.__name__: f
    for f in (ack_before_commit, no_key, no_threading, subject_threading, no_raw, no_event, silent_aside)
}

if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    mail.main()
