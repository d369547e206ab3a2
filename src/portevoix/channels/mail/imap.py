r"""A mailbox read over IMAP (RFC 3501, IDLE: RFC 2177): what is new, fetch, mark as taken.

What is new is decided by a mark in the mailbox itself (a keyword) where the server keeps one: then nothing has to be
remembered here, and UIDs that repeat, a changed UIDVALIDITY or a mailbox put back from a backup cost at most a second
fetch, never a mail. Where it keeps none, or where nothing may be changed, the caller remembers what was taken (see
``Session.keeps``). ``\Seen`` never decides: a colleague who reads a mail elsewhere must not hide it from us.
"""

from __future__ import annotations

import contextlib
import hashlib
import select
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from portevoix.channels.mail.headers import parse_head
from portevoix.channels.mail.imap_connection import (
    ANSWER_SECONDS,
    TIMEOUT,
    After,
    Mailbox,
    MailboxError,
    Trouble,
    connect,
    telling,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: No control characters, no backslash: an atom every server takes.
KEYWORD: Final = b"$PortevoixTaken"
SEEN: Final = b"\\Seen"
#: Of a mail larger than this only the beginning is fetched; it stays in the mailbox.
FETCHED: Final = 128 * 1024 * 1024
#: The server's clock may differ from ours: a mail that arrived a little before the door was made is taken too.
SLACK: Final = timedelta(minutes=10)
_BEGINNING: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail as the server lists it: its size in bytes, and when it arrived there if the server says so."""

    uid: int
    size: int
    arrived: datetime | None

    @property
    def likeness(self) -> int:
        """Tells this mail from another one that bears the same UID later (64 bits, signed)."""
        arrived = self.arrived.astimezone(UTC).isoformat() if self.arrived else ""
        return number(f"{self.size} {arrived}")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it stands in the mailbox; ``whole`` is False for the beginning of a monstrous one."""

    uid: int
    raw: bytes
    size: int
    whole: bool = True


class Session:
    """One connection with the folder open. Every method raises ``MailboxError`` when the server fails."""

    def __init__(self, box: Mailbox, seconds: float = TIMEOUT) -> None:
        self._box = box
        self._idling = False
        with telling():
            self._client = connect(box, seconds)
            self._client.normalise_times = False
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        box = self._box
        try:
            with telling():
                self._client.login(box.user, box.password)
        finally:
            # A traceback or a debugger must not show it.
            self._box = box = box.without_password()
        with telling():
            # The capabilities before and after login differ.
            self.idles = self._client.has_capability("IDLE")
            self._moves = self._client.has_capability("MOVE")
            self._uidplus = self._client.has_capability("UIDPLUS")
        try:
            with telling():
                chosen = self._client.select_folder(box.folder, readonly=box.after is After.LEAVE)
        except MailboxError as error:
            if error.trouble is Trouble.SERVER:
                raise MailboxError(Trouble.FOLDER, error) from None
            raise
        allowed = {flag.lower() for flag in chosen.get(b"PERMANENTFLAGS", ())}
        #: Whether the mailbox itself remembers what was taken (some servers keep no keywords, as Exchange).
        self.keeps = box.after is not After.LEAVE and (b"\\*" in allowed or KEYWORD.lower() in allowed)
        #: Mails in the folder when it was opened.
        self.count = int(chosen.get(b"EXISTS", 0))
        #: Whether what was taken is to leave the folder.
        self.moving = box.after is After.MOVE
        validity = int(chosen.get(b"UIDVALIDITY", 0))
        #: Where a UID counts: elsewhere the same one is another mail.
        self.place = number(f"{box.host} {box.user} {box.folder} {validity}")

    def new(self, above: int = 0) -> list[int]:
        """UIDs above ``above`` that bear no mark of ours (where marks are kept: else all), oldest first."""
        wanted: list[Any] = ["UNDELETED", *(["UNKEYWORD", KEYWORD] if self.keeps else [])]
        # By day and in the server's time zone: the day before is asked for too, ``wants`` decides.
        if self._box.since:
            wanted += ["SINCE", (self._box.since - SLACK - timedelta(days=1)).date()]
        if above:
            wanted += ["UID", f"{above + 1}:*"]
        with telling():
            # ``n:*`` always names the last mail, however low its UID.
            return sorted({uid for uid in self._client.search(wanted) if uid > above})

    def marked(self) -> list[int]:
        """UIDs of the mails that bear our mark and are still here."""
        if not self.keeps:
            return []
        with telling():
            return sorted(set(self._client.search(["UNDELETED", "KEYWORD", KEYWORD])))

    def listed(self, uids: Sequence[int]) -> dict[int, Listed]:
        """What the server tells of the mails; one that is gone is left out."""
        with telling():
            found = self._client.fetch(list(uids), ["RFC822.SIZE", "INTERNALDATE"])
            return {
                uid: Listed(uid, int(data[b"RFC822.SIZE"]), _aware(data.get(b"INTERNALDATE")))
                for uid, data in found.items()
                if b"RFC822.SIZE" in data
            }

    def wants(self, mail: Listed) -> bool:
        """Whether it arrived since the door takes mails from here; in doubt it did."""
        return self._box.since is None or mail.arrived is None or mail.arrived >= self._box.since - SLACK

    def fetch(self, uids: Sequence[int]) -> list[Fetched]:
        """The mails byte for byte, in the order of ``uids``; one that is gone is left out."""
        with telling():
            found = self._client.fetch(list(uids), ["BODY.PEEK[]"])
        return [Fetched(uid, raw, len(raw)) for uid in uids if (raw := _body(found.get(uid))) is not None]

    def beginning(self, uid: int, size: int) -> Fetched | None:
        """The first megabyte of a mail too large to be taken in at all."""
        with telling():
            found = self._client.fetch([uid], [f"BODY.PEEK[]<0.{_BEGINNING}>"])
        raw = _body(found.get(uid))
        return None if raw is None else Fetched(uid, raw, size, whole=False)

    def taken(self, uids: Sequence[int]) -> str:
        """Mark as taken, and do what the door wishes. What it wishes beside the mark may fail: the mails are
        taken all the same, and the server's words come back."""
        after = self._box.after
        if not uids or after is After.LEAVE:
            return ""
        if self.keeps:
            with telling():
                self._client.add_flags(list(uids), [KEYWORD], silent=True)
        try:
            with telling():
                if after is After.READ:
                    self._client.add_flags(list(uids), [SEEN], silent=True)
                elif after is After.MOVE:
                    self._move(list(uids))
        except MailboxError as error:
            if error.trouble is not Trouble.SERVER:
                raise
            return str(error)
        return ""

    def _move(self, uids: list[int]) -> None:
        target = self._box.move_to
        if not self._client.folder_exists(target):
            self._client.create_folder(target)
        if self._moves:
            self._client.move(uids, target)
            return
        self._client.copy(uids, target)
        self._client.add_flags(uids, [b"\\Deleted"], silent=True)
        if self._uidplus:  # a plain EXPUNGE would also remove what somebody else marked
            self._client.uid_expunge(uids)

    # --- waiting ------------------------------------------------------------------------------------

    def idle(self) -> None:
        """Ask the server to tell when something arrives."""
        with telling():
            self._client.idle()
        self._idling = True

    def told(self, seconds: float) -> bool:
        """Wait up to ``seconds`` while idling; whether the server said anything about new mails."""
        with telling():
            said = self._client.idle_check(timeout=seconds)
        if not said and self._hung_up():
            raise MailboxError(Trouble.UNREACHABLE, "the server hung up")
        if any(answer[0] == b"BYE" for answer in said):
            raise MailboxError(Trouble.UNREACHABLE, "the server said goodbye")
        return any(len(answer) > 1 and answer[1] in (b"EXISTS", b"RECENT") for answer in said)

    def _hung_up(self) -> bool:
        """``idle_check`` hides an end of file: it returns at once with nothing, every time."""
        poller = select.poll()
        poller.register(self._client.socket().fileno(), select.POLLIN | select.POLLRDHUP)
        return any(
            event & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) for _, event in poller.poll(0)
        )

    def idle_done(self) -> bool:
        """Stop idling; whether something arrived meanwhile."""
        if not self._idling:
            return False
        self._idling = False
        with telling(), self._soon():
            _, said = self._client.idle_done()
        return any(len(answer) > 1 and answer[1] in (b"EXISTS", b"RECENT") for answer in said)

    def noop(self) -> None:
        """A sign of life; the server uses it to tell of new mails."""
        with telling(), self._soon():
            self._client.noop()

    @contextlib.contextmanager
    def _soon(self) -> Iterator[None]:
        """What costs the server nothing is answered soon, or the connection is dead (RELIABILITY.md F45)."""
        sock = self._client.socket()
        sock.settimeout(ANSWER_SECONDS)
        yield
        sock.settimeout(TIMEOUT)

    def close(self) -> None:
        """Leave, politely when that is possible."""
        try:
            with contextlib.suppress(Exception):
                if self._idling:
                    self._client.socket().settimeout(2.0)
                    self._client.idle_done()
            self._client.socket().settimeout(2.0)
            self._client.logout()
        except Exception:  # noqa: BLE001 - whatever a dying server answers
            with contextlib.suppress(Exception):
                self._client.shutdown()


def envelope(raw: bytes) -> tuple[str | None, list[str]]:
    """What the last server wrote on the mail: the envelope sender ("" is the null sender, None unknown) and the
    addresses it was delivered to. Not proof of anything: a token in such an address carries its own signature.
    """
    headers, _ = parse_head(raw, 0, len(raw), 256 * 1024)
    sender: str | None = None
    recipients: list[str] = []
    for name in ("x-original-to", "delivered-to", "envelope-to"):
        recipients += [value.strip().strip("<>") for value in headers.all(name)[:3] if "@" in value]
    if paths := headers.all("return-path"):
        sender = paths[0].strip().strip("<>").strip()
    return sender, list(dict.fromkeys(recipients))


def number(text: str) -> int:
    """A name as a signed number of 64 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def _aware(when: Any) -> datetime | None:
    return when if isinstance(when, datetime) and when.tzinfo is not None else None


def _body(data: Any) -> bytes | None:
    if data is None:
        return None
    return next(
        (value for key, value in data.items() if key.startswith(b"BODY[") and isinstance(value, bytes)), None
    )
