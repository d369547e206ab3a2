"""`portevoix up`: run the centre until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from portevoix.embedded import EmbeddedError
from portevoix.embedded.owner import default_data
from portevoix.embedded.process import accepts
from portevoix.runners.centre import DEFAULT_PORT, DEFAULT_SMTP_PORT, Addresses, Plan
from portevoix.runners.parts import PARTS, Part
from portevoix.runners.screen import Screen
from portevoix.runners.supervisor import Supervisor

Started = Callable[[Supervisor], Awaitable[None]]


def options(command: str, description: str) -> argparse.ArgumentParser:
    """Return the options that `up` and `demo` share."""
    parser = argparse.ArgumentParser(prog=f"portevoix {command}", description=description)
    parser.add_argument(
        "--data", type=Path, help="where everything is kept (default: PORTEVOIX_DATA or ./data)"
    )
    parser.add_argument("--port", type=int, help=f"port of the pages (default: {DEFAULT_PORT})")
    parser.add_argument(
        "--live-port", type=int, help="port of the open connections (default: one above --port)"
    )
    parser.add_argument("--smtp-port", type=int, help=f"port that takes mail (default: {DEFAULT_SMTP_PORT})")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument("--relay", help="host:port of the mail server that sends (default: PORTEVOIX_RELAY)")
    parser.add_argument("--plain", action="store_true", help="lines instead of a page that redraws itself")
    return parser


def data_directory(given: Path | None) -> Path:
    """Return the data directory: the option, PORTEVOIX_DATA, or `data` here (elsewhere for a closed home)."""
    told = given or (Path(os.environ["PORTEVOIX_DATA"]) if os.environ.get("PORTEVOIX_DATA") else None)
    return told.absolute() if told else default_data(Path.cwd())


def plan_of(arguments: argparse.Namespace) -> Plan:
    """Return what the options ask for."""
    port = arguments.port or int(os.environ.get("PORTEVOIX_PORT") or DEFAULT_PORT)
    smtp = arguments.smtp_port or int(os.environ.get("PORTEVOIX_SMTP_PORT") or DEFAULT_SMTP_PORT)
    addresses = Addresses(arguments.host, port, arguments.live_port or port + 1, smtp)
    relay = arguments.relay or os.environ.get("PORTEVOIX_RELAY")
    extra = {}
    if arguments.host != "127.0.0.1":
        extra = {"PORTEVOIX_SMTP_HOST": arguments.host}
    return Plan(data_directory(arguments.data), addresses, relay, extra)


def taken_ports(plan: Plan) -> list[str]:
    """Return a sentence for each port that somebody else listens on."""
    at = plan.addresses
    wanted = (("pages", at.port, "--port"), ("open connections", at.live_port, "--live-port"),
              ("mail", at.smtp_port, "--smtp-port"))  # fmt: skip
    return [
        f"port {port} ({what}) is in use by another program: give another with {option}"
        for what, port, option in wanted
        if accepts(port, at.shown_host)
    ]


async def _announce(supervisor: Supervisor) -> None:
    at = supervisor.plan.addresses
    supervisor.screen.title = f"Portevoix  {at.web}"
    lines = [f"pages: {at.web}   mail (SMTP): {at.shown_host}:{at.smtp_port}   data: {supervisor.plan.data}"]
    failing = [child.part.name for child in supervisor.children if child.state != "ready"]
    if failing:
        lines.append(f"not working: {', '.join(failing)}; `portevoix doctor` tells what to do")
    supervisor.screen.footer = "\n".join([*lines, "Ctrl-C stops everything."])
    supervisor.screen.say("\n".join(lines) if failing else f"Portevoix is ready: {at.web}")


def supervise(plan: Plan, *, plain: bool, started: Started = _announce, parts: Sequence[Part] = PARTS) -> int:
    """Run the centre and return the exit code; every expected trouble is one readable sentence."""
    # An earlier run that was killed may still hold our ports for a moment: the supervisor ends it first.
    taken = [] if plan.places.status.exists() else taken_ports(plan)
    if taken:
        print(*(f"portevoix: {line}" for line in taken), sep="\n", file=sys.stderr)
        return 1

    async def _run() -> int:
        with Screen(plain=plain or None) as screen:
            return await Supervisor(plan, screen, parts=parts, started=started).run()

    try:
        return asyncio.run(_run())
    except (EmbeddedError, OSError) as error:
        print(f"portevoix: {error}", file=sys.stderr)
        return 1


def main(argv: Sequence[str]) -> int:
    """Run `portevoix up`."""
    arguments = options("up", "Run the centre until Ctrl-C.").parse_args(argv)
    return supervise(plan_of(arguments), plain=arguments.plain)
