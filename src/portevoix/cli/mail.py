"""`portevoix mail show PATH... [--json]`: mails as the centre understands them."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portevoix.channels.mail.limits import DEFAULT, refusal
from portevoix.channels.mail.model import Address, Mail
from portevoix.channels.mail.understand import understand

HELP = "show mails as the centre understands them"

# Escape sequences in a foreign mail must not steer the terminal of the one who looks at it.
_TERMINAL_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MBOX_FROM = re.compile(rb"(?:\A|\n\r?\n)(?=From [^\r\n]{3,200}\r?\n)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `portevoix mail ...`; 0 when every file could be read, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="portevoix mail", description="Mails as the centre understands them."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="show mail files, folders of them, or .mbox files")
    show.add_argument("paths", nargs="+", metavar="PATH")
    show.add_argument("--json", action="store_true", help="one JSON line a mail")
    show.add_argument(
        "--trusted",
        action="append",
        default=[],
        metavar="NAME",
        help="a server whose Authentication-Results count",
    )
    options = parser.parse_args(argv)
    try:
        return _show(options.paths, as_json=options.json, trusted=frozenset(options.trusted))
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _show(paths: Sequence[str], *, as_json: bool, trusted: frozenset[str]) -> int:
    failed = False
    out = sys.stdout.buffer
    for name, raw, error in _mails(paths):
        if raw is None:
            failed = True
            line = (
                json.dumps({"file": name, "error": error}, ensure_ascii=False)
                if as_json
                else f"{name}: {error}\n"
            )
        else:
            mail = understand(raw, trusted=trusted)
            line = (
                json.dumps(record(name, raw, mail), ensure_ascii=False) if as_json else _readable(name, mail)
            )
        out.write(line.encode("utf-8", "replace") + b"\n")
        out.flush()
    return 1 if failed else 0


def record(name: str, raw: bytes, mail: Mail) -> dict[str, Any]:
    """One mail as plain data, with the keys that DESIGN.md names first."""
    return {
        "file": name,
        "from": asdict(mail.from_),
        "to": [asdict(a) for a in mail.to],
        "cc": [asdict(a) for a in mail.cc],
        "subject": mail.subject,
        "text": mail.text,
        "new_text": mail.new_text,
        "html": mail.html,
        "attachments": [
            {
                "name": a.name,
                "type": a.type,
                "size": a.size,
                "sha256": a.sha256,
                "part": a.part,
                "inline": a.inline,
            }
            for a in mail.attachments
        ],
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "automatic": mail.automatic,
        "bounce": asdict(mail.bounce) if mail.bounce else None,
        "language": mail.language,
        "date": mail.date.isoformat() if mail.date else None,
        "reply_to": [asdict(a) for a in mail.reply_to],
        "no_answer": mail.no_answer,
        "meetings": [asdict(m) for m in mail.meetings],
        "signed": mail.signed,
        "encrypted": mail.encrypted,
        "authentication": [{**asdict(r), "properties": dict(r.properties)} for r in mail.authentication],
        "priority": mail.priority,
        "problems": list(mail.problems),
        "refusal": refusal(raw),
    }


def _mails(paths: Sequence[str]) -> Iterator[tuple[str, bytes | None, str]]:
    for path in paths:
        for file in _files(Path(path)):
            name = os.fsencode(file).decode("utf-8", "replace")
            try:
                if not file.is_file():
                    reason = "not a regular file" if file.exists() or file.is_symlink() else "no such file"
                    yield name, None, reason
                    continue
                with file.open("rb") as stream:
                    raw = stream.read(
                        DEFAULT.size * 4 if file.suffix.lower() == ".mbox" else DEFAULT.size + 1
                    )
            except (OSError, ValueError) as error:
                yield name, None, getattr(error, "strerror", None) or str(error)
                continue
            if file.suffix.lower() == ".mbox":
                for number, mail in enumerate(_mbox(raw), 1):
                    yield f"{name}#{number}", mail, ""
            else:
                yield name, raw, ""


def _files(path: Path) -> Iterator[Path]:
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        yield path
        return
    for folder, below, names in os.walk(path):
        below.sort()
        for name in sorted(names):
            yield Path(folder, name)


def _mbox(raw: bytes) -> Iterator[bytes]:
    """The mails of an mbox file: each begins with a "From " line behind a blank one."""
    starts = [match.end() for match in _MBOX_FROM.finditer(raw)] or [0]
    for start, end in zip(starts, [*starts[1:], len(raw)], strict=True):
        yield raw[start:end]


def _readable(name: str, mail: Mail) -> str:
    lines = [f"=== {name}"]
    told = (
        ("From", _shown((mail.from_,))),
        ("Reply-To", _shown(mail.reply_to)),
        ("To", _shown(mail.to)),
        ("Cc", _shown(mail.cc)),
        ("Date", mail.date.isoformat(" ") if mail.date else ""),
        ("Subject", mail.subject),
        ("Message-ID", mail.message_id or ""),
        ("In reply to", mail.in_reply_to or ""),
        ("Language", mail.language or ""),
        ("Automatic", mail.automatic or ""),
        ("Bounce", _bounce(mail)),
        ("Signed", mail.signed or ""),
        ("Encrypted", mail.encrypted or ""),
        ("Meetings", "; ".join(f"{m.summary} {m.start}" for m in mail.meetings)),
        (
            "Sender",
            ", ".join(
                f"{r.method}={r.result}{'' if r.trusted else ' (claimed)'}" for r in mail.authentication
            ),
        ),
        ("Problems", ", ".join(mail.problems)),
    )
    lines += [f"{label + ':':<13}{value}" for label, value in told if value]
    lines += [f"{'File:':<13}{a.name} ({a.type}, {a.size} bytes, part {a.part})" for a in mail.attachments]
    lines += ["", mail.new_text]
    if mail.signature:
        lines += ["", "--- signature ---", mail.signature]
    if mail.quoted_text:
        lines += ["", "--- quoted ---", mail.quoted_text]
    return _TERMINAL_CONTROLS.sub("\ufffd", "\n".join(lines)) + "\n"


def _shown(addresses: tuple[Address, ...]) -> str:
    return ", ".join(f"{a.name} <{a.address}>" if a.name else a.address for a in addresses)


def _bounce(mail: Mail) -> str:
    if mail.bounce is None:
        return ""
    kind = "permanent" if mail.bounce.permanent else "temporary"
    who = ", ".join(f"{r.address} {r.status} {r.diagnostic}".strip() for r in mail.bounce.recipients)
    return f"{kind}: {who} (original {mail.bounce.original_message_id or 'unknown'})"
