"""Through a real Postfix: what we hand over is what arrives."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from services.ports import PATIENCE
from sink import Sink

from portevoix.channels.mail.compose import Letter, Recipient, compose
from portevoix.channels.mail.relay import Relay, deliver

pytestmark = pytest.mark.mailserver


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def postfix():
    """A relay of this test alone that passes everything on to a sink; (port, sink)."""
    if shutil.which("postfix") is None or os.getuid() != 0:
        pytest.skip("a Postfix of one's own needs root and the Debian package postfix")
    sink, port = Sink(), _free_port()
    # Postfix's own user must pass: pytest's folders are closed to everybody else.
    tmp_path = Path(tempfile.mkdtemp(prefix="portevoix-relay-"))
    tmp_path.chmod(0o755)
    conf, spool, data = (tmp_path / name for name in ("conf", "spool", "data"))
    for directory in (conf, spool, data):
        directory.mkdir(mode=0o755)
    shutil.chown(data, pwd.getpwnam("postfix").pw_uid)
    (conf / "main.cf").write_text(
        f"compatibility_level = 3.6\nqueue_directory = {spool}\ndata_directory = {data}\n"
        "inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = relay.example\nmydestination =\n"
        f"relayhost = [127.0.0.1]:{sink.port}\nmynetworks = 127.0.0.0/8\nsmtputf8_enable = yes\nalias_maps =\n"
        f"maillog_file = {tmp_path}/postfix.log\nmaillog_file_prefixes = {tmp_path}\nsmtp_tls_security_level = none\n"
        "smtpd_recipient_restrictions = permit_mynetworks, reject\nsmtpd_tls_security_level = none\n"
    )
    services = [
        f"127.0.0.1:{port} inet n - n - - smtpd", "postlog unix-dgram n - n - 1 postlogd", "pickup unix n - n 60 1 pickup",
        "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
        "verify unix - - n - 1 verify", "smtp unix - - n - - smtp", "relay unix - - n - - smtp", "error unix - - n - - error",
        "retry unix - - n - - error", "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "tlsmgr unix - - n 1000? 1 tlsmgr",
        "showq unix n - n - - showq", "proxymap unix - - n - - proxymap",
    ]  # fmt: skip
    (conf / "master.cf").write_text("\n".join(services) + "\n")
    done = subprocess.run(["postfix", "-c", str(conf), "start"], capture_output=True, text=True, timeout=300)
    log = tmp_path / "postfix.log"
    assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")
    try:
        yield port, sink
    finally:
        subprocess.run(["postfix", "-c", str(conf), "stop"], capture_output=True, timeout=300)
        sink.stop()
        shutil.rmtree(tmp_path, ignore_errors=True)


def test_postfix_takes_it_and_passes_it_on_unchanged(postfix):
    port, sink = postfix
    text = "Bonjour\u00a0!\n\n«\u00a0C’est fait\u00a0», à 9\u202fh.\n.\nFrom ici\n" + "long " * 400
    envelope = compose(
        Letter(
            message_id="pv.1.2.x@centre.example",
            sender="inscription@centre.example",
            sender_name="L’École",
            recipients=[
                Recipient("jean@client.example", "Jean Noël"),
                Recipient("rené@école.example", "", "cc"),
            ],
            subject="Re: «\u00a0Été\u00a0»",
            text=text,
            date=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        )
    )
    deadline = time.monotonic() + 20 * PATIENCE
    while True:
        result = deliver(
            Relay("127.0.0.1", port, hello="centre.example"),
            envelope.content,
            envelope.sender,
            envelope.recipients,
        )
        if result.reached or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert result.accepted == envelope.recipients, result
    assert sink.arrived.wait(30)
    deadline = time.monotonic() + 30 * PATIENCE
    while len({one for _, to, _ in sink.taken for one in to}) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {one for _, to, _ in sink.taken for one in to} == {
        "jean@client.example",
        "rené@xn--cole-9oa.example",
    }
    for mail in sink.mails:
        assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == text + "\n"
        assert mail["Subject"] == "Re: «\u00a0Été\u00a0»"
        assert mail["Message-ID"] == "<pv.1.2.x@centre.example>"
