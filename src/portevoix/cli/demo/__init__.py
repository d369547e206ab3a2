"""`portevoix demo`: a demonstration centre on this machine, with people, lines, mails and a receiving mailbox."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from portevoix.cli import up
from portevoix.embedded import free_port
from portevoix.embedded.process import write_private
from portevoix.runners.parts import MAILBOX, PARTS
from portevoix.runners.supervisor import Supervisor

PASSWORD_FILE = "demo-password"  # noqa: S105 - the name of a file
DOMAIN = "centre.example"


def fill(password: str) -> dict[str, str]:
    """Fill the demonstration centre, once: {log-in: role}. Needs the environment of a running centre."""
    from portevoix.cli.demo.content import fill_centre

    return fill_centre(password)


def demo_password(data: Path) -> str:
    """Return the log-in password of this demonstration, made on its first start."""
    file = data / PASSWORD_FILE
    if not file.exists():
        alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
        words = ["".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3)]
        write_private(file, "demo-" + "-".join(words) + "\n")
    return file.read_text(encoding="utf-8").strip()


async def _started(supervisor: Supervisor) -> None:
    """Fill the centre in a process of its own (Django), then say where everything is."""
    words = [sys.executable, "-m", "portevoix.cli.demo.content", demo_password(supervisor.plan.data)]
    process = await asyncio.create_subprocess_exec(
        *words, env=supervisor.env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    text = said.decode("utf-8", "replace").strip()
    if process.returncode:
        log = supervisor.plan.places.log("demo")
        log.write_text(text, encoding="utf-8")
        supervisor.screen.say(f"The demonstration could not be filled; the reason is in {log}")
        text = text.splitlines()[-1] if text else ""
    at = supervisor.plan.addresses
    lines = [
        f"pages      {at.web}",
        f"log-ins    password for all: {demo_password(supervisor.plan.data)}",
        *(f"           {line}" for line in text.splitlines()),
        f"mail in    smtp {at.shown_host}:{at.smtp_port}, to inscription@{DOMAIN}, for example:",
        f"           swaks --server {at.shown_host}:{at.smtp_port} --from moi@client.example --to inscription@{DOMAIN}",
        f"mail out   read it with: {sys.argv[0]} demo mailbox --data {supervisor.plan.data}",
        "Ctrl-C stops everything.",
    ]
    failing = [child.part.name for child in supervisor.children if child.state != "ready"]
    if failing:
        lines.insert(
            0, f"NOT WORKING: {', '.join(failing)}; see `portevoix doctor --data {supervisor.plan.data}`"
        )
    supervisor.screen.say("\n" + "\n".join(lines) + "\n")


def main(argv: Sequence[str]) -> int:
    """Run `portevoix demo` or `portevoix demo mailbox`."""
    if list(argv[:1]) == ["mailbox"]:
        from portevoix.cli.demo.reader import main as read

        return read(argv[1:])
    description = "Run a demonstration centre until Ctrl-C. `portevoix demo mailbox` reads what it sent."
    arguments = up.options("demo", description).parse_args(argv)
    plan = up.plan_of(arguments)
    mailbox_port = free_port(plan.addresses.smtp_port + 1)
    extra = {"PORTEVOIX_MAILBOX_PORT": str(mailbox_port), "PORTEVOIX_DOMAIN": DOMAIN, **plan.extra}
    # Without a relay of one's own nothing leaves this machine: the mailbox takes it all.
    plan = replace(plan, relay=plan.relay or f"127.0.0.1:{mailbox_port}", extra=extra)
    return up.supervise(plan, plain=arguments.plain, started=_started, parts=(*PARTS, MAILBOX))
