"""Numbers of the floor in words."""

from __future__ import annotations

from django import template
from django.utils import translation

register = template.Library()


def _decimal(value: float, pattern: str) -> str:
    text = format(value, pattern).replace("-", "−")
    return text.replace(".", ",") if (translation.get_language() or "fr").startswith("fr") else text


@register.filter
def share(value: float | None) -> str:
    """A part of one in percent: ``82,1 %``."""
    return "–" if value is None else f"{_decimal(100 * value, '.1f')} %"


@register.filter
def points(value: float | None) -> str:
    """A difference of two parts, with its sign: ``+8,9``."""
    return "–" if value is None else _decimal(100 * value, "+.1f")


@register.filter
def points_half(value: float | None) -> str:
    """How far it may be off: ``1,8``."""
    return "–" if value is None else _decimal(100 * value, ".1f")


@register.filter
def waited(seconds: float | None) -> str:
    """A mean wait: seconds, minutes or hours."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{_decimal(seconds, '.0f')} s"
    if seconds < 7200:
        return f"{_decimal(seconds / 60, '.1f')} min"
    return f"{_decimal(seconds / 3600, '.1f')} h"
