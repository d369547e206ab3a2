"""Foreign HTML made safe to show: nh3 cleans, and what it keeps loads nothing from afar unless asked for.

Shown besides in a sandboxed frame under a strict content policy: this is the first wall of two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import nh3

_TAGS = frozenset(
    [
        "a",
        "abbr",
        "address",
        "article",
        "aside",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "nav",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_ANYWHERE = {"dir", "lang", "title", "style", "align"}
_CELL = {"align", "valign", "bgcolor", "width", "height", "colspan", "rowspan", "nowrap"}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": _ANYWHERE,
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height"},
    "table": {"bgcolor", "width", "border", "cellpadding", "cellspacing"},
    "td": _CELL,
    "th": _CELL | {"scope"},
    "tr": {"bgcolor", "valign"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "li": {"value"},
    "time": {"datetime"},
}
_STYLES = frozenset(
    [
        "background-color",
        "border",
        "border-bottom",
        "border-collapse",
        "border-color",
        "border-left",
        "border-radius",
        "border-right",
        "border-spacing",
        "border-style",
        "border-top",
        "border-width",
        "color",
        "direction",
        "font-family",
        "font-size",
        "font-style",
        "font-variant",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style-type",
        "margin",
        "margin-bottom",
        "margin-left",
        "margin-right",
        "margin-top",
        "max-width",
        "min-width",
        "padding",
        "padding-bottom",
        "padding-left",
        "padding-right",
        "padding-top",
        "table-layout",
        "text-align",
        "text-decoration",
        "text-indent",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
        "word-break",
        "word-spacing",
        "word-wrap",
    ]
)
# A style value that could load something, run something or hide behind an escape is dropped whole.
_STYLE_RISK = re.compile(
    r"url|image|expression|javascript|behaviou?r|binding|import|[\\@<]|/\*", re.IGNORECASE
)
_SAFE_STYLE = re.compile(r"\s*([a-z-]{1,40})\s*:\s*([^;]{1,300})", re.IGNORECASE)
_REMOTE = ("http:", "https:")
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
MAX_CHARS = 2_000_000
MAX_TAGS = 50_000
_MAX_OPEN = 400  # levels; a tree builder's time grows with the depth

BLOCKED_IMAGE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def safe_html(
    html: str, *, images: bool = False, cid: Callable[[str], str | None] | Mapping[str, str] | None = None
) -> str | None:
    """`html` with nothing in it that runs, sends or loads; None when it is too large or too twisted to clean in
    bounded time, and then the plain text is to be shown.

    `images`: keep pictures from the web (https and http); otherwise each becomes `BLOCKED_IMAGE` with its
    alternative text. `has_remote_images` tells whether to offer loading them.
    `cid`: gives the address under which a picture that came with the mail is served, or None.
    """
    if len(html) > MAX_CHARS or html.count("<") > MAX_TAGS or _too_deep(html):
        return None
    lookup: Callable[[str], str | None] = cid if callable(cid) else (cid or {}).get

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return _safe_style(value)
        if tag == "img" and name == "src":
            return _image(value.strip(), images, lookup)
        if tag == "a" and name == "href":
            return value if _is_link(value) else None
        return value

    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags={
            "script",
            "style",
            "title",
            "template",
            "noembed",
            "noframes",
            "svg",
            "math",
            "iframe",
            "object",
        },
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )


def has_remote_images(html: str) -> bool:
    """Is there a picture from the web, so that offering to load it makes sense? May err on the side of yes."""
    return (
        re.search(r"<img\b[^>]{0,5000}?\bsrc\s{0,3}=\s{0,3}[\"']?\s{0,3}(?:https?:)?//", html, re.IGNORECASE)
        is not None
    )


def _image(source: str, images: bool, lookup: Callable[[str], str | None]) -> str:
    lower = source.lower()
    if lower.startswith("cid:"):
        return lookup(source[4:].strip("<>")) or BLOCKED_IMAGE
    if lower.startswith("data:"):
        return source if _DATA_IMAGE.fullmatch(source) else BLOCKED_IMAGE
    if lower.startswith(_REMOTE):
        return source if images else BLOCKED_IMAGE
    return BLOCKED_IMAGE


def _is_link(value: str) -> bool:
    scheme, colon, _ = "".join(value.split()).lower().partition(":")
    return bool(colon) and scheme in ("http", "https", "mailto", "tel")


def _safe_style(value: str) -> str | None:
    kept = []
    for declaration in value[:5000].split(";"):
        match = _SAFE_STYLE.fullmatch(declaration.rstrip())
        if match and match.group(1).lower() in _STYLES and not _STYLE_RISK.search(match.group(2)):
            kept.append(f"{match.group(1).lower()}: {match.group(2).strip()}")
    return "; ".join(kept) or None


def _too_deep(html: str) -> bool:
    """More elements open at once than any real mail has? Counted over tags, without building a tree."""
    depth = 0
    for match in _OPENINGS.finditer(html):
        if match.group(1):
            depth -= 1
        else:
            depth += 1
            if depth > _MAX_OPEN:
                return True
    return False


# Elements that never hold others, or that close themselves, are not counted.
_OPENINGS = re.compile(
    r"<(/?)(?!(?:br|img|hr|meta|link|input|col|wbr|area|base|source|p|li|td|tr|th|option)\b)[a-zA-Z]",
    re.IGNORECASE,
)
