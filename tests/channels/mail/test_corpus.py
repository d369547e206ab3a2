"""Mails as clients and machines write them, each with what must be understood of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portevoix.channels.mail.understand import read
from portevoix.cli.mail import record

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.eml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_mail_is_understood(path):
    raw = path.read_bytes()
    mail = read(raw)
    told = json.loads(json.dumps(record(path.name, raw, mail))) | {
        "quoted_text": mail.quoted_text,
        "signature": mail.signature,
    }
    expected = json.loads(path.with_suffix(".json").read_text())
    assert {key: told[key] for key in expected} == expected


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_split_keeps_every_word(path):
    mail = read(path.read_bytes())
    parts = f"{mail.new_text}\n{mail.quoted_text}\n{mail.signature}"
    assert set(mail.text.split()) <= set(parts.split())
    assert bool(mail.new_text.strip()) == bool(mail.text.strip())
