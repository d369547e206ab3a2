r"""A mailbox read over IMAP (RFC 3501, IDLE: RFC 2177): connect, find what is new, fetch, mark as taken.

What is new is decided by a mark in the mailbox itself (a keyword, or ``\Seen``), so nothing has to be remembered
here: UIDs that repeat, a changed UIDVALIDITY or a mailbox that was put back from a backup cost at most a second
fetch, never a mail. The caller marks a mail only after it is committed.
"""

from __future__ import annotations

import contextlib
import imaplib
import select
import ssl
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from portevoix.channels.mail.headers import parse_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: No control characters, no backslash: an atom every server takes.
KEYWORD: Final = b"$PortevoixTaken"
SEEN: Final = b"\\Seen"
#: Of a mail larger than this only the beginning is fetched; it stays in the mailbox.
FETCHED: Final = 128 * 1024 * 1024
_BEGINNING: Final = 1024 * 1024
_PLAIN_PORT: Final = 143
_TLS_PORT: Final = 993
_TIMEOUT: Final = 60.0


class Trouble(StrEnum):
    """Why a mailbox cannot be read, for the status page."""

    UNSET = "no password set"
    LOGIN = "login failed"
    CERTIFICATE = "certificate"
    TLS = "no TLS"
    UNREACHABLE = "unreachable"
    FOLDER = "no such folder"
    SERVER = "server error"


class MailboxError(Exception):
    """The mailbox cannot be read now. ``trouble`` says why in few words, ``str()`` in the server's words."""

    def __init__(self, trouble: Trouble, words: object = "") -> None:
        super().__init__(str(words)[:300])
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where a mailbox is. ``mark`` is KEYWORD or SEEN, ``move_to`` a folder for mails taken ("" leaves them)."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    folder: str = "INBOX"
    mark: bytes = KEYWORD
    move_to: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it stands in the mailbox; ``whole`` is False for the beginning of a monstrous one."""

    uid: int
    raw: bytes
    size: int
    whole: bool = True


class Session:
    """One connection with the folder open. Every method raises ``MailboxError`` when the server fails."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self._idling = False
        with _telling():
            self._client = _connect(box)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        box = self._box
        try:
            with _telling():
                self._client.login(box.user, box.password)
        finally:
            # A traceback or a debugger must not show it.
            self._box = box = _without_password(box)
        with _telling():
            # The capabilities before and after login differ.
            self.idles = self._client.has_capability("IDLE")
            self._moves = self._client.has_capability("MOVE")
            self._uidplus = self._client.has_capability("UIDPLUS")
        try:
            with _telling():
                chosen = self._client.select_folder(box.folder)
        except MailboxError as error:
            if error.trouble is Trouble.SERVER:
                raise MailboxError(Trouble.FOLDER, error) from None
            raise
        allowed = {flag.lower() for flag in chosen.get(b"PERMANENTFLAGS", ())}
        #: The mark that the server keeps. Some keep no keywords of ours (Exchange): then it is \\Seen.
        self.mark = box.mark if b"\\*" in allowed or box.mark.lower() in allowed else SEEN
        if self.mark.lower() not in allowed and b"\\*" not in allowed:
            raise MailboxError(Trouble.FOLDER, "the folder is read-only: nothing can be marked as taken")

    def new(self) -> list[int]:
        """UIDs of the mails not taken yet, oldest first."""
        wanted: list[bytes | str] = ["UNSEEN"] if self.mark == SEEN else ["UNKEYWORD", self.mark]
        with _telling():
            return sorted(self._client.search([*wanted, "UNDELETED"]))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Sizes in bytes as the server tells them; a mail that is gone is left out."""
        with _telling():
            found = self._client.fetch(list(uids), ["RFC822.SIZE"])
        return {uid: int(data[b"RFC822.SIZE"]) for uid, data in found.items() if b"RFC822.SIZE" in data}

    def fetch(self, uids: Sequence[int]) -> list[Fetched]:
        """The mails byte for byte, in the order of ``uids``; one that is gone is left out."""
        with _telling():
            found = self._client.fetch(list(uids), ["BODY.PEEK[]"])
        return [Fetched(uid, raw, len(raw)) for uid in uids if (raw := _body(found.get(uid))) is not None]

    def beginning(self, uid: int, size: int) -> Fetched | None:
        """The first megabyte of a mail too large to be taken in at all."""
        with _telling():
            found = self._client.fetch([uid], [f"BODY.PEEK[]<0.{_BEGINNING}>"])
        raw = _body(found.get(uid))
        return None if raw is None else Fetched(uid, raw, size, whole=False)

    def taken(self, uids: Sequence[int]) -> None:
        """Mark as taken, and move away where that is wished."""
        if not uids:
            return
        with _telling():
            self._client.add_flags(list(uids), [self.mark], silent=True)
            if self._box.move_to:
                self._move(list(uids))

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
        with _telling():
            self._client.idle()
        self._idling = True

    def told(self, seconds: float) -> bool:
        """Wait up to ``seconds`` while idling; whether the server said anything about new mails."""
        with _telling():
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
        with _telling():
            _, said = self._client.idle_done()
        return any(len(answer) > 1 and answer[1] in (b"EXISTS", b"RECENT") for answer in said)

    def noop(self) -> None:
        """A sign of life; the server uses it to tell of new mails."""
        with _telling():
            self._client.noop()

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


def _connect(box: Mailbox) -> IMAPClient:
    if not box.tls:
        return IMAPClient(box.host, box.port, ssl=False, timeout=_TIMEOUT)
    context = ssl.create_default_context()
    if box.port != _PLAIN_PORT:
        try:
            return IMAPClient(box.host, box.port, ssl=True, ssl_context=context, timeout=_TIMEOUT)
        except ssl.SSLCertVerificationError:
            raise
        except ssl.SSLError:
            if box.port == _TLS_PORT:
                raise
    # A server on another port that begins in the clear: TLS by STARTTLS or nothing, never a password in the clear.
    client = IMAPClient(box.host, box.port, ssl=False, timeout=_TIMEOUT)
    try:
        client.starttls(context)
    except (OSError, IMAPClientError, imaplib.IMAP4.error) as error:
        with contextlib.suppress(OSError):  # a failed handshake leaves no socket to shut down
            client.shutdown()
        if isinstance(error, OSError | imaplib.IMAP4.abort):
            raise
        raise MailboxError(Trouble.TLS, error) from None
    return client


def _without_password(box: Mailbox) -> Mailbox:
    return replace(box, password="")


def _body(data: Any) -> bytes | None:
    if data is None:
        return None
    return next(
        (value for key, value in data.items() if key.startswith(b"BODY[") and isinstance(value, bytes)), None
    )


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Every failure of a library, in our own words."""
    try:
        yield
    except MailboxError:
        raise
    except LoginError as error:
        raise MailboxError(Trouble.LOGIN, error) from None
    except ssl.SSLCertVerificationError as error:
        raise MailboxError(Trouble.CERTIFICATE, error.verify_message) from None
    except ssl.SSLError as error:
        raise MailboxError(Trouble.TLS, error) from None
    except imaplib.IMAP4.abort as error:
        raise MailboxError(Trouble.UNREACHABLE, error) from None
    except (IMAPClientError, imaplib.IMAP4.error) as error:
        raise MailboxError(Trouble.SERVER, error) from None
    except OSError as error:
        raise MailboxError(Trouble.UNREACHABLE, error) from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        # An answer that is no IMAP: a torn connection, or a server that is none.
        raise MailboxError(Trouble.SERVER, f"{type(error).__name__}: {error}") from None
