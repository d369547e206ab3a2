"""The thread of a conversation: messages in order, what happened in between folded into sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from portevoix.store import desk
from portevoix.web.desk import marks, sentences

if TYPE_CHECKING:
    from portevoix.web.desk.page import Page

SIZE = 50


@dataclass(slots=True)
class Entry:
    """A message, or a run of events between two messages."""

    message: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Thread:
    """A page of the thread, oldest first. ``last_*``: what a later "what is new?" compares with."""

    entries: list[Entry]
    earlier: int | None  # id of the first message shown, when there are more before
    last_message: int
    last_event: int


def _prepare(
    message: dict[str, Any], bounced: set[str], uploads: dict[int, list[dict[str, Any]]]
) -> dict[str, Any]:
    body = message["body"]
    shown = message["new_body"] if message["new_body"] is not None else body
    facts = message["facts"] or {}
    message["text"] = shown
    message["rest"] = (
        body if message["new_body"] is not None and message["new_body"].strip() != body.strip() else ""
    )
    message["files"] = [
        part for part in message["attachments"] if not part.get("inline") or not part.get("cid")
    ]
    message["uploads"] = uploads.get(message["id"], [])
    message["way"] = {"in": "in", "out": "out", "note": "note", "automatic": "in", "bounce": "in"}[
        message["kind"]
    ]
    if message["kind"] == "automatic" and (
        message["author_id"] or not message["sender"] or message["sent_mail"]
    ):
        message["way"] = "out"
    message["who"] = message["author"] or message["sender_name"] or message["sender"]
    message["sender_bounced"] = message["sender"] in bounced
    message["authentication"] = _authentication(facts)
    message["warnings"] = facts.get("warnings") or []
    message["problems"] = facts.get("problems") or []
    message["stranger"] = bool(facts.get("stranger"))
    message["forged"] = bool(facts.get("forged")) or message["authentication"] == "fail"
    message["language"] = facts.get("language") or ""
    message["meetings"] = marks.meetings(facts)
    message["seal_tone"], message["seal"] = marks.seal(facts)
    message["priority"] = facts.get("priority") or ""
    return message


def _authentication(facts: dict[str, Any]) -> str:
    """pass, fail or nothing known: of the results that a server of ours vouches for, DMARC before SPF and DKIM."""
    results = facts.get("authentication") or []
    if isinstance(results, dict):
        results = [
            {"method": method, "result": result, "trusted": True} for method, result in results.items()
        ]
    found = {
        row.get("method"): row.get("result")
        for row in results
        if isinstance(row, dict) and row.get("trusted", True)
    }
    for method in ("dmarc", "dkim", "spf"):
        if found.get(method) in ("pass", "fail"):
            return str(found[method])
    return ""


def read(
    page: Page,
    conversation_id: int,
    *,
    before: int | None = None,
    after: int | None = None,
    after_event: int | None = None,
) -> Thread:
    """A page of the thread: the newest, what stands before a message, or what is new after one."""
    conn = page.conn
    found = desk.rows(conn, "messages", id=conversation_id, before=before, after=after, limit=SIZE + 1)
    more = len(found) > SIZE and after is None
    messages = found[:SIZE][::-1]
    ids = [message["id"] for message in messages]
    uploads: dict[int, list[dict[str, Any]]] = {}
    for row in (
        desk.rows(conn, "uploads_of_messages", ids=ids) if any(m["kind"] == "out" for m in messages) else []
    ):
        uploads.setdefault(row["message_id"], []).append(row)
    senders = sorted({message["sender"] for message in messages if message["sender"]})
    bounced = {row["value"] for row in desk.rows(conn, "bounced", values=senders)} if senders else set()
    events = desk.rows(
        conn,
        "events",
        id=conversation_id,
        kinds=list(sentences.KINDS),
        from_at=messages[0]["at"] if more and messages else None,
        to_at=messages[-1]["at"] if before is not None and messages else None,
        after=after_event,
    )[::-1]
    newest = events[-1]["id"] if events else (after_event or 0)
    # That a mail came needs no sentence beside the mail itself.
    events = [event for event in events if event["kind"] != "contact-received" or event["actor_id"]]
    for event in events:
        event["sentence"] = sentences.sentence(event)
        event["icon"] = sentences.icon(event["kind"])
    return Thread(
        _woven([_prepare(message, bounced, uploads) for message in messages], events),
        messages[0]["id"] if more else None,
        messages[-1]["id"] if messages else (after or 0),
        newest,
    )


def _woven(messages: list[dict[str, Any]], events: list[dict[str, Any]]) -> list[Entry]:
    entries: list[Entry] = []
    waiting = sorted(events, key=lambda event: (event["at"], event["id"]))
    for message in messages:
        earlier = list(takewhile(lambda event, at=message["at"]: event["at"] < at, waiting))  # type: ignore[misc]
        if earlier:
            entries.append(Entry(events=earlier))
            del waiting[: len(earlier)]
        entries.append(Entry(message=message))
    if waiting:
        entries.append(Entry(events=waiting))
    return entries
