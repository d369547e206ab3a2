"""Runs in the peer's own environment: takes the mails of a file in, one after the other; prints JSON."""

import json
import logging
import pickle
import sys
import time

import django

django.setup()
logging.disable(logging.CRITICAL)

from django.core.management import call_command  # noqa: E402
from helpdesk import email as helpdesk_email  # noqa: E402
from helpdesk.models import FollowUp, Queue, Ticket  # noqa: E402

call_command("migrate", verbosity=0)
queue = Queue.objects.create(title="Inscription", slug="inscription", allow_email_submission=True,
                             email_address="inscription@centre.example")
take = getattr(helpdesk_email, "extract_email_metadata", None) or helpdesk_email.object_from_message
with open(sys.argv[1], "rb") as file:
    mails = pickle.load(file)
texts = [raw.replace(b"\r\n..", b"\r\n.").decode("utf-8", "replace") for _, raw in mails]
failed, why = 0, ""
begun = time.perf_counter()
for text in texts:
    try:
        take(text, queue, logging.getLogger("peer"))
    except Exception as error:
        failed, why = failed + 1, f"{type(error).__name__}: {error}"
took = time.perf_counter() - begun
print(json.dumps({
    "mails_per_s": round((len(texts) - failed) / took, 1), "mails": len(texts), "failed": failed, "why": why,
    "tickets": Ticket.objects.count(), "follow_ups": FollowUp.objects.count(),
}))
