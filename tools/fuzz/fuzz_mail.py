"""Coverage-guided fuzzing of the mail reader (needs `pip install atheris`, which is no dependency of ours).

    python tools/fuzz/fuzz_mail.py CORPUS_DIR -max_total_time=300 -timeout=5

A crash, a hang or a broken promise leaves a `crash-*` file; put it into tests/channels/mail/corpus/ with what
must be understood of it.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["portevoix"]):
    from portevoix.channels.mail.limits import refusal
    from portevoix.channels.mail.safehtml import safe_html
    from portevoix.channels.mail.understand import extract, read


def one_mail(data: bytes) -> None:
    """Read one mail and check what every mail must keep to."""
    mail = read(data)
    for text in (mail.text, mail.new_text, mail.quoted_text, mail.signature, mail.subject, mail.html or ""):
        if "\x00" in text:
            raise AssertionError("NUL in a text")
        text.encode("utf-8")
    if mail.text.strip() and not mail.new_text.strip():
        raise AssertionError("an empty message where something was written")
    for attachment in mail.attachments[:3]:
        if len(extract(data, attachment.part)) != attachment.size:
            raise AssertionError("an attachment changed")
    if mail.html:
        safe_html(mail.html)
    refusal(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_mail)
    atheris.Fuzz()
