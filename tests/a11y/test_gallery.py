"""Every component in every state: axe finds nothing, nothing sticks out, targets are large enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from a11y.axe import assert_accessible, assert_fits
from a11y.browser import PASSWORD, Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = ["/ui/", "/ui/bureau", "/compte/preferences", "/compte/mot-de-passe", "/ui/erreur/500", "/nulle-part"]
OPEN_PAGES = ["/compte/connexion?fin=1", "/compte/mot-de-passe/oublie", "/compte/mot-de-passe/envoye"]
SCREENS = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
    # What a window of 1280 x 800 leaves at 400 % zoom.
    "400 %": {"viewport": {"width": 320, "height": 200}, "device_scale_factor": 4, "color_scheme": "dark"},
}
SMALL = """() => [...document.querySelectorAll("a, button, input, select, summary, textarea, label")]
  .filter((one) => one.checkVisibility() && getComputedStyle(one).display !== "inline" && !one.matches("[type=radio], [type=checkbox]"))
  .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24)).map(([html]) => html)"""


@pytest.fixture(scope="module")
def administrator(site: Site, django_module_database: str) -> str:
    from portevoix.web.accounts.models import User

    User.objects.create_user("ada@example.org", PASSWORD, full_name="Ada Roux", role="administrator")
    return "ada@example.org"


@pytest.fixture(scope="module", params=SCREENS, ids=list(SCREENS))
def signed_in(
    request: pytest.FixtureRequest, chromium: Browser, site: Site, administrator: str
) -> Iterator[Page]:
    context = chromium.new_context(locale="fr-FR", **SCREENS[request.param])
    page = context.new_page()
    site.sign_in(page, administrator)
    yield page
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_page_is_accessible(signed_in: Page, site: Site, path: str) -> None:
    signed_in.goto(site.url + path)
    assert_accessible(signed_in)
    assert_fits(signed_in)
    assert signed_in.evaluate(SMALL) == []


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_signed_out_page_is_accessible(page: Page, site: Site, path: str) -> None:
    page.goto(site.url + path)
    assert_accessible(page)
    assert_fits(page)


def test_axe_would_find_a_violation(page: Page, site: Site) -> None:
    page.goto(site.url + "/compte/connexion")
    page.evaluate("document.querySelector('label').remove()")
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)


def test_one_pane_at_a_time_on_a_narrow_screen(page: Page, site: Site, administrator: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    site.sign_in(page, administrator)
    page.goto(site.url + "/ui/bureau")
    expect(page.locator("#pane-conversation")).to_be_visible()
    expect(page.locator("#pane-work")).to_be_hidden()
    page.get_by_role("button", name="Mon travail").press("Enter")
    expect(page.locator("#pane-work")).to_be_visible()
    expect(page.locator("#pane-work")).to_be_focused()
    expect(page.locator("#pane-conversation")).to_be_hidden()
    assert_accessible(page)


def test_shortcuts_help_and_menu_by_keyboard(page: Page, site: Site, administrator: str) -> None:
    site.sign_in(page, administrator)
    page.goto(site.url + "/ui/bureau")
    page.locator("#reply").press("End")
    page.keyboard.type(" ?")
    expect(page.locator("#dialog-shortcuts")).to_be_hidden()
    assert page.locator("#reply").input_value().endswith(" ?")
    page.locator("#pane-conversation").focus()
    page.keyboard.press("?")
    expect(page.locator("#dialog-shortcuts")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.locator("#pane-conversation")).to_be_focused()
    page.keyboard.press("1")
    expect(page.locator("#pane-work")).to_be_focused()
    page.evaluate("document.documentElement.dataset.shortcuts = 'off'")
    page.keyboard.press("2")
    expect(page.locator("#pane-work")).to_be_focused()
    summary = page.locator("#user-menu > summary")
    summary.press("Enter")
    expect(page.get_by_role("link", name="Mes préférences")).to_be_visible()
    # The open menu covers cards of the person's pane until it is closed: those are looked at without it.
    assert_accessible(page, exclude=("#pane-person",))
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()


def test_toast_is_read_out_and_leaves_the_focus_alone(page: Page, site: Site, administrator: str) -> None:
    site.sign_in(page, administrator)
    page.goto(site.url + "/ui/bureau")
    page.locator("#reply").focus()
    page.evaluate(
        "document.body.dispatchEvent(new CustomEvent('pv:toast', {bubbles: true, detail: {text: 'Envoyé', undo: '/x'}}))"
    )
    expect(page.locator("#announce")).to_contain_text("Envoyé")
    expect(page.locator("#toasts").get_by_role("button", name="Annuler")).to_be_visible()
    expect(page.locator("#reply")).to_be_focused()
    assert_accessible(page)


def test_theme_chosen_in_the_menu_is_kept(page: Page, site: Site, administrator: str) -> None:
    site.sign_in(page, administrator)
    page.goto(site.url + "/ui/bureau")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#user-menu > summary").click()
    with page.expect_response("**/compte/theme") as answer:
        page.get_by_label("Sombre").check()
    assert answer.value.status == 204
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
