"""Any bytes give a mail, in bounded time, and every text can be stored and sent on."""

from __future__ import annotations

import base64
import os
import quopri
import random
import time
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ports import PATIENCE

from portevoix.channels.mail.limits import DEFAULT, Limits, refusal
from portevoix.channels.mail.understand import extract, read, understand

CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.eml"))]


def examples(count: int):
    """Many examples, none judged by its time here: `check` does that."""
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


HANG_SECONDS = 2.0 * PATIENCE  # 2 s on the machine of the benchmarks


def texts(value):
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from texts(item)


def check(raw: bytes):
    started = time.process_time()
    mail = read(raw)
    assert time.process_time() - started < HANG_SECONDS
    for text in texts(mail):
        assert "\x00" not in text
        text.encode("utf-8")
    for text in (mail.subject, mail.from_.name, mail.from_.address, mail.message_id or "", *mail.references):
        assert not {"\n", "\r"} & set(text)
    if mail.text.strip():
        assert mail.new_text.strip()
    for attachment in mail.attachments[:3]:
        assert len(extract(raw, attachment.part)) == attachment.size
    refusal(raw)
    return mail


TOKENS = [
    b"\n", b"\r\n", b"\n\n", b"\x00", b"--", b"--B\n", b"--B--\n", b"=?utf-8?q?", b"?=", b"=?x?b?", b"<", b">", b'"', b";", b":", b"=",
    b"Content-Type: multipart/mixed; boundary=B\n\n", b"Content-Type: text/html\n\n", b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: x-uuencode\n", b"charset=utf-16", b"charset=utf-7",
    b'charset="iso-2022-jp"', b"\x78\x9f\x3e\x22", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"&#99999999999;", b"<!--", b"-->", b"<blockquote>",
    b"> ", b"Le 1/1/26, x <a@b> a \xc3\xa9crit :\n", b"-- \n", b"From: ", b"To: ", b"References: ", b"{\\rtf1\\fromhtml1", b"\xed\xa0\x80", b"+2AA-",
]  # fmt: skip


@st.composite
def mutated(draw):
    raw = bytearray(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(raw)))
        kind = draw(st.integers(0, 4))
        if kind == 0:
            raw[at:at] = draw(st.sampled_from(TOKENS))
        elif kind == 1:
            del raw[at : at + draw(st.integers(1, 40))]
        elif kind == 2:
            raw[at:at] = draw(st.binary(max_size=12))
        elif kind == 3:
            other = draw(st.sampled_from(CORPUS))
            start = draw(st.integers(0, len(other)))
            raw[at:at] = other[start : start + draw(st.integers(1, 400))]
        else:
            raw[at:at] = raw[at : at + draw(st.integers(1, 60))] * draw(st.integers(1, 30))
    return bytes(raw)


random_mails = st.one_of(
    st.binary(max_size=600),
    st.lists(st.sampled_from(TOKENS), max_size=80).map(b"".join),
    mutated(),
    mutated(),
)


@examples(2000)
@given(random_mails)
def test_any_bytes_are_understood(raw):
    check(raw)


@pytest.mark.slow
@pytest.mark.skipif(
    "PORTEVOIX_MANY_MAILS" not in os.environ, reason="ten minutes: set PORTEVOIX_MANY_MAILS=1"
)
@examples(100_000)
@given(random_mails)
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_mails_are_understood(raw):
    check(raw)


WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyzéàç", min_size=3, max_size=12), min_size=1, max_size=40)
CHARSETS = st.sampled_from(["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-7", "cp850", "iso-8859-15"])


@st.composite
def built(draw):
    """A mail built from words: (raw, the words that stand in its readable parts)."""
    said: list[str] = []

    def leaf(kind: str) -> bytes:
        words = draw(WORDS)
        said.extend(words)
        lines = []
        while words:
            count = draw(st.integers(1, 6))
            lines.append(" ".join(words[:count]))
            words = words[count:]
        charset, coding = draw(CHARSETS), draw(st.sampled_from(["8bit", "base64", "quoted-printable"]))
        if charset == "utf-16" and coding == "8bit":
            coding = "base64"
        if kind == "html":
            open_, close = draw(
                st.sampled_from(
                    [("<p>", "</p>"), ("<div><b>", "</b></div>"), ("<blockquote>", ""), ("<td>", "")]
                )
            )
            text = "<html><body>" + "".join(open_ + line.replace("é", "&eacute;") + close for line in lines)
        else:
            prefix = draw(st.sampled_from(["", "> ", "  ", "-- \n", "De : x\n"]))
            text = "\n".join(prefix + line for line in lines)
        data = text.encode(charset)
        data = {"8bit": lambda d: d, "base64": base64.encodebytes, "quoted-printable": quopri.encodestring}[
            coding
        ](data)
        return (
            f"Content-Type: text/{kind}; charset={charset}\nContent-Transfer-Encoding: {coding}\n\n".encode()
            + data
        )

    def part(depth: int) -> bytes:
        kind = draw(
            st.sampled_from(["plain", "html", "mixed", "alternative"] if depth < 3 else ["plain", "html"])
        )
        if kind in ("plain", "html"):
            return leaf(kind)
        mark = f"b{depth}{draw(st.integers(0, 999))}x"
        children = [part(depth + 1) for _ in range(draw(st.integers(1, 3)))]
        body = b"".join(f"--{mark}\n".encode() + child + b"\n" for child in children)
        return (
            f"Content-Type: multipart/{kind}; boundary={mark}\n\n".encode() + body + f"--{mark}--\n".encode()
        )

    return b"From: a@b.fr\nSubject: x\nMIME-Version: 1.0\n" + part(0), said


@examples(500)
@given(built())
def test_no_word_of_a_readable_part_is_lost(mail_and_words):
    raw, said = mail_and_words
    mail = read(raw)
    found = set(mail.text.replace(">", " ").split())
    assert set(said) <= found
    parts = set(f"{mail.new_text} {mail.quoted_text} {mail.signature}".replace(">", " ").split())
    assert set(said) <= parts


def test_a_defect_of_ours_still_gives_a_mail(monkeypatch):
    def broken(*_args):
        raise RecursionError

    monkeypatch.setattr("portevoix.channels.mail.understand.gather", broken)
    mail = understand(b"Subject: x\n\nBonjour\x00 \xe9")
    assert mail.problems == ("not-understood: RecursionError",)
    assert "Bonjour é" in mail.text


def many_parts(count: int) -> bytes:
    return (
        b"Content-Type: multipart/mixed; boundary=B\n\n"
        + b"--B\nContent-Type: text/plain\n\nx\n" * count
        + b"--B--\n"
    )


def nested(depth: int) -> bytes:
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(depth))
    return head + b"Content-Type: text/plain\n\nau fond\n"


BOMBS = {
    "parts": many_parts(10_000),
    "many-parts": many_parts(300_000),
    "nesting": nested(10_000),
    "header-flood": b"".join(b"X-%d: y\n" % i for i in range(500_000)) + b"\nx",
    "header-long": b"Subject: " + b"a" * 10_000_000 + b"\n\nx",
    "folded": b"Subject: x\n" + b" y\n" * 2_000_000 + b"\nx",
    "references": b"References: " + b"<a@b> " * 500_000 + b"\n\nx",
    "addresses": b"To: " + b"a@b.fr, " * 300_000 + b"\n\nx",
    "address-quotes": b"To: " + b'"' * 400_000 + b"\n\nx",
    "address-comments": b"To: " + b"(" * 400_000 + b"\n\nx",
    "params": b"Content-Type: text/plain" + b"; a" * 150_000 + b"\n\nx",
    "params-numbered": b"Content-Type: text/plain" + b"".join(b"; a*%d=b" % i for i in range(40_000)) + b"\n\nx",
    "words": b"Subject: " + b"=?utf-8?q?a?= " * 40_000 + b"\n\nx",
    "words-open": b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\n\nx",
    "auth": b"Authentication-Results: x; " + b"(" * 400_000 + b"\n\nx",
    "auth-many": b"Authentication-Results: x; spf=pass\n" * 12_000 + b"\nx",
    "long-line": b"Subject: x\n\n" + b"a" * 10_000_000,
    "long-words": b"Subject: x\n\n" + b"mot " * 2_500_000,
    "many-lines": b"Subject: x\n\n" + b"a:\n" * 3_000_000,
    "many-quotes": b"Subject: x\n\n" + b"> \n" * 3_000_000,
    "attributions": b"Subject: x\n\n" + b"Le 1 a ecrit :\n" * 600_000,
    "blocks": b"Subject: x\n\n" + b"De : x\n" * 1_000_000,
    "dashes": b"Subject: x\n\n" + b"-" * 10_000_000,
    "dash-lines": b"Subject: x\n\n" + b"-- \n" * 2_000_000,
    "spaces": b"Subject: x\n\n" + b" " * 10_000_000 + b"x",
    "html-open": b"Content-Type: text/html\n\n" + b"<" * 10_000_000,
    "html-tags": b"Content-Type: text/html\n\n" + b"<b>" * 3_000_000,
    "html-unclosed": b"Content-Type: text/html\n\n" + b"<a " * 3_000_000,
    "html-unclosed-end": b"Content-Type: text/html\n\n" + b"<a " * 3_000_000 + b">",
    "html-quotes": b"Content-Type: text/html\n\n" + b'<a b=">" ' * 1_000_000,
    "html-comments": b"Content-Type: text/html\n\n" + b"<!--" * 2_000_000,
    "html-comments-end": b"Content-Type: text/html\n\n" + b"-->" + b"<!--" * 2_000_000,
    "html-styles": b"Content-Type: text/html\n\n" + b"<style>" * 1_000_000,
    "html-styles-other": b"Content-Type: text/html\n\n" + b"<style>" * 1_000_000 + b"</script>",
    "html-styles-end": b"Content-Type: text/html\n\n" + b"</style>" + b"<style>" * 1_000_000,
    "html-entities": b"Content-Type: text/html\n\n" + b"&amp" * 2_000_000,
    "html-number": b"Content-Type: text/html\n\n<p>&#" + b"9" * 5_000_000 + b";",
    "html-quoted-deep": b"Content-Type: text/html\n\n" + b"<blockquote>x" * 140_000,
    "html-classes": b"Content-Type: text/html\n\n" + b"<div class=" + b"a" * 5_000_000 + b">x",
    "html-class-many": b"Content-Type: text/html\n\n<div " + b"class=" * 1_000_000 + b">x",
    "html-img": b"Content-Type: text/html\n\n<img " + b"alt=" * 1_000_000 + b">x",
    "boundary-like": b"Content-Type: multipart/mixed; boundary=B\n\n" + b"--Bx\n" * 2_000_000,
    "boundary-missing": b"Content-Type: multipart/mixed\n\n" + b"--" + b"a" * 10_000_000,
    "boundary-spaces": b"Content-Type: multipart/mixed; boundary=B\n\n" + (b"--B" + b" " * 200 + b"x\n") * 40_000,
    "base64": b"Content-Transfer-Encoding: base64\n\n" + b"QUJD" * 8_000_000,
    "base64-dirt": b"Content-Transfer-Encoding: base64\n\n" + b"Q=\n" * 2_000_000,
    "base64-dirty": b"Content-Transfer-Encoding: base64\n\n" + b"QUJD*\n" * 1_500_000,
    "qp": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * 5_000_000,
    "uu": b"Content-Transfer-Encoding: x-uuencode\n\n" + b"M\n" * 1_000_000,
    "utf7": b"Content-Type: text/plain; charset=utf-7\n\n" + b"+" * 5_000_000,
    "calendar": b"Content-Type: text/calendar\n\n" + b"BEGIN:VEVENT\n" * 500_000,
    "calendar-quotes": b'Content-Type: text/calendar\n\nBEGIN:VEVENT\nX"' + b":" * 500_000,
    "dsn": b"Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\n" + b"Final-Recipient: x;y\n\n" * 500_000,
    "tnef-count": b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\x00\x00\x01\x03\x90\x00\x00\x08\x00\x00\x00\xff\xff\xff\xff\x03\x00\x01\x00",
    "tnef-empty": b"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: 8bit\n\n\x78\x9f\x3e\x22\x00\x00" + b"\x00" * 5_000_000,
    "flowed": b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 2_000_000,
    "bounce": b"From: mailer-daemon@x.fr\nSubject: failure notice\n\n" + b"a@b" * 3_000_000,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bomb_takes_bounded_time(name):
    check(BOMBS[name])


def work(raw: bytes) -> float:
    times = []
    for _ in range(3):
        started = time.process_time()
        read(raw)
        times.append(time.process_time() - started)
    return min(times)


SHAPES = [
    "<a ",
    "<b>x",
    "<!--",
    "<style>",
    "> x\n",
    "Le 1 a ecrit :\n",
    "De : x\n",
    "a:\n",
    "-",
    "=",
    "&amp",
    '"',
    "--B\n",
    "mot ",
    "-- \n",
    "\t",
]


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "multipart/mixed; boundary=B", "text/calendar"])
@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_linearly(kind, shape):
    """Four times the mail may cost ten times the work, never sixteen as something quadratic would."""
    head = f"Content-Type: {kind}\n\n".encode()
    small, large = head + shape.encode() * 20_000, head + shape.encode() * 80_000
    assert work(large) < 10 * work(small) + 0.05


def test_words_survive_the_limits():
    few = Limits(size=10**6, parts=5, nesting=3)
    mail = read(many_parts(20), few)
    assert "too-many-parts" in mail.problems
    assert sum(a.size for a in mail.attachments) > 15 * len("x\n")
    assert b"au fond" in extract(nested(6), read(nested(6), few).attachments[0].part, limits=few)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"x" * (DEFAULT.size + 1), "552 5.3.4"),
        (many_parts(10_000), "554 5.6.0"),
        (nested(100), "554 5.6.0"),
        (b"X: " + b"y" * 1_000_000 + b"\n\nx", "552 5.3.4"),
    ],
)
def test_refusal_is_clear(raw, code):
    answer = refusal(raw)
    assert answer is not None
    assert answer.startswith(code)
    assert answer.isascii()
    assert answer.isprintable()
    assert len(answer) < 500


@pytest.mark.parametrize("raw", [*CORPUS, b"Subject: t\n\n" + b"--\n" * 5000, many_parts(900), nested(15)])
def test_ordinary_mail_is_not_refused(raw):
    assert refusal(raw) is None


def test_random_bytes_large():
    data = random.Random(7).randbytes(3_000_000)
    check(b"Subject: x\n\n" + data)
    check(data)


HEADERS = [
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "Importance",
    "X-Priority",
    "Content-Language",
    "X-Auto-Response-Suppress",
    "Authentication-Results",
    "Return-Path",
    "X-Failed-Recipients",
]


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00",
        b"a\x00b@c.fr <\x00>",
        b"\xed\xa0\x80x",
        b"=?utf-8?q?=00=ED=A0=80?=",
        b"x; spf=pa\x00ss y=\x00",
    ],
)
def test_no_header_lets_unfit_text_through(junk):
    check(b"".join(name.encode() + b": " + junk + b"\n" for name in HEADERS) + b"\nx")
    for name in (b"Content-ID", b"Content-Type", b"Content-Disposition", b"Content-Description"):
        part = (
            b"--B\nContent-Type: image/png\n"
            + name
            + b": a; name="
            + junk
            + b"; filename="
            + junk
            + b"\n\nx\n--B--\n"
        )
        check(b"Content-Type: multipart/mixed; boundary=B\n\n" + part)
        check(b"Content-Type: multipart/report; report-type=" + junk + b"; boundary=B\n\n" + part)


def test_a_flood_of_addresses_is_cut():
    assert len(read(BOMBS["addresses"]).to) == 500
