"""What the middle pane and the right pane show of a conversation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portevoix.actions import access, drafts, uploads
from portevoix.actions.errors import Invalid
from portevoix.domain.access import Action
from portevoix.store import desk
from portevoix.web.desk import thread
from portevoix.web.desk.composing import recipients_of
from portevoix.web.desk.lists import pack
from portevoix.web.numbers import number

if TYPE_CHECKING:
    from portevoix.web.desk.page import Page

HISTORY = 20
SOON = timedelta(hours=2)


def step(page: Page, row: dict[str, Any]) -> str:
    """The one clear next action: answer, accept, take, resume, reopen, or nothing (a colleague has it)."""
    who = page.who.id
    if row["contact_id"] is None or row["closed_at"] is not None:
        return "reopen"
    if row["state"] == "offered":
        mine = row["seat_account_id"] == who and row["expires_at"] and row["expires_at"] > page.now
        return "accept" if mine else "theirs"
    if row["state"] in ("waiting", "received"):
        return "take"
    if row["state"] == "parked":
        return "resume" if row["holder_id"] == who else "theirs"
    if row["holder_id"] == who:
        return "answer" if row["state"] == "active" else "conclude"
    return "theirs"


def urgency(page: Page, row: dict[str, Any]) -> str:
    """How an open contact stands to its line's target."""
    if row.get("due_at") is None or row.get("closed_at") is not None:
        return ""
    if row["due_at"] < page.now:
        return "late"
    return "soon" if row["due_at"] < page.now + SOON else "fine"


def head(page: Page, row: dict[str, Any]) -> dict[str, Any]:
    """The head of the conversation and its next action."""
    next_step = step(page, row)
    open_now = row["contact_id"] is not None and row["closed_at"] is None
    holds = open_now and row["holder_id"] == page.who.id
    return {
        "conversation": row,
        "step": next_step,
        "open": open_now,
        "holds": holds,
        "may_move": open_now
        and row["state"] != "offered"
        and access.may(page.who, Action.CONTACT_CLOSE, row),
        "urgency": urgency(page, row),
    }


def composer(page: Page, row: dict[str, Any]) -> dict[str, Any]:
    """The reply box: draft, its files, recipients."""
    draft = drafts.get(page.conn, row["id"])
    return {
        "draft": draft,
        "draft_by_other": draft is not None and draft["saved_by"] != page.who.id,
        "recipients": recipients_of(page, row, draft),
        "uploads": drafts_uploads(page, row["id"]),
        # A browser without scripts picks from a plain list; the others ask for theirs when they open it.
        "plain_answers": []
        if page.fragment
        else desk.rows(page.conn, "saved_answers", line_id=row["line_id"]),
    }


def drafts_uploads(page: Page, conversation_id: int) -> list[dict[str, Any]]:
    """The files that wait with the draft."""
    return list(uploads.of_draft(page.conn, conversation_id))


def subjects(page: Page, line_id: int) -> list[dict[str, Any]]:
    """The active leaves of the line's tree with their way down, in order."""
    rows = desk.rows(page.conn, "subjects", line_id=line_id)
    by_id = {row["id"]: row for row in rows}
    parents = {row["parent_id"] for row in rows if row["active"]}

    def way(row: dict[str, Any]) -> list[str] | None:
        names: list[str] = []
        seen: set[int] = set()
        at: dict[str, Any] | None = row
        while at is not None and at["id"] not in seen:
            if not at["active"]:
                return None
            seen.add(at["id"])
            names.append(at["name"])
            at = by_id.get(at["parent_id"])
        return names[::-1]

    leaves = [
        {"id": row["id"], "label": " › ".join(path)}
        for row in rows
        if row["id"] not in parents and (path := way(row))
    ]
    return sorted(leaves, key=lambda leaf: leaf["label"].casefold())


def chosen_subject(page: Page, row: dict[str, Any]) -> int | None:
    """The subject that a form names, of the conversation's own line. Raises ``Invalid``."""
    chosen = page.request.POST.get("motif", "")
    if not chosen:
        return None
    subject_id = number(chosen)
    if subject_id is None or subject_id not in {leaf["id"] for leaf in subjects(page, row["line_id"])}:
        raise Invalid("subject-unknown")
    return subject_id


def person(
    page: Page, person_id: int, after: tuple[Any, Any] | None = None, current: int | None = None
) -> dict[str, Any]:
    """The right pane. Conversations of lines one does not see are shown to exist, and no more."""
    found = access.person(page.conn, page.who, person_id)
    before = after or (None, None)
    rows = desk.rows(
        page.conn,
        "history",
        persons=found["ids"],
        before_at=before[0],
        before_id=before[1],
        limit=HISTORY + 1,
    )
    more = ""
    if len(rows) > HISTORY:
        rows = rows[:HISTORY]
        more = pack(rows[-1]["last_at"], rows[-1]["id"])
    for row in rows:
        row["visible"] = access.visible(page.who, row["line_id"], row["holder_id"], row["state"])
    return {
        "person": found,
        "addresses": desk.rows(page.conn, "addresses", id=found["id"]),
        "history": rows,
        "history_next": more,
        "current": current,
    }


def everything(page: Page, row: dict[str, Any]) -> dict[str, Any]:
    """Both panes of an opened conversation."""
    return {
        **head(page, row),
        **composer(page, row),
        "thread": thread.read(page, row["id"]),
        "twins": desk.rows(page.conn, "twins", id=row["id"]),
        **moves(page, row),
        **person(page, row["now_person_id"], current=row["id"]),
    }


def moves(page: Page, row: dict[str, Any]) -> dict[str, Any]:
    """What the dialogs offer: subjects, lines, advisers."""
    lines = desk.rows(page.conn, "all_lines")
    advisers = desk.rows(page.conn, "advisers_of_lines", lines=[line["id"] for line in lines])
    here = {"available": 0, "paused": 1}
    for line in lines:
        staff = [
            adviser
            for adviser in advisers
            if adviser["line_id"] == line["id"] and adviser["id"] != page.who.id
        ]
        line["advisers"] = sorted(staff, key=lambda one: (here.get(one["presence"], 2), one["name"]))
    return {"subjects": subjects(page, row["line_id"]), "lines": lines}
