"""Draw the life of a contact from its table of moves: ``docs/generated/contact-life.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from portevoix.domain.contacts.events import REGISTRY
from portevoix.domain.contacts.machine import FINAL, MOVES, State

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "generated" / "contact-life.md"


def page() -> str:
    """The page, made of the table and the registry alone."""
    names = {state: state.name.lower() for state in State}
    lines = [
        "# The life of a contact",
        "",
        "Made by `tools/generate/contact_life.py` from `domain/contacts/machine.py`: do not edit.",
        "",
    ]
    lines += [
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> received",
        "    [*] --> waiting: contact-received (mail)",
    ]
    for state, moves in MOVES.items():
        lines += [f"    {names[state]} --> {names[to]}: {move.value}" for move, to in moves.items()]
    lines += [f"    {names[state]} --> [*]" for state in State if state in FINAL]
    lines += ["```", "", "## Events", "", "| kind | version | moves a contact | says |", "|---|---|---|---|"]
    for (kind, v), cls in sorted(REGISTRY.items()):
        fields = ", ".join(f"`{name}`" for name in cls.__dataclass_fields__) or "-"
        lines.append(f"| `{kind}` | {v} | {'yes' if cls.move else ''} | {fields} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.name} written\n")
