"""A centre with years behind it, by COPY: persons, conversations, contacts, messages, events, vocabulary.

Messages are put together from a pool of sentences whose search words are known, so that a message costs a few
microseconds; the words follow Zipf's law all the same. Indexes are built afterwards.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from bench.text import Writer

from portevoix.store import words

if TYPE_CHECKING:
    from collections.abc import Iterator

POOL, CHUNK, YEARS = 40_000, 5_000, 3
OPEN_EVERY = 400  # one contact of so many is still open; they wait on the last line
_COPIES = {
    "person": "id, name, created_at",
    "address": "kind, value, person_id, origin_id",
    "conversation": "id, line_id, person_id, subject, opened_at, last_at, last_adviser_id",
    "contact": "id, conversation_id, line_id, channel, state, received_at, waiting_since, due_at, closed_at, outcome",
    "message": "id, conversation_id, contact_id, kind, door_id, at, author_id, sender_name, sender, recipients, subject, "
    "body, source_id, external_id, status, search",
    "event": "xid, at, kind, contact_id, conversation_id, line_id, actor_id, data",
}


class _Pool:
    """Sentences with their search words."""

    def __init__(self, seed: int) -> None:
        self.writer = Writer(seed)
        chance = self.writer.chance
        self.sentences: list[tuple[str, frozenset[str]]] = []
        for _ in range(POOL):
            text = " ".join(self.writer.some(6 + int(chance.random() * 12))).capitalize() + "."
            self.sentences.append((text, frozenset(words.stem(w) for w in words.fold(text)) - words._STOP))  # noqa: SLF001
        self.subjects = [" ".join(self.writer.some(4)).capitalize() for _ in range(5_000)]


class _Maker:
    """Rows of a range of contacts, as lines of COPY's text format."""

    def __init__(self, seed: int, lines: int, advisers: int, contacts: int) -> None:
        self.pool = _Pool(1)
        self.chance = self.pool.writer.chance
        self.chance.seed(seed)
        self.lines, self.advisers, self.contacts = lines, advisers, contacts
        self.end = datetime.now(UTC) - timedelta(days=1)

    def at(self, contact: int) -> datetime:
        """Evenly over the years, the last one yesterday."""
        return self.end - timedelta(days=365 * YEARS) * (1 - contact / self.contacts)

    def rows(self, contact: int) -> Iterator[tuple[str, str]]:
        """(table, line) of one contact; ids follow from its number."""
        chance = self.chance
        open_ = contact % OPEN_EVERY == 0
        line = self.lines if open_ else 1 + int(chance.random() ** 2 * (self.lines - 1)) + (contact % 7 == 0)
        line = min(line, self.lines)
        at = self.at(contact)
        adviser = 1 + contact % self.advisers
        person = 1 + int(chance.random() * contact) // 2 if contact > 100 and contact % 3 == 0 else contact
        name, address = self.pool.writer.person(person * 7919 % 1_000_003)
        if person == contact:
            yield "person", f"{person}\t{name}\t{at}"
            yield "address", f"mail\t{address}\t{person}\t{person}"
        else:
            person = person if person % 3 or person <= 100 else person + 1
            name, address = self.pool.writer.person(person * 7919 % 1_000_003)
        subject = self.pool.subjects[int(chance.random() * 5_000)]
        last = at + timedelta(hours=30)
        yield "conversation", f"{contact}\t{line}\t{person}\t{subject}\t{at}\t{last}\t{adviser}"
        closed = r"\N" if open_ else str(last)
        state, outcome = ("waiting", "") if open_ else ("closed", "answered")
        yield (
            "contact",
            f"{contact}\t{contact}\t{line}\tmail\t{state}\t{at}\t{at}\t{at + timedelta(days=2)}\t{closed}\t{outcome}",
        )
        first = (contact - 1) // 4 * 12 + (0, 2, 5, 9)[(contact - 1) % 4] + 1
        count = (2, 3, 4, 3)[(contact - 1) % 4]
        for number in range(count):
            yield (
                "message",
                self._message(first + number, contact, line, number, at, adviser, (name, address, subject)),
            )
        data = f'{{"channel": "mail", "message_id": {first}, "preferred_id": null}}'
        yield "event", f"3\t{at}\tcontact-received\t{contact}\t{contact}\t{line}\t\\N\t{data}"
        if not open_:
            yield (
                "event",
                f'3\t{last}\tcontact-closed\t{contact}\t{contact}\t{line}\t{adviser}\t{{"account_id": {adviser}, "subject_id": null, "outcome": "answered"}}',
            )

    def _message(
        self,
        number: int,
        contact: int,
        line: int,
        nth: int,
        at: datetime,
        adviser: int,
        about: tuple[str, str, str],
    ) -> str:
        name, address, subject = about
        chance, sentences = self.chance, self.pool.sentences
        said = [sentences[int(chance.random() * POOL)] for _ in range(3 + int(chance.random() * 6))]
        reference = f"{chance.getrandbits(36):x}"
        body = "Bonjour,\\n\\n" + " ".join(text for text, _ in said) + f"\\n\\nDossier {reference}\\n{name}"
        found: set[str] = {reference}.union(*(stems for _, stems in said))
        heavy = [w for w in _heavy(subject, name, address) if w]
        found.difference_update(heavy)
        search = " ".join([*(f"{w}:1A" for w in heavy), *found])
        out = nth % 2 == 1
        when = at + timedelta(hours=10 * nth)
        kind, door, author = ("out", r"\N", adviser) if out else ("in", line, r"\N")
        source = r"\N" if out else f"seed{number}"
        return (
            f"{number}\t{contact}\t{contact}\t{kind}\t{door}\t{when}\t{author}\t{'' if out else name}\t"
            f"{'' if out else address}\t[]\t{subject}\t{body}\t{source}\tseed{number}@seed.example\t{'sent' if out else ''}\t{search}"
        )


def _heavy(subject: str, name: str, address: str) -> frozenset[str]:
    folded = words.fold(f"{subject} {name} {address}")
    return frozenset(words.stem(w) for w in folded) - words._STOP  # noqa: SLF001


def _work(url: str, seed: int, first: int, last: int, about: tuple[int, int, int], told: Any) -> None:
    maker = _Maker(seed, *about)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set session_replication_role = replica")  # the foreign keys hold by construction
        conn.execute("set synchronous_commit = off")
        for start in range(first, last, CHUNK):
            gathered: dict[str, list[str]] = {table: [] for table in _COPIES}
            for contact in range(start, min(start + CHUNK, last)):
                for table, row in maker.rows(contact):
                    gathered[table].append(row)
            with conn.transaction():
                for table, lines in gathered.items():
                    if not lines:
                        continue
                    with conn.cursor().copy(f"copy {table} ({_COPIES[table]}) from stdin") as copy:
                        copy.write("\n".join(lines) + "\n")
            told.put(min(start + CHUNK, last) - start)


def _indexes(conn: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    rows = conn.execute(
        "select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index i "
        "where i.indrelid::regclass::text = any(%s) and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid)",
        [list(_COPIES)],
    ).fetchall()
    return [(name, definition) for name, definition in rows]


def seed(superuser_url: str, contacts: int, lines: int, advisers: int) -> dict[str, int]:
    """Fill the tables; the configuration (lines with a door of the same number, advisers 1..n) is there already."""
    begun = time.monotonic()
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        conn.execute("set maintenance_work_mem = '1GB'")
        indexes = _indexes(conn)
        for name, _ in indexes:
            conn.execute(f"drop index {name}")
        conn.execute("alter table address drop constraint address_kind_value_key")
        _generate(superuser_url, contacts, (lines, advisers, contacts))
        print(
            f"seed: rows written after {time.monotonic() - begun:.0f} s; now the indexes",
            file=sys.stderr,
            flush=True,
        )
        conn.execute(
            "delete from address a using (select min(id) as id, value from address group by value having count(*) > 1) k "
            "where a.value = k.value and a.id <> k.id"
        )
        conn.execute("alter table address add constraint address_kind_value_key unique (kind, value)")
        for name, definition in indexes:
            at = time.monotonic()
            conn.execute(definition)
            print(f"seed: {name} {time.monotonic() - at:.0f} s", file=sys.stderr, flush=True)
        _vocabulary(conn)
        for table in ("person", "conversation", "contact", "message"):
            conn.execute(f"select setval('{table}_id_seq', (select max(id) from {table}))")
        conn.execute("vacuum (analyze)")
        conn.execute("checkpoint")
        row = conn.execute("select (select count(*) from contact), (select count(*) from message)").fetchone()
    assert row is not None
    print(f"seed: done after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return {"contacts": row[0], "messages": row[1]}


def _generate(url: str, contacts: int, about: tuple[int, int, int]) -> None:
    told: Any = multiprocessing.Queue()
    middle = contacts // 2 + 1
    parts = [(1, 1, middle), (2, middle, contacts + 1)]
    children = [multiprocessing.Process(target=_work, args=(url, *part, about, told)) for part in parts]
    for child in children:
        child.start()
    done, shown = 0, time.monotonic()
    while any(child.is_alive() for child in children) or not told.empty():
        with contextlib.suppress(Exception):
            done += told.get(timeout=1)
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            print(f"seed: {done:,} of {contacts:,} contacts", file=sys.stderr, flush=True)
    if any(child.exitcode for child in children):
        raise SystemExit("seed: a worker failed")


def _vocabulary(conn: psycopg.Connection[Any]) -> None:
    """As the timers runner fills it from new messages."""
    met: Counter[str] = Counter()
    for text, _ in _Pool(1).sentences:
        met.update(word for word in words.fold(text) if 3 <= len(word) <= 40 and word.isalpha())
    with conn.cursor().copy("copy vocabulary (word, seen) from stdin") as copy:
        for word, seen in met.items():
            copy.write_row((word, seen))
