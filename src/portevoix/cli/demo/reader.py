"""`portevoix demo mailbox`: the mails that the demonstration sent, as their receivers would see them."""

from __future__ import annotations

import argparse
import email
import email.policy
import json
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

from portevoix.cli.up import data_directory
from portevoix.runners.mailbox import FOLDER


def mails(folder: Path) -> list[EmailMessage]:
    """Return the mails of the Maildir, oldest first."""
    files = sorted(
        (file for part in ("new", "cur") for file in (folder / part).glob("*")),
        key=lambda file: file.stat().st_mtime_ns,
    )
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def text_of(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = mail.get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""


def main(argv: Sequence[str]) -> int:
    """Print every mail, or those to one address; `--json` gives one line a mail."""
    parser = argparse.ArgumentParser(
        prog="portevoix demo mailbox", description="Read what the demonstration sent."
    )
    parser.add_argument("--data", type=Path, help="data directory of the demonstration")
    parser.add_argument("--to", default="", help="only mails to an address that contains this")
    parser.add_argument("--json", action="store_true", help="one JSON line a mail")
    arguments = parser.parse_args(argv)
    found = [
        mail
        for mail in mails(data_directory(arguments.data) / FOLDER)
        if any(arguments.to in str(to) for to in mail.get_all("Delivered-To", []))
    ]
    for mail in found:
        headers = {
            name: str(mail.get(name, ""))
            for name in ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References")
        }
        if arguments.json:
            print(json.dumps({**headers, "text": text_of(mail)}, ensure_ascii=False))
        else:
            print(
                *(f"{name}: {value}" for name, value in headers.items() if value),
                "",
                text_of(mail),
                "-" * 72,
                sep="\n",
            )
    if not found and not arguments.json:
        print("No mail has been sent yet.")
    return 0
