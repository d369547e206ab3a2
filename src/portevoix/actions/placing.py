"""Where the messages of a batch belong, and the rows that say so.

No I/O: what the tables know comes in as values, rows go out. The items of a batch see one another as if
they had come one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from portevoix.actions.inbound import Outcome, Taken
from portevoix.actions.known import Known, Matter, Message
from portevoix.domain.contacts import events as e
from portevoix.domain.contacts.machine import State
from portevoix.domain.contacts.threading import Candidate, Evidence, find
from portevoix.store.intake import Rows
from portevoix.store.words import binary_vector

if TYPE_CHECKING:
    from portevoix.actions.inbound import Inbound
    from portevoix.store.intake import Found

#: What of a text is indexed for search; a tsvector holds at most 1 MB.
SEARCHED = 200_000


@dataclass(slots=True)
class Placing:
    """One batch being placed."""

    found: Found
    rows: Rows = field(default_factory=Rows)
    #: Conversations that turn out to be one, once the rows are written: (the one that stays, the other).
    one: list[tuple[int, int]] = field(default_factory=list)
    _known: Known = field(init=False)
    _next: int = 0

    def __post_init__(self) -> None:
        self._known = Known.of(self.found)

    # --- one item ---------------------------------------------------------------------------------

    def place(self, item: Inbound) -> Taken:
        """Decide where the item belongs and add its rows."""
        source_id = item.source_id
        twin = self._known.sources.get((item.door_id, source_id))
        if twin is not None and twin["digest"] != item.digest:
            # Another mail under a used Message-ID: nothing may be lost, so it gets a key of its own.
            source_id = f"{source_id}#{item.digest.hex()[:24]}"
            twin = self._known.sources.get((item.door_id, source_id))
        twin = twin or self._same_line_copy(item)
        if twin is not None:
            return Taken(
                outcome=Outcome.DUPLICATE,
                message_id=twin["id"],
                conversation_id=twin["conversation_id"],
                contact_id=twin["contact_id"],
            )
        ids = self.found.fresh[self._next]
        self._next += 1
        taken = self._bounce(item, ids) or self._thread(item, ids)
        self._message(item, ids["message_id"], taken, source_id)
        return taken

    def _same_line_copy(self, item: Inbound) -> dict[str, Any] | None:
        """The same mail that came to another door of the same line."""
        for known in self._known.messages.get(item.external_id or "", ()):
            conversation = self._known.conversations.get(known.conversation_id)
            if known.digest == item.digest and conversation and conversation.line_id == item.line_id:
                return {"id": known.message_id, "conversation_id": conversation.id, "contact_id": None}
        return None

    def _bounce(self, item: Inbound, ids: dict[str, Any]) -> Taken | None:
        """A delivery report about a message of ours: noted where it belongs, never work."""
        if item.bounce is None or (ours := self._known.bounced.get(item.bounce.message_id)) is None:
            return None
        told = {recipient["address"].lower() for recipient in ours["recipients"]}
        failed = sorted({address.lower() for address in item.bounce.recipients} & told)
        if not failed:
            return None
        about = {"contact_id": ours["contact_id"], "conversation_id": ours["conversation_id"]}
        detail = item.bounce.detail[:500]
        if item.bounce.permanent:
            self.rows.add("mark_bounced", id=ours["id"], detail=detail)
            self.rows.add("mark_address", addresses=failed, at=item.at, detail=detail)
            self._log(item, e.MessageStatus(message_id=ours["id"], status="bounced", detail=detail), about)
            for address in failed:
                self._log(item, e.AddressBounced(address=address, detail=detail), about)
        self._log(item, e.MessageAdded(message_id=ids["message_id"], said="bounce"), about)
        return Taken(
            outcome=Outcome.BOUNCE, message_id=ids["message_id"], conversation_id=ours["conversation_id"]
        )

    def _thread(self, item: Inbound, ids: dict[str, Any]) -> Taken:
        conversation, stranger = self._conversation(item, ids)
        if stranger:
            item.facts["stranger"] = True
        else:
            conversation.participants.add(item.sender)
            conversation.writers.add(item.sender)
            self._gather(item, conversation)
        if item.automatic:
            outcome = Outcome.AUTOMATIC
            said = e.MessageAdded(message_id=ids["message_id"], said="automatic")
            self._log(item, said, {"contact_id": None, "conversation_id": conversation.id})
            return Taken(outcome=outcome, message_id=ids["message_id"], conversation_id=conversation.id)
        if conversation.row is None:
            self.rows.add("touch", id=conversation.id, at=item.at)
        elif not conversation.fresh:
            conversation.row["last_at"] = max(conversation.row["last_at"], item.at)
            conversation.row["version"] += 1
        outcome = Outcome.JOINED if conversation.contact_id else Outcome.CONTACT
        if conversation.contact_id:
            self._join(item, conversation, ids["message_id"])
        else:
            self._begin(item, conversation, ids)
        conversation.fresh = False
        return Taken(
            outcome=outcome,
            message_id=ids["message_id"],
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
        )

    def _candidates(self, item: Inbound) -> tuple[list[int], list[Candidate]]:
        references: list[int] = []
        for name in (*item.references, item.external_id):
            references += [known.conversation_id for known in self._known.messages.get(name or "", ())]
        awaiting = self._known.awaiting.get(item.external_id or "", ())
        recipients = _recipients(item)
        candidates = []
        for conversation_id in {*references, *awaiting, self._token(item)}:
            if conversation_id is None or (known := self._known.conversations.get(conversation_id)) is None:
                continue
            part = frozenset(known.participants)
            if conversation_id in awaiting and known.writers & recipients:
                # The answer came before this, its parent, and its writer is among the parent's recipients.
                part |= {item.sender}
            candidates.append(Candidate(known.id, known.line_id, part))
        # A copy on another line is no parent: the same mail to two lines makes one conversation on each.
        own = {
            known.conversation_id
            for known in self._known.messages.get(item.external_id or "", ())
            if known.digest == item.digest
        }
        return [ref for ref in (*references, *awaiting) if ref not in own], candidates

    def _gather(self, item: Inbound, conversation: Matter) -> None:
        """Answers to this mail that came before it opened conversations of their own: they are one with where the mail
        belongs. Only if nobody wrote there who has no part in this, for anybody may name a Message-ID."""
        if item.forged or item.automatic:
            return
        here = conversation.participants | _recipients(item)
        for other_id in self._known.awaiting.get(item.external_id or "", ()):
            other = self._known.conversations.get(other_id)
            if other is None or other.id == conversation.id or other.line_id != conversation.line_id:
                continue
            pair = (conversation.id, other.id)
            if other.writers and other.writers <= here and pair not in self.one:
                self.one.append(pair)

    def _token(self, item: Inbound) -> int | None:
        """The conversation a signed token means today: where the message that carried it is, if we have it."""
        for known in self._known.messages.get(item.token_id or "", ()):
            return known.conversation_id
        return self._now(item.token)

    def _now(self, conversation_id: int | None) -> int | None:
        return None if conversation_id is None else self._known.became.get(conversation_id, conversation_id)

    def _conversation(self, item: Inbound, ids: dict[str, Any]) -> tuple[Matter, bool]:
        references, candidates = self._candidates(item)
        evidence = Evidence(item.sender, item.line_id, self._token(item), references, forged=item.forged)
        joined = find(evidence, candidates)
        if joined:
            conversation = self._known.conversations[joined.conversation_id]
            if not joined.stranger and not any(name in self._known.messages for name in item.references):
                self._await(
                    item, conversation
                )  # joined by an answer that came first; its own parent is to come
            return conversation, joined.stranger
        twins = [
            known.conversation_id
            for known in self._known.messages.get(item.external_id or "", ())
            if known.digest == item.digest
        ]
        conversation = Matter(
            ids["conversation_id"],
            item.line_id,
            self._person(item, ids["person_id"]),
            None,
            {item.sender, *_recipients(item)},
            {item.sender},
            fresh=True,
        )
        self._known.conversations[conversation.id] = conversation
        conversation.row = self.rows.add(
            "add_conversation",
            id=conversation.id,
            line_id=item.line_id,
            person_id=conversation.person_id,
            subject=item.subject,
            at=item.at,
            last_at=item.at,
            twin_of=twins[0] if twins else None,
            version=1,
        )
        self._await(item, conversation)
        return conversation, False

    def _await(self, item: Inbound, conversation: Matter) -> None:
        """Its parents are to find it when they come."""
        if item.automatic:
            return
        for name in [name for name in item.references[:5] if name not in self._known.messages]:
            self.rows.add("await_parent", external_id=name, conversation_id=conversation.id, at=item.at)
            self._known.awaiting.setdefault(name, []).append(conversation.id)

    def _person(self, item: Inbound, fresh_id: int) -> int:
        known = self._known.persons.get(item.sender) if item.sender else None
        if known:
            if item.sender_name and not known[1] and not item.automatic:
                self.rows.add("name_person", id=known[0], name=item.sender_name)
                self._known.persons[item.sender] = (known[0], item.sender_name)
            return known[0]
        self.rows.add(
            "add_person", id=fresh_id, name=item.sender_name, language=item.language or "fr", at=item.at
        )
        if item.sender:
            self.rows.add("add_address", value=item.sender, person_id=fresh_id)
            self._known.persons[item.sender] = (fresh_id, item.sender_name)
        return fresh_id

    def _begin(self, item: Inbound, conversation: Matter, ids: dict[str, Any]) -> None:
        preferred = conversation.last_adviser_id
        conversation.contact_id = ids["contact_id"]
        conversation.state = State.WAITING.value
        self.rows.add(
            "add_contact",
            id=ids["contact_id"],
            conversation_id=conversation.id,
            line_id=conversation.line_id,
            channel=item.channel,
            at=item.at,
            due_at=item.due_at,
            preferred_id=preferred,
            preferred_until=item.preferred_until if preferred else None,
        )
        event = e.ContactReceived(channel=item.channel, message_id=ids["message_id"], preferred_id=preferred)
        self._log(
            item, event, {"contact_id": ids["contact_id"], "conversation_id": conversation.id}, conversation
        )

    def _join(self, item: Inbound, conversation: Matter, message_id: int) -> None:
        about = {"contact_id": conversation.contact_id, "conversation_id": conversation.id}
        self._log(item, e.MessageAdded(message_id=message_id, said="in"), about, conversation)
        if conversation.state == State.PARKED:
            self.rows.add(
                "return_parked",
                id=conversation.contact_id,
                at=item.at,
                due_at=item.due_at,
                preferred_until=item.preferred_until,
            )
            event = e.ContactReturned(cause="answer", account_id=conversation.holder_id)
            self._log(item, event, about, conversation)
            conversation.state = State.WAITING.value
        elif conversation.state == State.WRAP_UP and conversation.holder_id:
            self.rows.add("resume_wrapped", id=conversation.contact_id)
            self._log(item, e.ContactResumed(account_id=conversation.holder_id), about, conversation)
            conversation.state = State.ACTIVE.value

    # --- rows -------------------------------------------------------------------------------------

    def _message(self, item: Inbound, message_id: int, taken: Taken, source_id: str) -> None:
        kinds = {Outcome.AUTOMATIC: "automatic", Outcome.BOUNCE: "bounce"}
        text = item.new_body if item.new_body is not None else item.body
        names = " ".join(str(attachment.get("name", "")) for attachment in item.attachments)
        self.rows.add(
            "add_message",
            id=message_id,
            conversation_id=taken.conversation_id,
            contact_id=taken.contact_id,
            kind=kinds.get(taken.outcome, "in"),
            channel=item.channel,
            door_id=item.door_id,
            at=item.at,
            sender_name=item.sender_name,
            sender=item.sender,
            recipients=_json(list(item.recipients)),
            subject=item.subject,
            body=item.body,
            new_body=None if item.new_body == item.body else item.new_body,
            html=item.html,
            attachments=_json(list(item.attachments)),
            source_id=source_id,
            digest=item.digest,
            external_id=item.external_id,
            facts=_json(item.facts),
            search=binary_vector(
                f"{text[:SEARCHED]} {names[:2000]}", f"{item.subject} {item.sender_name} {item.sender}"
            ),
        )
        self.rows.add("add_raw", message_id=message_id, content=item.raw)
        made = {
            "id": message_id,
            "conversation_id": taken.conversation_id,
            "contact_id": taken.contact_id,
            "digest": item.digest,
        }
        self._known.sources[item.door_id, source_id] = made
        if item.external_id and taken.conversation_id is not None:
            known = Message(message_id, taken.conversation_id, item.digest)
            self._known.messages.setdefault(item.external_id, []).append(known)
            if item.external_id in self._known.awaiting:
                self.rows.add("stop_awaiting", ids=[item.external_id])

    def _log(
        self, item: Inbound, event: e.Event, about: dict[str, Any], conversation: Matter | None = None
    ) -> None:
        line_id = conversation.line_id if conversation else item.line_id
        self.rows.add(
            "log",
            at=item.at,
            kind=event.kind,
            v=event.v,
            contact_id=about["contact_id"],
            conversation_id=about["conversation_id"],
            line_id=line_id,
            data=_json(event.body()),
        )


def _recipients(item: Inbound) -> set[str]:
    return {recipient["address"].lower() for recipient in item.recipients}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
