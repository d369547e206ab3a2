"""Components that hold content of their own."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from portevoix.web.ui import words
from portevoix.web.ui.library import register


def _wrap(template_name: str, content: str, **context: Any) -> SafeString:
    # Already escaped by the template that produced it.
    return SafeString(render_to_string(template_name, {"content": SafeString(content), **context}))


@register.simple_block_tag
def dialog(content: str, name: str, title: str, wide: bool = False) -> SafeString:
    """A modal question or form, `{% dialog "transfer" "Transférer" %}...{% enddialog %}`.

    Opened by any button with `data-dialog="transfer"`; the browser keeps the focus inside and gives it back.
    """
    return _wrap("ui/components/dialog.html", content, name=name, title=title, wide=wide)


@register.simple_block_tag
def menu(
    content: str, label: str, icon: str = "chevron-down", side: str = "", compact: bool = False
) -> SafeString:
    """A button that unfolds links and buttons: a disclosure, so Tab walks through it and no arrow keys are needed."""
    return _wrap("ui/components/menu.html", content, label=label, icon=icon, side=side, compact=compact)


@register.simple_block_tag
def datatable(content: str, caption: str, show_caption: bool = False) -> SafeString:
    """A table that scrolls sideways inside itself on a narrow screen; thead and tbody are the content."""
    return _wrap("ui/components/table.html", content, caption=caption, show_caption=show_caption)


@register.simple_block_tag
def pane(content: str, name: str, title: str, tag: str = "section", heading: str = "2") -> SafeString:
    """One of the three panes (`work`, `conversation`, `person`): a named region that scrolls by itself."""
    return _wrap("ui/components/pane.html", content, name=name, title=title, tag=tag, heading=heading)


@register.simple_block_tag
def message(
    content: str,
    way: str,
    author: str = "",
    at: Any = None,
    channel: str = "",
    delivery: str = "",
    lang: str = "",
    anchor: str = "",
) -> SafeString:
    """One message. `way`: in (the client's), out (ours), automatic (the centre's), bounce, note (colleagues
    only), event (what happened; one line, the content is its sentence)."""
    icon = {"note": "sticky-note", "event": "history", "bounce": "mail-x"}.get(way) or words.CHANNELS.get(
        channel, words.Look("mail", "", "neutral")
    ).icon
    return _wrap(
        "ui/components/message.html",
        content,
        way=way,
        author=author,
        at=at,
        icon=icon,
        delivery=delivery,
        lang=lang,
        anchor=anchor,
    )
