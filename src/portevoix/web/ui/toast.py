"""What a view tells the page beside its fragment: a toast, an announcement, events for other parts."""

import json
from typing import Any

from django.http import HttpResponse


def trigger(response: HttpResponse, name: str, detail: Any = None) -> HttpResponse:
    """Adds one event to HX-Trigger, keeping those already there. ASCII, as headers must be."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    events[name] = detail if detail is not None else {}
    response.headers["HX-Trigger"] = json.dumps(events, ensure_ascii=True)
    return response


def toast(
    response: HttpResponse, text: str, *, tone: str = "info", undo: str = "", seconds: int = 0
) -> HttpResponse:
    """A short message in the corner, read out politely. `undo`: address to POST to; `seconds`: how long it stands."""
    return trigger(response, "pv:toast", {"text": str(text), "tone": tone, "undo": undo, "seconds": seconds})


def announce(response: HttpResponse, text: str) -> HttpResponse:
    """A sentence for screen readers only."""
    return trigger(response, "pv:announce", {"text": str(text)})
