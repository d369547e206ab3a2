"""Reaching a mailbox over IMAP: connect under TLS, sign in, and say in few words why it did not work."""

from __future__ import annotations

import contextlib
import imaplib
import os
import socket
import ssl
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_PLAIN_PORT: Final = 143
_TLS_PORT: Final = 993
#: A connection on which we only wait is known to be dead after so many seconds, whatever forgot it on the way: after
#: three quarters we ask, and leave when no answer came in the last one. (Tests make it short.)
SILENCE_SECONDS: Final = float(os.environ.get("PORTEVOIX_IMAP_SILENCE_SECONDS", "40"))
CHECK_SECONDS: Final = SILENCE_SECONDS * 0.75
ANSWER_SECONDS: Final = SILENCE_SECONDS * 0.25
#: Seconds for each answer that costs the server work.
TIMEOUT: Final = SILENCE_SECONDS * 1.5


class Trouble(StrEnum):
    """Why a mailbox cannot be read, for the status page."""

    UNSET = "no password set"
    LOGIN = "login failed"
    CERTIFICATE = "certificate"
    TLS = "no TLS"
    NAME = "unknown server name"
    REFUSED = "connection refused"
    UNREACHABLE = "unreachable"
    FOLDER = "no such folder"
    SERVER = "server error"


class MailboxError(Exception):
    """The mailbox cannot be read now. ``trouble`` says why in few words, ``str()`` in the server's words."""

    def __init__(self, trouble: Trouble, words: object = "") -> None:
        super().__init__(str(words)[:300])
        self.trouble = trouble


class After(StrEnum):
    """What becomes of a mail in the mailbox once it is committed here."""

    MARK = "mark"  # our keyword, which no mail program shows
    READ = "read"  # the same, and shown as read
    MOVE = "move"  # into another folder
    LEAVE = "leave"  # nothing: the folder is opened for reading only


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where a mailbox is, since when its mails are ours (None: all), and what becomes of them (``move_to``: where)."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    folder: str = "INBOX"
    after: After = After.MARK
    move_to: str = ""
    since: datetime | None = None

    def without_password(self) -> Mailbox:
        """The same for whoever must not see it."""
        return replace(self, password="")


def connect(box: Mailbox, seconds: float = TIMEOUT) -> IMAPClient:
    """An open connection, not signed in. TLS at once or by STARTTLS (RFC 8314), never a fall back to plain."""
    if not box.tls:
        return IMAPClient(box.host, box.port, ssl=False, timeout=seconds)
    context = ssl.create_default_context()
    if box.port != _PLAIN_PORT:
        try:
            return IMAPClient(box.host, box.port, ssl=True, ssl_context=context, timeout=seconds)
        except ssl.SSLCertVerificationError:
            raise
        except ssl.SSLError:
            if box.port == _TLS_PORT:
                raise
    # A server on another port that begins in the clear: TLS by STARTTLS or nothing, never a password in the clear.
    client = IMAPClient(box.host, box.port, ssl=False, timeout=seconds)
    try:
        client.starttls(context)
    except (OSError, IMAPClientError, imaplib.IMAP4.error) as error:
        with contextlib.suppress(OSError):  # a failed handshake leaves no socket to shut down
            client.shutdown()
        if isinstance(error, OSError | imaplib.IMAP4.abort):
            raise
        raise MailboxError(Trouble.TLS, error) from None
    return client


@contextlib.contextmanager
def telling() -> Iterator[None]:
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
    except socket.gaierror as error:
        raise MailboxError(Trouble.NAME, error) from None
    except ConnectionRefusedError as error:
        raise MailboxError(Trouble.REFUSED, error) from None
    except OSError as error:
        raise MailboxError(Trouble.UNREACHABLE, error) from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        # An answer that is no IMAP: a torn connection, or a server that is none.
        raise MailboxError(Trouble.SERVER, f"{type(error).__name__}: {error}") from None
