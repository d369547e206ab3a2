"""Read many random and mutated mails fast, and check what every mail must keep to.

    python tools/fuzz/many_mails.py [COUNT] [SEED]

Prints one line of JSON; a mail that breaks a promise is written to `broken-SEED-NUMBER.eml`.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from portevoix.channels.mail.limits import refusal
from portevoix.channels.mail.understand import extract, read

CORPUS = Path(__file__).parents[2] / "tests/channels/mail/corpus"
HANG_SECONDS = 2.0
PIECES = [
    *(b"\n", b"\r\n", b"\n\n", b"\x00", b"--", b"--B\n", b"--B--\n", b"=?utf-8?q?", b"?=", b"<", b">", b'"', b";", b":"),
    *(b"Content-Type: multipart/mixed; boundary=B\n\n", b"Content-Type: text/html\n\n", b"charset=utf-16", b"charset=utf-7"),
    *(b"Content-Transfer-Encoding: base64\n", b"\x78\x9f\x3e\x22", b"\xff\xfe", b"\xc3", b"&#99999999999;", b"<!--", b"> "),
    *(b"Le 1/1/26, x <a@b> a \xc3\xa9crit :\n", b"-- \n", b"\xed\xa0\x80", b"+2AA-", b"{\\rtf1\\fromhtml1", b"<blockquote>"),
]  # fmt: skip


def mutate(raw: bytes, seeds: list[bytes], chance: random.Random) -> bytes:
    """One to ten small injuries."""
    mail = bytearray(raw)
    for _ in range(chance.randint(1, 10)):
        at = chance.randint(0, len(mail))
        kind = chance.randrange(6)
        if kind == 0:
            mail[at:at] = chance.choice(PIECES)
        elif kind == 1:
            del mail[at : at + chance.randint(1, 60)]
        elif kind == 2:
            mail[at:at] = chance.randbytes(chance.randint(1, 12))
        elif kind == 3:
            other = chance.choice(seeds)
            start = chance.randint(0, len(other))
            mail[at:at] = other[start : start + chance.randint(1, 600)]
        elif kind == 4:
            mail[at:at] = mail[at : at + chance.randint(1, 80)] * chance.randint(1, 50)
        elif mail:
            mail[min(at, len(mail) - 1)] ^= 1 << chance.randrange(8)
    return bytes(mail)


def broken_promise(raw: bytes) -> str | None:
    """What this mail breaks, if anything."""
    started = time.process_time()
    try:
        mail = read(raw)
        if time.process_time() - started > HANG_SECONDS:
            return "slow"
        told = repr(mail)
        if "\\x00" in told.replace("\\\\", "") or any(f"\\ud{digit}" in told for digit in "89abcdef"):
            return "unfit text"
        if mail.text.strip() and not mail.new_text.strip():
            return "empty message"
        if any(len(extract(raw, a.part)) != a.size for a in mail.attachments[:3]):
            return "attachment changed"
        refusal(raw)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        return repr(error)
    return None


def main(count: int, seed: int) -> int:
    chance = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
    broken: dict[str, int] = {}
    for number in range(count):
        raw = (
            chance.randbytes(chance.randint(0, 2000))
            if number % 10 == 0
            else mutate(chance.choice(seeds), seeds, chance)
        )
        problem = broken_promise(raw)
        if problem:
            broken[problem] = broken.get(problem, 0) + 1
            Path(f"broken-{seed}-{number}.eml").write_bytes(raw)
    print(json.dumps({"mails": count, "seed": seed, "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    raise SystemExit(main(*(numbers + [100_000, 1][len(numbers) :])))
