"""Small words of the desk's templates."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import psycopg
from django import template
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout

from portevoix.actions import presence as presence_actions
from portevoix.domain import answers
from portevoix.store.snippets import OPEN, SHUT
from portevoix.web.database import database
from portevoix.web.desk import marks
from portevoix.web.desk.moments import presets
from portevoix.web.ui import words
from portevoix.web.ui.templatetags.ui import badge, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

register = template.Library()

_SOON = timedelta(hours=2)
_LINK = re.compile(r"\bhttps?://[^\s<>\"«»\x00-\x1f]{3,1900}[^\s<>\"«»\x00-\x1f.,;:!?)\]’']")


@register.simple_tag
def due(row: dict[str, Any], now: datetime) -> SafeString:
    """How an open contact stands to its target, with when it is due; nothing for one that is closed or parked."""
    moment = row.get("due_at")
    if (
        moment is None
        or row.get("closed_at") is not None
        or row.get("state") in (None, "closed", "abandoned", "called-back", "parked")
    ):
        return SafeString("")
    if moment < now:
        look = words.URGENCIES["late"]
        return badge(str(look.word), look.tone, look.icon)
    if moment < now + _SOON:
        look = words.URGENCIES["soon"]
        return badge(str(look.word), look.tone, look.icon)
    return format_html('<span class="due">{} {}</span>', _("à répondre"), when(moment))


@register.filter
def seconds_left(moment: datetime | None, now: datetime) -> int:
    """Whole seconds until then, never below nought."""
    return max(0, int((moment - now).total_seconds())) if moment else 0


@register.filter
def reference(conversation_id: int) -> str:
    """What one quotes on the phone."""
    return answers.reference(conversation_id)


@register.filter
def strip(text: str) -> str:
    """Without blanks around."""
    return text.strip()


@register.filter
def linked(text: str) -> SafeString:
    """Plain text with its web addresses as links that tell the other side nothing."""
    out: list[str] = []
    at = 0
    for match in _LINK.finditer(text):
        out.append(escape(text[at : match.start()]))
        address = escape(match.group())
        out.append(f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>')
        at = match.end()
    out.append(escape(text[at:]))
    return SafeString("".join(out))  # every piece is escaped above


@register.filter
def quoted_part(body: str, new: str) -> str:
    """What of the whole text is not in the new one; the whole where that cannot be told."""
    start = body.find(new.strip()) if new.strip() else -1
    if start < 0:
        return body
    rest = body[:start].strip() + "\n\n" + body[start + len(new.strip()) :].strip()
    return rest.strip() or body


@register.filter
def marked(text: str) -> SafeString:
    """A snippet of the search: escaped, then its marks."""
    return SafeString(escape(text).replace(OPEN, "<mark>").replace(SHUT, "</mark>"))  # escaped first


@register.filter
def wake_presets(now: datetime) -> list[tuple[str, str, datetime]]:
    """When parked work can come back, in words."""
    return presets(now)


@register.filter
def automatic_words(reason: str) -> str:
    """Why a mail counts as a machine's."""
    return marks.automatic(reason)


@register.filter
def quote_head(message: dict[str, Any], language: str) -> str:
    """The line above what a reply quotes, in the language of the line."""
    with translation.override(language or None):
        moment = timezone.localtime(message["at"])
        return _("Le %(day)s à %(clock)s, %(who)s a écrit :") % {
            "day": date_format(moment, "j F Y"),
            "clock": date_format(moment, "H:i"),
            "who": message["who"] or message["sender"],
        }


@register.filter
def form_token(_conversation: Any) -> str:
    """A fresh token for a form: the same one sent twice sends one answer."""
    return uuid.uuid4().hex


@register.simple_tag
def options(pairs: Iterable[tuple[int, str]], asked: Mapping[str, str], name: str) -> SafeString:
    """The options of the select of this name, as the address asks. A template's loop over two hundred advisers takes
    a third of the page's time."""
    chosen = asked.get(name)
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, _SELECTED if str(value) == chosen else "", label) for value, label in pairs),
    )


_SELECTED = SafeString(" selected")


@register.filter
def querystring_of(query: dict[str, str]) -> str:
    """A saved view's address."""
    return urlencode(query)


@register.filter
def state_choices(_nothing: str) -> list[tuple[str, Any]]:
    """The states one can filter by."""
    chosen = ("waiting", "active", "parked", "wrap-up", "closed")
    return [("ouvert", _("Ouvertes")), *((name, words.STATES[name].word) for name in chosen)]


@register.simple_tag(takes_context=True)
def my_presence(context: template.Context) -> str:
    """The presence menu of the header; nothing when the database is away."""
    request = context["request"]
    try:
        with database() as conn:
            state = presence_actions.menu(conn, request.user.pk)
    except (psycopg.OperationalError, PoolTimeout):
        return ""
    return render_to_string("desk/presence.html", {"presence": state}, request=request)
