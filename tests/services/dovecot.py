"""A real Dovecot with a configuration, mailboxes and ports of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from services.ports import free_port, listening, until
from services.tls import Authority

PASSWORD = "mot-de-passe"


class Dovecot:
    """``start``, ``stop``, ``kill``; one user, one Maildir."""

    def __init__(self, home: Path, *, user: str = "cigogne@exemple.fr") -> None:
        if shutil.which("dovecot") is None:
            pytest.skip("dovecot is not installed (Debian: dovecot-imapd)")
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        self.user = user
        self.imap, self.imaps = free_port(), free_port()
        self.authority = Authority(home / "tls")
        self.cert, self.key = self.authority.certificate()
        self.mail = home / "mail"
        self.mail.mkdir()
        # As root the mails belong to somebody else: Dovecot refuses to read them as root.
        mail = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.owner = (mail.pw_uid, mail.pw_gid)
        os.chown(self.mail, *self.owner)
        self.config = home / "dovecot.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self.write_config()

    def write_config(self, extra: str = "") -> None:
        """Everything below our own directory; ``extra`` comes last, so it wins."""
        me, group = self.owner
        owner = ""
        if os.getuid() != 0:
            name = pwd.getpwuid(me).pw_name
            owner = f"default_internal_user = {name}\ndefault_login_user = {name}\n"
        self.config.write_text(f"""
protocols = imap
listen = 127.0.0.1
base_dir = {self.home}/run
state_dir = {self.home}/state
log_path = {self.home}/dovecot.log
{owner}
first_valid_uid = 0
first_valid_gid = 0
mail_uid = {me}
mail_gid = {group}
mail_location = maildir:{self.mail}/Maildir
mail_home = {self.mail}
ssl = yes
ssl_cert = <{self.cert}
ssl_key = <{self.key}
disable_plaintext_auth = no
auth_failure_delay = 0
imap_idle_notify_interval = 5 s
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={me} gid={group} home={self.mail}
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = {self.imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
{extra}
""")

    def start(self, *, plain: bool = False) -> Dovecot:
        """Start; returns when it listens (``plain``: the configuration has no TLS)."""

        # In the foreground, as our child: a session that is killed leaves nothing behind that it cannot name.
        def up() -> bool:
            if self._process is None or self._process.poll() is not None:
                # The first time, or what was killed still held the ports.
                with (self.home / "dovecot.out").open("ab") as out:
                    argv = ["dovecot", "-F", "-c", str(self.config)]
                    self._process = subprocess.Popen(argv, stdout=out, stderr=out)
            return listening(self.imap) and (plain or listening(self.imaps))

        until(up, seconds=60, why=str(self.home))
        return self

    def stop(self) -> None:
        """Stop the server and all its connections."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def kick(self) -> None:
        """Cut every connection at once, also in the middle of an answer."""
        assert self._process is not None
        for child in children(self._process.pid):
            if Path(f"/proc/{child}/comm").read_text().strip() in ("imap", "imap-login"):
                os.kill(child, 9)

    def put(self, raw: bytes, *, folder: str = "") -> None:
        """Deliver a mail into the mailbox, as a delivery agent does: Maildir's tmp, then new."""
        base = self.mail / "Maildir" / folder
        for part in ("tmp", "new", "cur"):
            (base / part).mkdir(parents=True, exist_ok=True)
        # Not what else lies there: Dovecot makes and removes its index files meanwhile.
        for path in (base.parent, base, *(base / part for part in ("tmp", "new", "cur"))):
            os.chown(path, *self.owner)
        name = f"{os.urandom(8).hex()}.test"
        (base / "tmp" / name).write_bytes(raw)
        os.chown(base / "tmp" / name, *self.owner)
        (base / "tmp" / name).rename(base / "new" / name)

    def kill(self) -> None:
        """Kill the server and all that it started, as a power cut does."""
        assert self._process is not None
        for pid in [self._process.pid, *children(self._process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self._process.wait(20)
        self._process = None
        # After a power cut /run is empty; a number left there may be another process's by now, and Dovecot then says that
        # it already runs.
        for left in self.home.rglob("master.pid"):
            left.unlink()
        # What was inherited may hold the ports for a moment.
        until(lambda: not listening(self.imap) and not listening(self.imaps))

    def keep_no_keywords(self) -> None:
        """As Exchange: ``\\Seen`` and ``\\Deleted`` are kept, no keyword is (PERMANENTFLAGS without ``\\*``)."""
        rights = self.home / "acl"
        rights.write_text("* owner lrstipekxa\n")
        rights.chmod(0o644)
        self.write_config(f"mail_plugins = acl\nplugin {{\n  acl = vfile:{rights}\n}}\n")

    def log(self) -> str:
        """What Dovecot said."""
        path = self.home / "dovecot.log"
        return path.read_text() if path.exists() else ""


def children(pid: int) -> list[int]:
    """Processes started by ``pid``."""
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in done.stdout.split()]
