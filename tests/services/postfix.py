"""A real Postfix with a configuration, a queue and a port of its own, in front of our LMTP door."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from services.ports import free_port, listening, until

_SERVICES = """
127.0.0.1:{smtp} inet n - n - - smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       1       1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""


class Postfix:
    """``start`` and ``stop``; mails for centre.example go to ``lmtp``, bounces to ``relay`` (a port)."""

    def __init__(self, home: Path, lmtp: int, *, relay: int | None = None) -> None:
        if shutil.which("postfix") is None:
            pytest.skip("postfix is not installed")
        if os.getuid() != 0:
            pytest.skip("Postfix's own processes change their user: only root can start one")
        self.home = home
        self.port = free_port()
        for part in ("etc", "queue", "data"):
            (home / part).mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        shutil.chown(home / "data", "postfix")
        (home / "etc" / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.centre.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = centre.example
virtual_mailbox_maps =
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
relayhost = [127.0.0.1]:{relay or 9}
recipient_delimiter = +
smtputf8_enable = yes
message_size_limit = 80000000
header_size_limit = 20000000
mailbox_size_limit = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
smtpd_error_sleep_time = 0
in_flow_delay = 0
maillog_file = {home}/postfix.log
maillog_file_prefixes = {home}
""")
        (home / "etc" / "master.cf").write_text(_SERVICES.format(smtp=self.port))

    def start(self) -> Postfix:
        """Start; returns when it listens."""
        self._run("start")
        until(lambda: listening(self.port), why=self.log())
        return self

    def stop(self) -> None:
        """Stop, finishing nothing."""
        self._run("abort", check=False)
        until(lambda: not listening(self.port))

    def queued(self) -> int:
        """Mails that wait in the queue."""
        folders = (
            self.home / "queue" / name for name in ("maildrop", "incoming", "active", "deferred", "hold")
        )
        return sum(1 for folder in folders for path in folder.rglob("*") if path.is_file())

    def log(self) -> str:
        """What Postfix said."""
        path = self.home / "postfix.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def answers(self, address: str) -> list[str]:
        """What our door said for a recipient: (status, reply) of every try, as Postfix noted it."""
        return re.findall(rf"to=<{re.escape(address)}>.*?status=(\w+ \(.*\))", self.log())

    def _run(self, word: str, *, check: bool = True) -> None:
        with (self.home / "postfix.out").open("ab") as out:
            done = subprocess.run(
                ["postfix", "-c", str(self.home / "etc"), word],
                stdout=out,
                stderr=out,
                check=False,
                timeout=60,
            )
        assert not check or done.returncode == 0, (self.home / "postfix.out").read_text() + self.log()
