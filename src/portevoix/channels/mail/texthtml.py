"""Plain text as simple HTML: paragraphs, line breaks, links, quoted lines. Escaped first; nothing else is added."""

from __future__ import annotations

import html
import re
from typing import Final

_LINK: Final = re.compile(
    r"(?P<web>https?://[^\s<>\"«»“”]+)|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)", re.IGNORECASE
)
_TAIL: Final = ".,;:!?…'’)]}"


def as_html(text: str, language: str = "fr") -> str:
    """A whole HTML document for ``text``. Its words are those of the text, in the same order."""
    blocks = re.split(r"\n[ \t]*\n", text.strip("\n"))
    body = "\n".join(_block(block) for block in blocks if block.strip())
    lang = html.escape(language, quote=True)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"></head>\n'
        f'<body style="font-family: sans-serif; line-height: 1.5">\n{body}\n</body></html>\n'
    )


def _block(block: str) -> str:
    lines = block.split("\n")
    if all(line.startswith(">") for line in lines if line.strip()):
        inner = "<br>\n".join(links(line[1:].removeprefix(" ")) for line in lines)
        return f'<blockquote style="border-left: 2px solid #888; margin-left: 0; padding-left: 1em">{inner}</blockquote>'
    return "<p>" + "<br>\n".join(links(line) for line in lines) + "</p>"


def links(line: str) -> str:
    """One line, escaped, with its web and mail addresses made links."""
    out: list[str] = []
    end = 0
    for found in _LINK.finditer(line):
        shown = found[0].rstrip(_TAIL)
        if shown.count("(") > shown.count(")") and found[0].startswith(shown + ")"):
            shown += ")"
        out.append(_spaces(line[end : found.start()]))
        target = shown if found["web"] else f"mailto:{shown}"
        out.append(f'<a href="{html.escape(target, quote=True)}">{html.escape(shown)}</a>')
        end = found.start() + len(shown)
    out.append(_spaces(line[end:]))
    return "".join(out)


def _spaces(text: str) -> str:
    """Escaped; indentation and alignment by spaces survive."""
    return html.escape(text).replace("\t", "    ").replace("  ", " &nbsp;")
