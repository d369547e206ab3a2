"""Buttons, badges and icons are made once and kept: what is kept must never be shown for something else."""

from __future__ import annotations

from typing import Any

import pytest
from centre_world import World
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

MADE = "<b>piece {}</b>"


@pytest.mark.parametrize("safe_first", [True, False])
def test_text_that_is_safe_never_stands_for_the_same_text_that_is_not(
    sign: Any, world: World, safe_first: bool
) -> None:
    from portevoix.web.ui.templatetags.ui import badge, button

    text = MADE.format(safe_first)
    for make in (badge, button):
        for kind in (SafeString, str) if safe_first else (str, SafeString):
            assert ("<b>" in make(kind(text))) == (kind is SafeString)


def test_each_language_has_its_own(sign: Any, world: World) -> None:
    from portevoix.web.ui.templatetags.ui import button

    label: Any = gettext_lazy("Recherche")
    with translation.override("fr"):
        assert "Recherche" in button(label)
    with translation.override("en"):
        assert "Search" in button(label)
    with translation.override("fr"):
        assert "Recherche" in button(label)
