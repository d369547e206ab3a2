"""Write docs/generated/permissions.md from the table of ``portevoix.domain.access``."""

from __future__ import annotations

from pathlib import Path

from portevoix.domain.access import RULES, Action, Role

TARGET = Path(__file__).resolve().parents[2] / "docs" / "generated" / "permissions.md"
HEAD = """# Who may do what

Made by `python tools/generate/permissions.py` from `src/portevoix/domain/access.py`: do not edit by hand.
What is empty is refused. A supervisor may also act, as an adviser could, on what they hold themselves.

"""


def render() -> str:
    """The page."""
    rows = ["| action | " + " | ".join(Role) + " |", "|---|" + "---|" * len(Role)]
    for action in Action:
        scopes = (RULES[role].get(action, "") for role in Role)
        rows.append(f"| `{action}` | " + " | ".join(scopes) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(render(), encoding="utf-8")
