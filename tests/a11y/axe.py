"""axe-core in the page: zero violations of WCAG 2.0, 2.1 and 2.2, levels A and AA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page, *, exclude: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What axe finds wrong on the page as it stands. `exclude`: selectors of content that is not ours."""
    # Evaluated through the debugger, so the page's own policy needs no hole for the tests.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        """async ([tags, exclude]) => {
            const context = exclude.length ? {exclude: exclude.map((one) => [one])} : document;
            const result = await axe.run(context, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]});
            return result.violations;
        }""",
        [TAGS, list(exclude)],
    )
    return found


#: A colour on its way from one theme to the other is nobody's colour: what moves is brought to its end first.
_SETTLE = """async () => {
  for (let frame = 0; frame < 3; frame += 1) {
    for (const moving of document.getAnimations()) { try { moving.finish(); } catch { /* endless: a spinner */ } }
    await new Promise((done) => setTimeout(done, 20));
  }
}"""


def assert_accessible(page: Page, *, exclude: tuple[str, ...] = ()) -> None:
    """Fail with the rule, the reason and the element of each violation."""
    page.evaluate(_SETTLE)
    lines = [
        f"{rule['id']} ({rule['impact']}): {rule['help']}\n    {node['html'][:200]}\n    {node['failureSummary']}"
        for rule in violations(page, exclude=exclude)
        for node in rule["nodes"]
    ]
    assert not lines, f"{page.url}: {len(lines)} accessibility violations\n" + "\n".join(lines)


def assert_fits(page: Page) -> None:
    """Nothing sticks out sideways: the page itself never scrolls in two directions (WCAG 1.4.10)."""
    wide = page.evaluate(
        "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    )
    assert wide <= 1, f"{page.url}: {wide} px wider than the window"
