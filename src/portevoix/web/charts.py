"""Charts as SVG, drawn by the server: no script, readable in light, dark and on paper, with the same numbers in words.

Each chart is an image for a screen reader, named by its title; the table with its numbers stands beside it on the page (the caller
gives its id). Series differ by fill and by pattern, not by colour alone. Colours come from the look's classes (``ch-…``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: its name, a value for each series (None: nothing known), and how far each may be off."""

    name: str
    values: tuple[float | None, ...]
    halves: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One series over time: a value for each tick (None: a gap). ``faint``: what one compares with."""

    name: str
    values: tuple[float | None, ...]
    faint: bool = False


def _head(title: str, width: float, height: float, table: str) -> tuple[str, str]:
    number = next(_numbers)
    described = f' aria-describedby="{escape(table)}"' if table else ""
    return (
        (
            f'<svg class="chart" role="img" viewBox="0 0 {width:g} {height:g}" aria-labelledby="chart-{number}"{described}>'
            f'<title id="chart-{number}">{escape(title)}</title>'
            f'<defs><pattern id="hatch-{number}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            '<rect width="6" height="6" class="ch-b"/><line x1="0" y1="0" x2="0" y2="6" class="ch-hatch"/></pattern></defs>'
        ),
        f"url(#hatch-{number})",
    )


def bars(
    title: str,
    rows: Sequence[Bar],
    series: Sequence[str],
    *,
    unit: str = "",
    most: float = 0.0,
    table: str = "",
) -> SafeString:
    """Horizontal bars, one group a row, with what each may be off. ``most``: the end of the scale; 0: the largest value."""
    top = most or max((v + (h or 0) for row in rows for v, h in _pairs(row)), default=1.0) or 1.0
    left, right, thick, gap = 190.0, 620.0, 14.0, 14.0
    height = 34 + sum(len(row.values) * thick + gap for row in rows)
    head, hatch = _head(title, 700, height, table)
    out = [head, _legend(series, hatch)]
    y = 34.0
    for row in rows:
        out.append(
            f'<text x="{left - 8:g}" y="{y + len(row.values) * thick / 2 + 4:g}" class="ch-name">{escape(row.name[:28])}</text>'
        )
        for number, (value, half) in enumerate(_every(row)):
            if value is not None:
                wide = max(0.0, min(1.0, value / top)) * (right - left)
                fill = "" if number == 0 else f' fill="{hatch}"'
                out.append(
                    f'<rect x="{left:g}" y="{y + 1:g}" width="{wide:.1f}" height="{thick - 2:g}" class="{"ch-a" if number == 0 else "ch-p"}"{fill}/>'
                )
                reach = wide
                if half:
                    off = half / top * (right - left)
                    a, b = left + max(0.0, wide - off), left + min(right - left, wide + off)
                    out.append(f'<path d="M{a:.1f} {y + thick / 2:g}H{b:.1f}" class="ch-error"/>')
                    reach = b - left
                out.append(
                    f'<text x="{left + reach + 6:.1f}" y="{y + thick - 3:g}" class="ch-value">{_said(value)}{escape(unit)}</text>'
                )
            y += thick
        y += gap
    out.append("</svg>")
    return mark_safe("".join(out))  # noqa: S308 - every text in it is escaped


def lines(
    title: str,
    ticks: Sequence[str],
    series: Sequence[Line],
    *,
    unit: str = "",
    most: float = 0.0,
    table: str = "",
) -> SafeString:
    """Lines over time from left to right; ``ticks``: the name of each step, of which some are written."""
    top = most or max((v for one in series for v in one.values if v is not None), default=1.0) or 1.0
    left, right, upper, lower = 44.0, 690.0, 34.0, 190.0
    head, hatch = _head(title, 700, 216, table)
    out = [head, _legend([one.name for one in series], hatch, lines=True)]
    for part in (0.0, 0.5, 1.0):
        y = lower - part * (lower - upper)
        out.append(
            f'<path d="M{left:g} {y:.1f}H{right:g}" class="ch-grid"/><text x="{left - 6:g}" y="{y + 4:.1f}" class="ch-name">{_said(part * top)}{escape(unit)}</text>'
        )
    steps = max(1, len(ticks) - 1)
    every = max(1, -(-len(ticks) // 8))
    for number, tick in enumerate(ticks):
        if number % every == 0:
            x = left + number / steps * (right - left)
            out.append(f'<text x="{x:.1f}" y="{lower + 18:g}" class="ch-tick">{escape(tick)}</text>')
    for place, one in enumerate(series):
        path, pen = [], False
        for number, value in enumerate(one.values):
            if value is None:
                pen = False
                continue
            x, y = left + number / steps * (right - left), lower - min(1.0, value / top) * (lower - upper)
            path.append(f"{'L' if pen else 'M'}{x:.1f} {y:.1f}")
            pen = True
        kind = "ch-faint" if one.faint else f"ch-line-{place}"
        out.append(f'<path d="{"".join(path)}" class="ch-line {kind}"/>')
    out.append("</svg>")
    return mark_safe("".join(out))  # noqa: S308 - every text in it is escaped


def _every(row: Bar) -> list[tuple[float | None, float | None]]:
    halves = (*row.halves, *(None for _ in row.values))
    return [(value, halves[number]) for number, value in enumerate(row.values)]


def _pairs(row: Bar) -> list[tuple[float, float | None]]:
    return [(value, half) for value, half in _every(row) if value is not None]


def _legend(series: Sequence[str], hatch: str, *, lines: bool = False) -> str:
    out, x = [], 8.0
    for number, name in enumerate(series):
        if lines:
            out.append(
                f'<path d="M{x:g} 12H{x + 18:g}" class="ch-line {"ch-faint" if number and number == len(series) - 1 else f"ch-line-{number}"}"/>'
            )
        elif number == 0:
            out.append(f'<rect x="{x:g}" y="6" width="18" height="12" class="ch-a"/>')
        else:
            out.append(f'<rect x="{x:g}" y="6" width="18" height="12" class="ch-p" fill="{hatch}"/>')
        out.append(f'<text x="{x + 24:g}" y="17" class="ch-key">{escape(name)}</text>')
        x += 40 + 8.2 * len(name)
    return "".join(out)


def _said(value: float) -> str:
    """A number as short as it may be, with a comma: the pages are French first; English readers know it too."""
    text = f"{value:.0f}" if abs(value) >= 20 or value == round(value) else f"{value:.1f}"
    return text.replace(".", ",")
