"""The colours of tokens.css can be told apart by people with low vision (WCAG 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "src/portevoix/web/ui/static/ui/tokens.css"
PAIR = re.compile(r"--pv-([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")

GROUNDS = ["bg", "surface", "sunken", "raised", "hover", "selected"]
TEXT = [
    *((text, ground) for text in ("text", "muted") for ground in GROUNDS),
    *(("link", ground) for ground in ("bg", "surface", "raised", "selected", "in-bg", "out-bg")),
    *((f"{tone}-text", f"{tone}-bg") for tone in ("info", "success", "warning", "danger", "neutral")),
    *((text, ground) for text in ("text", "muted") for ground in ("in-bg", "out-bg", "note-bg")),
    ("danger-text", "bg"), ("danger-text", "surface"), ("on-accent", "accent"), ("on-accent", "accent-hover"),
    ("on-danger", "danger-solid"), ("on-danger", "danger-text"),
    *(("avatar-text", f"avatar-{number}") for number in range(6)),
]  # fmt: skip
# Edges of controls, the focus ring and the mark of what is selected.
SHAPES = [
    *(("edge", ground) for ground in ("bg", "surface", "raised")),
    *(("focus", ground) for ground in (*GROUNDS, "in-bg", "out-bg", "note-bg")),
    *(("accent", ground) for ground in ("bg", "surface", "selected")),
    ("success-text", "surface"), ("warning-text", "surface"),
]  # fmt: skip


def tokens() -> dict[str, tuple[str, str]]:
    return {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS.read_text("utf-8"))}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_knows_the_published_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_shapes_stand_out(theme: int) -> None:
    known = tokens()
    weak = [
        f"{front} on {ground}: {ratio:.2f} < {least}"
        for pairs, least in ((TEXT, 4.5), (SHAPES, 3.0))
        for front, ground in pairs
        if (ratio := contrast(known[front][theme], known[ground][theme])) < least
    ]
    assert not weak, weak


def test_every_text_token_is_in_a_pair() -> None:
    paired = {name for pair in (*TEXT, *SHAPES) for name in pair}
    # The thin line between rows separates what space separates already: decoration.
    assert set(tokens()) - paired == {"line"}
