"""What leaves is a correct mail, whatever people type into it."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portevoix.channels.mail.compose import (
    BadAddress,
    Enclosure,
    Letter,
    Recipient,
    ascii_address,
    compose,
    reply_subject,
)
from portevoix.channels.mail.texthtml import as_html, links

LONG_ID = (
    "pv.123456789012345678.123456789012345678."
    + "a" * 26
    + "@une-organisation-au-nom-tres-long.centre.example"
)
KNOWN = {
    "from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "mime-version",
    "content-type", "content-language", "content-transfer-encoding", "auto-submitted", "x-auto-response-suppress",
    "x-portevoix-loop",
}  # fmt: skip


def letter(**values):
    return Letter(
        **{
            "message_id": "pv.1.2.x@centre.example",
            "sender": "inscription@centre.example",
            "sender_name": "Le centre",
            "recipients": [Recipient("jean@client.example", "Jean Dupont")],
            "subject": "Re: Demande",
            "text": "Bonjour",
            "date": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
            **values,
        }
    )


def read(envelope):
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


def texts(mail):
    return mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Demande", "Re: Demande"),
        ("RE: re : Ré: [x]", "Re: [x]"),
        ("Re[2]: AW: Tr : Dossier", "Re: Dossier"),
        ("Réforme : dates", "Re: Réforme : dates"),
        ("", "Re:"),
        ("a\r\nBcc: x@y", "Re: a Bcc: x@y"),
    ],
)
def test_one_re_however_long_the_thread(subject, expected):
    assert reply_subject(subject) == expected


def test_french_typography_survives_in_both_texts_and_the_headers():
    said = "Bonjour\u00a0!\n\n«\u00a0C’est fait\u00a0» – à 9\u202fh… 😀\n.\n..deux points\nFrom ici"
    mail = read(
        compose(
            letter(text=said, subject="Re: «\u00a0Été\u00a0» – inscription n°\u00a012", sender_name="L’École")
        )
    )
    text, html = texts(mail)
    assert text.replace("\r\n", "\n") == said + "\n"
    assert "«\u00a0C’est fait\u00a0»" in html
    assert mail["Subject"] == "Re: «\u00a0Été\u00a0» – inscription n°\u00a012"
    assert mail["From"].addresses[0].display_name == "L’École"


def test_a_thread_of_identifiers_longer_than_a_line_is_not_encoded():
    raw = compose(
        letter(message_id=LONG_ID, in_reply_to=LONG_ID, references=["a@b", LONG_ID + "x"] * 3)
    ).content
    assert b"=?" not in raw.split(b"\r\n\r\n")[0]
    mail = read(
        compose(letter(message_id=LONG_ID, in_reply_to=LONG_ID, references=["a@b", LONG_ID + "x"] * 3))
    )
    assert mail["In-Reply-To"] == f"<{LONG_ID}>"
    assert mail["References"].split() == ["<a@b>", f"<{LONG_ID}x>", f"<{LONG_ID}>"]
    assert mail["Message-ID"] == f"<{LONG_ID}>"


def test_a_very_long_thread_keeps_its_first_and_latest():
    names = [f"n{n}@client.example" for n in range(200)]
    kept = read(compose(letter(references=names, in_reply_to=names[-1])))["References"].split()
    assert len(kept) == 30
    assert (kept[0], kept[-1]) == ("<n0@client.example>", "<n199@client.example>")


def test_files_go_along_unchanged_and_never_as_a_nested_mail():
    files = [
        Enclosure("Relevé «\u00a0été\u00a0».pdf", "application/pdf", b"%PDF\r\n.\r\n\x00\xff"),
        Enclosure("../a\r\nb.eml", "message/rfc822", b"Subject: x\r\n\r\ny"),
        Enclosure("x.html", "text/html", b"<b>\xe9"),
        Enclosure("", "multipart/mixed; boundary=x", b"z"),
    ]
    parts = list(read(compose(letter(files=files))).iter_attachments())
    assert [part.get_payload(decode=True) for part in parts] == [file.content for file in files]
    assert [part.get_filename() for part in parts] == [
        "Relevé «\u00a0été\u00a0».pdf",
        "ab.eml",
        "x.html",
        "document",
    ]
    assert [part.get_content_type() for part in parts] == [
        "application/pdf", "application/octet-stream", "text/html", "application/octet-stream",
    ]  # fmt: skip


def test_an_automatic_mail_says_so_and_has_no_return_path():
    envelope = compose(letter(automatic="auto-replied"))
    mail = read(envelope)
    assert envelope.sender == ""
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Portevoix-Loop"] == "1"
    by_hand = read(compose(letter()))
    assert by_hand["Auto-Submitted"] is None
    assert by_hand["X-Portevoix-Loop"] is None


def test_blind_copies_stand_in_the_envelope_only():
    envelope = compose(
        letter(
            recipients=[
                Recipient("a@x.example"),
                Recipient("b@x.example", "", "cc"),
                Recipient("c@x.example", "", "bcc"),
            ]
        )
    )
    assert envelope.recipients == ("a@x.example", "b@x.example", "c@x.example")
    assert b"c@x.example" not in envelope.content


def test_domains_travel_in_ascii_and_wide_local_parts_as_they_are():
    assert ascii_address(" jean@ÉCOLE.example ") == "jean@xn--cole-9oa.example"
    envelope = compose(letter(recipients=[Recipient("rené@école.example", "René")]))
    assert envelope.recipients == ("rené@xn--cole-9oa.example",)
    assert "rené@xn--cole-9oa.example".encode() in envelope.content


@pytest.mark.parametrize(
    "address",
    ["", "jean", "@x.example", "jean@", "a b@x.example", "a@b@c", "a@x.example\r\nBcc: z@y.example", "a\n@x.example",
     "<a@x.example>", "a@x.example>,<b@y.example", "a,b@x.example", '"a b"@x.example', "a@x..example", ".a@x.example",
     "a@x.example\x00", "a@-x-.exa mple", "a\u2028b@x.example", "a\u200bb@x.example", "a@" + "x" * 300, "a;b@x.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(BadAddress):
        ascii_address(address)


any_text = st.text(st.characters(), max_size=80) | st.sampled_from(
    [
        "a\r\nBcc: v@victim.example",
        "x\n\nbody",
        "\x00",
        "\ud800",
        "\u2028X: y",
        "\x85X: y",
        "=?utf-8?q?a?=\r\n X: y",
        "a\vX: y",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    name=any_text,
    subject=any_text,
    text=any_text,
    sender_name=any_text,
    parent=any_text,
    reference=any_text,
    file=any_text,
    type_=any_text,
)
def test_nothing_typed_adds_a_header_or_a_recipient(
    name, subject, text, sender_name, parent, reference, file, type_
):
    envelope = compose(
        letter(
            recipients=[Recipient("jean@client.example", name)],
            subject=subject,
            text=text,
            sender_name=sender_name,
            in_reply_to=parent,
            references=[reference],
            files=[Enclosure(file, type_, b"x")],
        )
    )
    head, _, _ = envelope.content.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines)
    names = {
        line.partition(b":")[0].decode("ascii").lower() for line in lines if line[:1] not in (b" ", b"\t")
    }
    assert names <= KNOWN
    assert all(len(line) <= 998 for line in envelope.content.split(b"\r\n"))
    assert envelope.content.isascii()
    mail = read(envelope)
    assert [one.addr_spec for one in mail["To"].addresses] == ["jean@client.example"]
    assert [one.addr_spec for one in mail["From"].addresses] == ["inscription@centre.example"]
    assert mail["Bcc"] is None
    assert len(list(mail.iter_attachments())) == 1


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_markup_of_the_text_becomes_markup(text):
    shown = as_html(text)
    body = shown[shown.index("<body") :]
    tags = {tag.split()[0].strip("</>") for tag in __import__("re").findall(r"<[^>]*>", body)}
    assert tags <= {"body", "p", "br", "a", "blockquote", "html"}


def test_links_leave_the_sentence_alone():
    assert links("Voir https://x.example/a_(b)?c=1&d=2, merci.") == (
        'Voir <a href="https://x.example/a_(b)?c=1&amp;d=2">https://x.example/a_(b)?c=1&amp;d=2</a>, merci.'
    )
    assert (
        links("«\u00a0https://x.example\u00a0»")
        == '«\u00a0<a href="https://x.example">https://x.example</a>\u00a0»'
    )
    assert links("écrire à a@b.example.") == 'écrire à <a href="mailto:a@b.example">a@b.example</a>.'
    assert links('javascript:alert(1) "><script>') == "javascript:alert(1) &quot;&gt;&lt;script&gt;"
