"""The mails of ``bench mail``: about 10 KB each, multipart/alternative, quoted-printable, as client programs write them.

One file for the load driver: a pickled list of (index of the mail, recipient, dot-stuffed bytes). What they are is known
(new matter, answer, copy), so that afterwards the tables can be held against it.
"""

from __future__ import annotations

import pickle
from binascii import b2a_qp
from dataclasses import dataclass
from email.header import Header
from html import escape
from pathlib import Path

from bench.text import Writer

REPLIES, COPIES = 0.25, 0.02


@dataclass(frozen=True, slots=True)
class Known:
    """What one mail is. ``root``: the Message-ID of the first mail of its matter."""

    message_id: str
    root: str
    recipient: str
    copy: bool = False


@dataclass(frozen=True, slots=True)
class _Thread:
    root: str
    last: str
    person: int
    said: str
    subject: str
    recipient: str


def _qp(text: str) -> bytes:
    return b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)


class Maker:
    """Makes mails one after the other."""

    def __init__(self, seed: int, doors: list[str], sampled: str | None = None) -> None:
        self._writer = Writer(seed)
        self._chance = self._writer.chance
        self._doors = doors
        self._sampled = sampled
        self._seed = seed
        self._threads: list[_Thread] = []
        self._sent: list[tuple[Known, bytes]] = []
        self._number = 0

    def next(self) -> tuple[Known, bytes]:
        """The next mail, dot-stuffed, without the closing dot."""
        dice = self._chance.random()
        if dice < COPIES and len(self._sent) > 50:
            known, raw = self._sent[-1 - int(self._chance.random() * 50)]
            return Known(known.message_id, known.root, known.recipient, copy=True), raw
        old = len(self._threads) > 100 and dice < COPIES + REPLIES
        made = self._answer() if old else self._first()
        self._sent.append(made)
        del self._sent[:-60]
        return made

    def _name(self) -> str:
        self._number += 1
        return f"s{self._seed}.{self._number:06d}.{self._chance.getrandbits(40):x}@courriel.example"

    def _first(self) -> tuple[Known, bytes]:
        person = int(self._chance.random() * 1_000_000)
        name = self._name()
        sampled = self._sampled is not None and self._chance.random() < 0.01
        recipient = self._sampled if sampled and self._sampled else self._chance.choice(self._doors)
        subject = " ".join(self._writer.some(5)).capitalize()
        said = self._writer.text(440)
        self._threads.append(_Thread(name, name, person, said, subject, recipient))
        return Known(name, name, recipient), self._mail(person, name, recipient, subject, said, "")

    def _answer(self) -> tuple[Known, bytes]:
        at = int(self._chance.random() * (len(self._threads) - 30))
        thread = self._threads[at]
        name = self._name()
        said = self._writer.text(220)
        quoted = "\n".join(f"> {line}" for line in thread.said.split("\n"))[:1500]
        body = f"{said}\n\nLe lun. 2 mars 2026 à 10:12, Service des inscriptions <{thread.recipient}> a écrit :\n\n{quoted}"
        headers = f"In-Reply-To: <{thread.last}>\r\nReferences: <{thread.root}> <{thread.last}>\r\n"
        self._threads[at] = _Thread(thread.root, name, thread.person, said, thread.subject, thread.recipient)
        raw = self._mail(thread.person, name, thread.recipient, f"Re: {thread.subject}", body, headers)
        return Known(name, thread.root, thread.recipient), raw

    def _mail(self, person: int, name: str, to: str, subject: str, body: str, headers: str) -> bytes:
        who, address = self._writer.person(person)
        text = f"Bonjour,\n\n{body}\n\nCordialement,\n{who}"
        html = "".join(f"<p>{escape(part)}</p>\n" for part in text.split("\n\n"))
        mark = f"b{self._chance.getrandbits(64):x}"
        head = (
            f"Received: from mx.{address.split('@')[1]} (mx [192.0.2.7]) by relay.example with ESMTPS id {mark};\r\n"
            f" Mon, 2 Mar 2026 10:00:00 +0100\r\n"
            f"From: {Header(who, 'utf-8').encode()} <{address}>\r\nTo: Service <{to}>\r\n"
            f"Subject: {Header(subject, 'utf-8', 70, 'Subject').encode(linesep=chr(13) + chr(10))}\r\n"
            f"Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{name}>\r\n{headers}MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative; boundary="{mark}"\r\nX-Mailer: Thunderbird\r\n\r\n'
        )
        part = "--{}\r\nContent-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        raw = b"".join(
            (
                head.encode(), part.format(mark, "plain").encode(), _qp(text), b"\r\n",
                part.format(mark, "html").encode(), b"<html><body>\r\n", _qp(html), b"</body></html>\r\n",
                f"--{mark}--\r\n".encode(),
            )
        )  # fmt: skip
        return raw.replace(b"\r\n.", b"\r\n..")


def make(path: Path, count: int, seed: int, doors: list[str], sampled: str | None = None) -> list[Known]:
    """Write ``count`` mails for the load driver; gives what they are."""
    maker = Maker(seed, doors, sampled)
    made = [maker.next() for _ in range(count)]
    with path.open("wb") as out:
        pickle.dump([(known.recipient, raw) for known, raw in made], out, protocol=5)
    return [known for known, _ in made]
