"""The status page in the terminal: a table that stays in place, or plain lines where there is no terminal."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

_LOOK = {
    "ready": ("green", "●"), "done": ("green", "●"), "starting": ("yellow", "◐"), "waiting": ("dim", "○"),
    "restarting": ("yellow", "◐"), "failing": ("bold red", "✗"), "stopping": ("yellow", "◐"),
    "stopped": ("dim", "○"), "skipped": ("dim", "–"),
}  # fmt: skip


@dataclass
class Row:
    """One line of the page."""

    name: str
    purpose: str
    state: str = "waiting"
    note: str = ""
    since: float = field(default_factory=time.time)
    restarts: int = 0
    pid: int | None = None


class Screen:
    """Shows rows as they change. `plain` forces lines, as in a log or a pipe."""

    def __init__(self, *, plain: bool | None = None) -> None:
        """Choose the look: a live page on a terminal, lines elsewhere."""
        self.rows: dict[str, Row] = {}
        self.title = "Portevoix"
        self.footer = ""
        self._plain = not sys.stdout.isatty() if plain is None else plain
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Begin to show."""
        if not self._plain:
            from rich.live import Live

            self._live = Live(self._page(), auto_refresh=False, transient=False)
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Show the last state and leave it on the screen."""
        if self._live is not None:
            self._live.update(self._page(), refresh=True)
            self._live.stop()

    def put(self, row: Row) -> None:
        """Show `row` in its place (the first time: at the end)."""
        before = self.rows.get(row.name)
        self.rows[row.name] = row
        if self._plain and (before is None or (before.state, before.note) != (row.state, row.note)):
            if row.state != "waiting":
                note = f"  {row.note}" if row.note else ""
                print(f"{row.name:<10} {row.state:<10}{note}".rstrip(), flush=True)
        elif not self._plain:
            self.refresh()

    def say(self, text: str) -> None:
        """Print lasting text above the page."""
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        else:
            print(text, flush=True)

    def refresh(self) -> None:
        """Draw again: times go on."""
        if self._live is not None:
            self._live.update(self._page(), refresh=True)

    def _page(self) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(title=self.title, title_justify="left", box=None, pad_edge=False, show_edge=False)
        for heading in ("", "part", "state", "for", "process", "restarts", ""):
            table.add_column(heading, no_wrap=heading != "")
        for row in self.rows.values():
            style, mark = _LOOK.get(row.state, ("", "?"))
            table.add_row(
                Text(mark, style=style), row.name, Text(row.state, style=style), _age(row),
                str(row.pid or ""), str(row.restarts or ""), Text(row.note or row.purpose, style="dim" if not row.note else ""),
            )  # fmt: skip
        done = sum(row.state in ("ready", "done", "skipped") for row in self.rows.values())
        total = len(self.rows)
        bar = "━" * done + "╌" * (total - done)
        parts: list[RenderableType] = [
            table,
            Text(f"\n{bar} {done}/{total}", style="green" if done == total else "yellow"),
        ]
        if self.footer:
            parts.append(Text(self.footer))
        return Group(*parts)


def _age(row: Row) -> str:
    if row.state not in ("ready", "failing", "starting", "restarting"):
        return ""
    seconds = int(time.time() - row.since)
    if seconds < 100:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 6000 else f"{seconds // 3600} h"
