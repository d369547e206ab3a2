"""HTML to plain text in one linear pass, without building a tree (a tree of foreign HTML can cost minutes).

Nothing readable is lost: what is not surely markup stays as text. Quoted history comes out as "> " lines, so
that one splitter serves plain and HTML mail.
"""

from __future__ import annotations

import html as stdlib_html
import re
from dataclasses import dataclass

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]*+)(?=[\s/>])([^>]*+)>|<[!?][^>]*+>|</?>")
_INLINE_TAG = re.compile(r"</?(?:a|b|i|u|em|strong|span|font|o:p)(?=[\s>])[^>]*+>")
_UNSEEN = ("script", "style", "title", "template")
_BREAKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
        "hr",
        "br",
        "blockquote",
    ]
)
_PARAGRAPHS = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote", "hr"]
)
# Classes and ids with which mail programs mark the history they quote.
_HISTORY = re.compile(
    "gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix|OutlookMessageHeader|divRplyFwdMsg|appendonsend"
    "|ms-outlook-mobile-reference-message|protonmail_quote|zmail_extra|isForwardContent|replyHeader"
)
_MAX_MARKED_TAGS = 5000  # history begins early or is not marked at all
_ALT = re.compile(r"""\balt\s{0,5}=\s{0,5}(?:"([^"]{0,500})"|'([^']{0,500})')""", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+;?")
_BLANKS = re.compile(r"\n{3,}")
_MAX_TAGS = 150_000  # beyond this a mail is an attack or a data dump: markup is then only cut out
_MAX_QUOTE_DEPTH = 8


@dataclass(frozen=True, slots=True)
class PlainText:
    """The text, and the number of the line where a mail program marked the history as beginning."""

    text: str
    history_line: int | None


def html_to_text(html: str) -> str:
    """The readable text of `html`."""
    return convert(html).text


def convert(html: str) -> PlainText:
    """The readable text of `html` with the place of the history."""
    html = _without_unseen(html)
    tags = html.count("<")
    if tags == 0:
        return PlainText(_tidy(_unescape(html)), None)
    if tags > _MAX_TAGS:
        return PlainText(_rough(html), None)
    writer = _Writer()
    writer.read(html)
    return writer.finish()


def words_of(html: str) -> list[str]:
    """The words of `html` roughly and fast: good for comparing, not for reading."""
    return _unescape(_TAG.sub(" ", _INLINE_TAG.sub("", _without_unseen(html)))).split()


def _without_unseen(html: str) -> str:
    """Without comments and the elements whose content is never shown. Unclosed ones are left alone: cutting
    them would lose the rest of the mail."""
    if "<!--" in html:
        last = html.rfind("-->")
        if last >= 0:
            html = re.sub(r"<!--.*?-->", "", html[: last + 3], flags=re.DOTALL) + html[last + 3 :]
    for name in sorted({match.group(1).lower() for match in _UNSEEN_START.finditer(html)}):
        closing, whole = _UNSEEN_PATTERNS[name]
        last = max((match.end() for match in closing.finditer(html)), default=0)
        html = whole.sub(" ", html[:last]) + html[last:]
    return html


_UNSEEN_START = re.compile(rf"<({'|'.join(_UNSEEN)})(?=[\s/>])", re.IGNORECASE)
_UNSEEN_PATTERNS = {
    name: (
        re.compile(rf"</{name}(?:[ \t\r\n]{{0,100}}>)?", re.IGNORECASE),
        re.compile(rf"<{name}(?=[\s/>]).*?</{name}(?:[ \t\r\n]{{0,100}}>)?", re.DOTALL | re.IGNORECASE),
    )
    for name in _UNSEEN
}


def _rough(html: str) -> str:
    """For markup floods: every tag becomes a line break, at the speed of one substitution."""
    last = html.rfind(">") + 1
    return _tidy(_unescape(_TAG.sub("\n", html[:last]) + html[last:]))


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    try:
        return stdlib_html.unescape(text)
    except (ValueError, OverflowError):  # Python refuses numbers of thousands of digits
        return stdlib_html.unescape(_LONG_NUMBER.sub("\ufffd", text))


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip("\n")


class _Writer:
    """Collects lines; knows how deep in quotations and preformatted text it is."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.current: list[str] = []
        self.quote = 0
        self.pre = 0
        self.history_line: int | None = None
        self.marked_tags = 0

    def read(self, html: str) -> None:
        last = html.rfind(">") + 1
        search, position = _TAG.search, 0
        while True:
            match = search(html, position, last)
            if match is None:
                break
            start, end = match.span()
            if start > position:
                self.text(html[position:start])
            name = match.group(2)
            if name:
                end = self.tag(name.lower(), match.group(1) == "/", match.group(3), html, end)
            position = end
        self.text(html[position:])

    def text(self, chunk: str) -> None:
        if self.pre and "\n" in chunk:
            first, *others = _unescape(chunk).split("\n")
            self.current.append(first)
            for other in others:
                self.end_line(keep=True)
                self.current.append(other.rstrip("\r"))
        elif not chunk.isspace():
            self.current.append(_unescape(chunk))
        elif self.current:
            self.current.append(" ")

    def tag(self, name: str, closing: bool, attributes: str, html: str, end: int) -> int:
        """Handle one tag; returns where reading goes on."""
        if attributes and attributes.count('"') % 2:
            end = _end_in_quotes(html, end)  # a ">" stood inside an attribute
        if name in _BREAKS:
            self.block(name, closing)
            if (
                attributes
                and not closing
                and self.history_line is None
                and self.marked_tags < _MAX_MARKED_TAGS
            ):
                self.marked_tags += 1
                if _HISTORY.search(attributes[:500]):
                    self.history_line = len(self.lines)
        elif name in ("td", "th"):
            self.current.append(" ")
        elif name == "img" and (alt := _ALT.search(attributes[:5000])):
            words = _unescape(alt.group(1) or alt.group(2) or "").strip()
            self.current.append(f" [{words}] " if words else "")
        return end

    def block(self, name: str, closing: bool) -> None:
        self.end_line(keep=name == "br")
        if name in _PARAGRAPHS:
            self.blank_line()
        if name == "blockquote":
            self.quote = max(0, self.quote - 1) if closing else self.quote + 1
        elif name == "pre":
            self.pre = max(0, self.pre - 1) if closing else self.pre + 1
        elif name == "li" and not closing:
            self.current.append("- ")

    def end_line(self, *, keep: bool = False) -> None:
        line = "".join(self.current)
        self.current = []
        line = line.rstrip() if self.pre else " ".join(line.split())
        if line:
            self.lines.append(self.prefix() + line)
        elif keep:
            self.lines.append(self.prefix().rstrip())

    def blank_line(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(self.prefix().rstrip())

    def prefix(self) -> str:
        return "> " * min(self.quote, _MAX_QUOTE_DEPTH) if self.quote else ""

    def finish(self) -> PlainText:
        self.end_line()
        while self.lines and not self.lines[-1].strip("> "):
            self.lines.pop()
        lead = 0
        while lead < len(self.lines) and not self.lines[lead]:
            lead += 1
        history = self.history_line
        text = "\n".join(self.lines[lead:]).rstrip("\n")
        return PlainText(text, max(0, history - lead) if history is not None else None)


def _end_in_quotes(html: str, end: int) -> int:
    """The end of a tag whose attribute holds a ">", if its quote closes soon; else where it seemed to end."""
    quote = html.find('"', end, end + 2000)
    if quote < 0:
        return end
    close = html.find(">", quote, quote + 2000)
    between = html.find("<", end, quote)
    return close + 1 if close >= 0 and between < 0 else end
