"""Our reading of well-formed mail agrees with Python's `email`, which is slow but known.

The mails are written by `email` itself, so that neither side grades its own work alone.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portevoix.channels.mail.structure import outline
from portevoix.channels.mail.understand import extract, read

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.eml"))
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Co", "Cn", "Cf")),
    min_size=1,
    max_size=30,
)
NAMES = (
    st.text("abcdefghijklmnopqrstuvwxyzéèà ,.'-@<>\"", min_size=1, max_size=20).map(str.strip).filter(bool)
)


@st.composite
def mails(draw):
    mail = EmailMessage(policy=draw(st.sampled_from([email.policy.SMTP, email.policy.default])))
    mail["Subject"] = draw(TEXT)
    mail["From"] = Address(draw(NAMES), "marie", "exemple.fr")
    mail["To"] = [Address(draw(NAMES), f"a{i}", "centre.example") for i in range(draw(st.integers(1, 4)))]
    mail["References"] = " ".join(f"<r{i}@centre.example>" for i in range(draw(st.integers(1, 12))))
    text = " ".join(draw(st.lists(TEXT, min_size=1, max_size=10)))
    charset, coding = draw(
        st.sampled_from([("utf-8", "quoted-printable"), ("utf-8", "base64"), ("utf-8", "8bit")])
    )
    mail.set_content(text, charset=charset, cte=coding)
    if draw(st.booleans()):
        mail.add_alternative(f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>", subtype="html")
    for number in range(draw(st.integers(0, 3))):
        mail.add_attachment(
            draw(st.binary(max_size=200)),
            maintype="application",
            subtype="x-test",
            filename=f"{number}-{draw(NAMES).replace('/', '')}",
        )
    return mail


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mails())
def test_what_email_writes_we_read(written):
    raw = written.as_bytes()
    mail = read(raw)
    assert mail.subject.split() == str(written["Subject"]).split()
    assert (mail.from_.address, len(mail.to)) == ("marie@exemple.fr", len(written["To"].addresses))
    assert [a.address for a in mail.to] == [a.addr_spec for a in written["To"].addresses]
    assert list(mail.references) == written["References"].split()
    body = written.get_body(("plain",))
    assert body is not None
    assert mail.text.split() == body.get_content().split()
    files = [part.get_content() for part in written.iter_attachments()]
    assert [a.sha256 for a in mail.attachments] == [hashlib.sha256(content).hexdigest() for content in files]
    assert [extract(raw, a.part) for a in mail.attachments] == files
    assert set(mail.problems) <= {"date-missing", "tnef-broken"}


@pytest.mark.parametrize(
    "path", [p for p in CORPUS if "boundary" not in p.stem and "header-" not in p.stem], ids=lambda p: p.stem
)
def test_the_parts_are_those_that_email_sees(path):
    raw = path.read_bytes()
    ours = [part.type for part in outline(raw).root.walk()]
    theirs = []
    waiting = [email.message_from_bytes(raw)]
    while waiting:
        part = waiting.pop()
        theirs.append(part.get_content_type())
        if part.get_content_maintype() == "multipart":
            waiting.extend(reversed(part.get_payload()))
    assert ours == theirs
