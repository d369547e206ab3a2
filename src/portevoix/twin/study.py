"""A "what if": a past period as it was and as it would be, and what of the difference is more than chance."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final

from portevoix.domain.figures.compare import holm
from portevoix.domain.figures.compare_numbers import student_two_sided
from portevoix.twin import changes as changing
from portevoix.twin import playing
from portevoix.twin.figures import compare, interval, student

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portevoix.twin.changes import Change
    from portevoix.twin.figures import Told
    from portevoix.twin.model import Scenario

RUNS: Final = 10
#: What is compared; the first is what is tested for each stream.
FIGURES: Final = ("service_level", "abandonment", "wait_s", "wait_p95_s", "offered")
SURE: Final = 0.05


def play(
    scenario: Scenario,
    changes: Sequence[Change],
    tell: Callable[[float], None] = lambda _: None,
    runs: int = RUNS,
) -> dict[str, Any]:
    """The figures of a period as it was (drawn anew ``runs`` times) and with the changes, on the same clients, as JSON values.

    A difference is ``real`` when Student's paired t-test, over all that was compared, says so after Holm's correction at
    5 %. Raises ``CannotChange``."""
    streams = tuple(replace(one, resample=1.0) if one.replay else one for one in scenario.streams)
    before = replace(scenario, streams=streams, replications=runs, seed=20_261)
    after = before
    for change in changes:
        after = changing.apply(after, change)
    was, would = playing.play_both(before, after, tell)
    rows = [_row(name, name, was, would) for name in ("all", *(stream.name for stream in before.streams))]
    for row, stream in zip(rows[1:], before.streams, strict=True):
        row["line"], row["channel"] = before.lines[stream.line], stream.channel.value
        row["target_s"] = stream.target_s
    staff = {name: _figure("staff", name, was, would) for name in was["staff"] if name in would["staff"]}
    tested = [row["figures"]["service_level"] for row in rows[1:]] + list(staff.values())
    for figure, p in zip(tested, holm([figure.pop("p") for figure in tested]), strict=True):
        figure["real"] = p < SURE
    for row in rows:
        for figure in row["figures"].values():
            figure.setdefault("real", figure.pop("p", 1.0) < SURE)
            figure.pop("p", None)
    return {"runs": runs, "rows": rows, "staff": staff}


def _row(name: str, stream: str, was: Told, would: Told) -> dict[str, Any]:
    return {"name": name, "figures": {figure: _figure(stream, figure, was, would) for figure in FIGURES}}


def _figure(stream: str, figure: str, was: Told, would: Told) -> dict[str, Any]:
    before, after = interval(was[stream][figure]), interval(would[stream][figure])
    difference = compare({stream: {figure: was[stream][figure]}}, {stream: {figure: would[stream][figure]}})[
        stream
    ][figure]
    runs = len(was[stream][figure])
    error = difference.half / student(runs - 1) if isfinite(difference.half) else inf
    if error == 0:
        p = 1.0 if difference.mean == 0 else 0.0
    else:
        p = student_two_sided(difference.mean / error, runs - 1) if isfinite(error) else 1.0
    return {
        "before": _number(before.mean),
        "before_half": _number(before.half),
        "after": _number(after.mean),
        "after_half": _number(after.half),
        "difference": _number(difference.mean),
        "half": _number(difference.half),
        "p": p if p == p else 1.0,  # noqa: PLR0124 - not NaN
    }


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
