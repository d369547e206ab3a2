"""The components, as template tags (loaded everywhere as builtins). How to use them: docs/ui.md."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, cast

from django import template
from django.forms import BoundField
from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.templatetags.static import static
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portevoix.web.ui import blocks, words
from portevoix.web.ui.library import register
from portevoix.web.ui.widgets import described, input_class

# `blocks` registers the components that hold content.
__all__ = ["blocks", "register"]
LIVE_TOKEN = "/live/token"  # noqa: S105 - an address


def attributes(values: Mapping[str, Any]) -> SafeString:
    """HTML attributes from keyword arguments: `hx_get` becomes `hx-get`, `aria_label` becomes `aria-label`.

    True writes the bare name, False and None write nothing, a trailing underscore escapes a Python word.
    """
    shown = {key.rstrip("_").replace("_", "-"): value for key, value in values.items()}
    return format_html_join(
        "",
        "{}",
        (
            (format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value),)
            for name, value in shown.items()
            if value is not False and value is not None
        ),
    )


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of the sprite. Always decoration: the word stands beside it, hence hidden from screen readers."""
    return _icon(static(_SPRITE), name, size)


_SPRITE: Final = "vendor/icons.svg"

# A page holds hundreds of these small pieces and each says the same as on the page before: what they are made of is the
# key, the address of the sprite included (it changes with a release). `typed`: text that is safe already must never
# stand for the same text that is not.


@lru_cache(maxsize=500, typed=True)
def _icon(sprite: str, name: str, size: str) -> SafeString:
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" icon-{size}" if size else "",
        sprite,
        name,
    )


@lru_cache(maxsize=500, typed=True)
def _badge(_sprite: str, text: str, tone: str, icon: str) -> SafeString:
    context = {"text": text, "tone": tone, "icon": icon}
    return SafeString(render_to_string("ui/components/badge.html", context).strip())


@lru_cache(maxsize=1000, typed=True)
def _button(
    _sprite: str, element: str, label: str, icon: str, only_icon: bool, key: str, classes: str, attrs: str
) -> SafeString:
    context = {
        "element": element,
        "label": label,
        "icon": icon,
        "only_icon": only_icon,
        "key": key,
        "classes": classes,
        "attrs": attrs,
    }
    return SafeString(render_to_string("ui/components/button.html", context).strip())


def _text(value: object) -> str:
    """As a string of its own kind: a lazy translation would be another key in another language."""
    return value if isinstance(value, str) else str(value)


@register.simple_tag
def button(label: str, icon: str = "", kind: str = "secondary", href: str = "", **attrs: Any) -> SafeString:
    """A button, or with `href` a link that looks like one. `kind`: primary, secondary, quiet, danger.

    `compact=True` is the smaller one for rows; `only_icon=True` hides the word on screen but keeps it for
    screen readers and as a tooltip; `key="r"` shows and declares the keyboard shortcut.
    """
    classes = f"btn btn-{kind} {attrs.pop('class_', '')}".strip()
    if attrs.pop("compact", False):
        classes += " btn-sm"
    only_icon = attrs.pop("only_icon", False)
    key = attrs.pop("key", "")
    if only_icon:
        classes += " btn-icon"
        attrs["title"] = label
    if key:
        attrs["data_key"] = key
    if href:
        attrs["href"] = href
    else:
        attrs.setdefault("type", "button")
    element = "a" if href else "button"
    label, icon, key = _text(label), _text(icon), _text(key)
    return _button(static(_SPRITE), element, label, icon, bool(only_icon), key, classes, attributes(attrs))


@register.simple_tag
def badge(text: str, tone: str = "neutral", icon: str = "") -> SafeString:
    """A small label: icon and word in a tone."""
    return _badge(static(_SPRITE), _text(text), tone, icon)


def _looked_up(table: Mapping[str, words.Look], key: str) -> SafeString:
    look = table.get(key) or words.Look(words.UNKNOWN, key, "neutral")
    return badge(str(look.word), look.tone, look.icon)


@register.simple_tag
def state(key: str) -> SafeString:
    """A contact's state (`waiting`, `active`, ...)."""
    return _looked_up(words.STATES, key)


@register.simple_tag
def presence(key: str) -> SafeString:
    """A person's presence (`available`, `paused`, `away`, `offline`)."""
    return _looked_up(words.PRESENCES, key)


@register.simple_tag
def delivery(key: str) -> SafeString:
    """What became of a message of ours (`queued`, `sent`, `bounced`, ...)."""
    return _looked_up(words.DELIVERIES, key)


@register.simple_tag
def channel(key: str) -> SafeString:
    """The channel a contact came by."""
    return _looked_up(words.CHANNELS, key)


@register.simple_tag
def urgency(key: str) -> SafeString:
    """How a contact stands to its line's target (`late`, `soon`, `fine`)."""
    return _looked_up(words.URGENCIES, key)


@register.filter
def minutes(seconds: float) -> str:
    """Seconds as minutes, half a minute told as such."""
    if seconds < 60:
        return _("%d s") % seconds
    whole, rest = divmod(int(seconds), 60)
    return _("%(m)d min %(s)02d") % {"m": whole, "s": rest} if rest else _("%d min") % whole


@register.simple_tag
def avatar(name: str, size: str = "") -> SafeString:
    """Initials in a circle; decoration beside the written name. The same name always has the same colour."""
    parts = [part for part in name.replace("-", " ").split() if part[:1].isalpha()]
    initials = (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper() if parts else "?"
    hue = hashlib.blake2b(name.casefold().encode(), digest_size=1).digest()[0] % 6
    extra = f" avatar-{size}" if size else ""
    return format_html('<span class="avatar avatar-{}{}" aria-hidden="true">{}</span>', hue, extra, initials)


@register.simple_tag
def when(moment: dt.datetime | None, now: dt.datetime | None = None) -> SafeString:
    """How long ago, or until; the full date stands in `title` and `datetime`. `now` is for tests."""
    if moment is None:
        return SafeString("")
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    here = timezone.localtime(now) if now else timezone.localtime()
    full = date_format(local, "l j F Y") + " " + date_format(local, "H:i")
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        local.isoformat(),
        full,
        relative(local, here),
    )


def relative(moment: dt.datetime, now: dt.datetime) -> str:
    """The words: minutes and hours within a day, else the date (a date is exact, "il y a 9 jours" is work)."""
    seconds = (now - moment).total_seconds()
    ahead, seconds = seconds < 0, abs(seconds)
    if seconds < 60:
        return _("à l’instant")
    if seconds < 3600:
        minutes = int(seconds // 60)
        pattern = (
            ngettext("dans %d min", "dans %d min", minutes)
            if ahead
            else ngettext("il y a %d min", "il y a %d min", minutes)
        )
        return pattern % minutes
    days = (moment.date() - now.date()).days
    clock = date_format(moment, "H:i")
    if days in (-1, 0, 1):
        pattern = {-1: _("hier à %s"), 0: _("aujourd’hui à %s"), 1: _("demain à %s")}[days]
        return pattern % clock
    return date_format(moment, "j N" if moment.year == now.year else "j N Y")


@register.inclusion_tag("ui/components/empty.html")
def empty(
    title: str, text: str = "", icon: str = "inbox", action: str = "", href: str = ""
) -> dict[str, Any]:
    """What stands where a list has nothing: says why, and the one thing to do."""
    return {"title": title, "text": text, "icon": icon, "action": action, "href": href}


@register.inclusion_tag("ui/components/notice.html")
def notice(text: str, tone: str = "info", title: str = "", live: bool = False) -> dict[str, Any]:
    """A sentence set apart. `live=True` only for one that appears after the page (an error after a click)."""
    return {"text": text, "tone": tone, "title": title, "icon": words.TONES.get(tone, "info"), "live": live}


@register.inclusion_tag("ui/components/field.html")
def field(bound: BoundField, optional: bool = True) -> dict[str, Any]:
    """A form field: label, help, error, control, tied together. Optional ones say so (GOV.UK's way)."""
    kind = input_class(bound)
    return {
        "field": bound,
        "kind": kind,
        "control": described(bound, kind),
        "say_optional": optional and not bound.field.required and kind != "check",
    }


@register.inclusion_tag("ui/components/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """All errors at the head of the form, each a link to its field; takes the focus when the page opens."""
    fields = [(bound, error) for bound in form for error in bound.errors] if form.errors else []
    return {"form": form, "fields": fields}


@register.inclusion_tag("ui/components/tabs.html")
def tabs(label: str, items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Views of one thing, each with its own address. Items: `label`, `href`, `current`, `icon`, `count`."""
    return {"label": label, "items": items}


@register.inclusion_tag("ui/components/breadcrumbs.html")
def breadcrumbs(*pairs: str) -> dict[str, Any]:
    """Label, address, label, address, ..., last label without address."""
    return {"crumbs": list(zip(pairs[::2], [*pairs[1::2], ""], strict=False))}


@register.inclusion_tag("ui/components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Any) -> dict[str, Any]:
    """Pages of Django's Paginator, keeping the other parameters of the address."""
    request = context.get("request")
    kept = request.GET.copy() if request else None
    if kept is not None:
        kept.pop("page", None)
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {
        "page": page,
        "numbers": numbers,
        "query": kept.urlencode() if kept else "",
        "ellipsis": page.paginator.ELLIPSIS,
    }


@register.inclusion_tag("ui/components/shortcut.html")
def shortcut(keys: str) -> dict[str, Any]:
    """Keys as printed on the keyboard; several are pressed one after the other."""
    return {"keys": keys.split()}


@register.simple_tag(takes_context=True)
def include_if(context: template.Context, template_name: str) -> SafeString:
    """A slot of the header: the template if its room brings one, else nothing."""
    try:
        found = get_template(template_name)
    except TemplateDoesNotExist as missing:
        if missing.args[0] != template_name:
            raise
        return SafeString("")
    return SafeString(found.render(cast("dict[str, Any]", context.flatten()), context.get("request")))


@register.simple_tag(takes_context=True)
def live_attributes(context: template.Context) -> SafeString:
    """The body's attributes that open the live connection, once the room that gives tokens is there."""
    try:
        resolve(LIVE_TOKEN)
    except Resolver404:
        return SafeString("")
    return attributes({"data_live": context.get("live_url", ""), "data_live_token": LIVE_TOKEN})
