"""`portevoix mail show`: one line a mail, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portevoix.channels.mail.limits import DEFAULT

CORPUS = Path(__file__).parent / "corpus"
KEYS = [
    "file", "from", "to", "cc", "subject", "text", "new_text", "html", "attachments", "message_id", "in_reply_to",
    "references", "automatic", "bounce", "language",
]  # fmt: skip
RUN = "import sys; from portevoix.cli.mail import main; sys.exit(main(sys.argv[1:]))"


def show(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    return subprocess.run(
        [sys.executable, "-c", RUN, "show", *map(str, arguments)],
        capture_output=True,
        env=environment,
        timeout=60,
    )


def test_json_has_one_line_a_file_with_the_agreed_keys():
    run = show(CORPUS, "--json")
    assert run.returncode == 0
    assert run.stderr == b""
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(lines) == len([path for path in CORPUS.iterdir() if path.is_file()])
    for line in lines:
        assert list(line)[: len(KEYS)] == KEYS
        assert set(line["from"]) == {"name", "address"}


def test_what_cannot_be_read_is_said(tmp_path):
    locked = tmp_path / "tuyau"
    os.mkfifo(locked)
    (tmp_path / os.fsdecode(b"nom\xff.eml")).write_bytes(b"Subject: \xe9t\xe9\n\nx")
    (tmp_path / "vide.eml").write_bytes(b"")
    (tmp_path / "lien").symlink_to(tmp_path / "rien")
    run = show(tmp_path, tmp_path / "absent", "--json")
    assert run.returncode == 1
    assert run.stderr == b""
    told = {Path(line["file"]).name: line for line in map(json.loads, run.stdout.splitlines())}
    assert told["tuyau"]["error"] == "not a regular file"
    assert told["absent"]["error"] == "no such file"
    assert "error" in told["lien"]
    assert told["nom\ufffd.eml"]["subject"] == "été"
    assert told["vide.eml"]["text"] == ""


def test_every_mail_of_an_mbox(tmp_path):
    box = tmp_path / "boite.mbox"
    box.write_bytes(
        b"From a@b Mon Nov 23 2026\nSubject: un\n\nbonjour\n\nFrom c@d Mon Nov 23 2026\nSubject: deux\n\nsalut\n"
    )
    lines = [json.loads(line) for line in show(box, "--json").stdout.splitlines()]
    assert [(line["subject"], line["text"]) for line in lines] == [("un", "bonjour"), ("deux", "salut")]


def test_readable_view_cannot_steer_the_terminal(tmp_path):
    mail = tmp_path / "a.eml"
    mail.write_bytes(b"From: x@y.fr\nSubject: a\n\n\x1b[2Jbonjour\x9b")
    run = show(mail)
    assert run.returncode == 0
    assert b"bonjour" in run.stdout
    assert b"\x1b" not in run.stdout


@pytest.mark.slow
def test_a_file_beyond_the_limit_is_shown(tmp_path):
    mail = tmp_path / "gros.eml"
    mail.write_bytes(b"Subject: gros\n\n" + b"a" * (DEFAULT.size + 100))
    line = json.loads(show(mail, "--json").stdout)
    assert "too-big" in line["problems"]
    assert line["refusal"].startswith("552")
