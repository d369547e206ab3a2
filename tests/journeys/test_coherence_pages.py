"""Coherence and the reading of answers, as a supervisor, an outsourcer's manager and an adviser meet them in Chromium."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from a11y.axe import assert_accessible, assert_fits
from a11y.browser import Site
from centre_world import PASSWORD, World, build
from playwright.sync_api import Browser, Page, expect

from portevoix.store import db

sys.path.append(str(Path(__file__).resolve().parents[1] / "web" / "floor"))
from coherence_world import people, worked

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCREENS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
}
PAGE = "/plateau/coherence/"


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    with db.connect(django_module_database) as conn:
        made = build(conn)
        people(made)
        worked(made, "alice", 400)
        worked(made, "alice", 120, subject="Pièce manquante", typical=900)
        worked(made, "bob", 30, line="cpf", subject=None)
        worked(made, "charlie", 300, in_target=0.7, typical=450)
        worked(made, "charlie", 90, subject="Pièce manquante", typical=870, transferred=0.3)
        worked(made, "rita", 200)
        yield made


def look(page: Page, name: str) -> None:
    """A picture, where somebody wants to look (PORTEVOIX_LOOK names the folder)."""
    if folder := os.environ.get("PORTEVOIX_LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture(params=list(SCREENS))
def screen(request: pytest.FixtureRequest, chromium: Browser, site: Site, world: World) -> Iterator[Page]:
    context = chromium.new_context(locale="fr-FR", **SCREENS[request.param])
    page = context.new_page()
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.name_of_screen = request.param.replace(" ", "")  # type: ignore[attr-defined]
    yield page
    context.close()


@pytest.mark.parametrize("path", ["", "contacts?qui=maison", "reponses/", "reponses/{answer}"])
def test_every_page_is_accessible_and_fits(screen: Page, site: Site, path: str, world: World) -> None:
    from portevoix.web.records.models import SavedAnswer

    screen.goto(site.url + PAGE + path.format(answer=SavedAnswer.objects.get().pk))
    expect(screen.get_by_role("heading", level=1)).to_be_visible()
    for line in screen.locator("details.co-line:not([open]) > summary").all():
        line.click()
    assert_accessible(screen)
    assert_fits(screen)
    look(
        screen,
        f"coherence-{path.split('?', maxsplit=1)[0].strip('/').replace('/', '-') or 'page'}-{screen.name_of_screen}",
    )  # type: ignore[attr-defined]


def test_from_a_flagged_difference_to_the_conversation(page: Page, site: Site, world: World) -> None:
    """Sophie sees that Prestataire answers late on a subject, looks at which, and opens one."""
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.get_by_text("Sophie Garnier").first.click()
    page.get_by_role("link", name="Cohérence entre organisations").click()
    expect(page.get_by_role("heading", name="Écarts avec l’interne")).to_be_visible()
    numbers = page.get_by_role("table", name="Les mêmes écarts en chiffres")
    late = numbers.get_by_role("row").filter(has_text="Répondu dans le délai").filter(has_text="Prestataire")
    expect(late).to_contain_text("Écart réel : moins bien")
    expect(
        numbers.get_by_role("row").filter(has_text="Rivage").filter(has_text="Écart réel :")
    ).to_have_count(0)
    overview = page.get_by_role("table", name="Ce que chacun a traité")
    overview.get_by_role("row").filter(has_text="Prestataire").get_by_role("link").nth(1).click()
    expect(page.get_by_role("heading", name="Contacts répondus hors délai")).to_be_visible()
    expect(page.get_by_text("Répondu hors délai").first).to_be_visible()
    page.get_by_role("link", name="Contacts plus anciens").click()
    first = page.get_by_role("link", name="PV-").first
    reference = first.inner_text()
    first.click()
    page.wait_for_url("**/bureau/c/**")
    expect(page.get_by_text(reference).first).to_be_visible()


def test_the_manager_of_an_outsourcer_finds_no_way_to_the_others(
    page: Page, site: Site, world: World
) -> None:
    site.sign_in(page, "manon@centre.example", PASSWORD)
    page.goto(site.url + PAGE)
    expect(page.get_by_role("rowheader", name="Prestataire")).to_be_visible()
    main = page.locator("main")
    for name in ("Rivage", "Interne", "CPF"):
        expect(main).not_to_contain_text(name)
    assert_accessible(page)
    mine = str(world.accounts["manon"].organisation_id)
    links = [link.get_attribute("href") or "" for link in main.get_by_role("link").all()]
    behind = [link for link in links if "contacts?" in link]
    assert behind
    assert all(f"qui={mine}" in link.replace("&", "?").split("?") for link in behind)
    for foreign in ("maison", str(world.accounts["noe"].organisation_id)):
        answer = page.goto(f"{site.url}{PAGE}contacts?qui={foreign}")
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_text("Ces chiffres ne vous sont pas ouverts")).to_be_visible()


def test_on_paper_it_says_which_period_and_shows_no_tools(page: Page, site: Site, world: World) -> None:
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.goto(site.url + PAGE + "?du=2026-01-01&au=2026-12-31")
    expect(page.get_by_text("Cohérence du 1 janvier 2026 au 31 décembre 2026")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.get_by_text("Cohérence du 1 janvier 2026 au 31 décembre 2026")).to_be_visible()
    expect(page.get_by_role("table", name="Ce que chacun a traité")).to_be_visible()
    expect(page.locator(".co-charts")).to_be_visible()
    for tool in (page.locator("form.co-period"), page.get_by_role("link", name="Tableur (CSV)")):
        expect(tool).to_be_hidden()
    page.set_viewport_size({"width": 794, "height": 1123})  # A4
    assert_fits(page)
    expect(page.get_by_role("table", name="CPF")).to_be_visible()  # what is folded on the screen too
    look(page, "coherence-paper")


def test_a_period_is_chosen_by_keyboard(page: Page, site: Site, world: World) -> None:
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.goto(site.url + PAGE)
    page.get_by_label("Du", exact=True).fill("2024-03-01")
    page.get_by_label("Au", exact=True).fill("2024-03-31")
    page.get_by_label("Au", exact=True).press("Enter")
    expect(page.get_by_text("Rien n’a été traité dans cette période")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="7 derniers jours").press("Enter")
    expect(page.get_by_role("heading", name="Vue d’ensemble")).to_be_visible()


def test_an_adviser_reads_changed_answers_by_keyboard(page: Page, site: Site, world: World) -> None:
    from portevoix.web.records.models import SavedAnswer

    SavedAnswer.objects.create(
        line=world.lines["inscription"], title="Délai d’inscription", body="Sous dix jours."
    )
    site.sign_in(page, "alice@centre.example", PASSWORD)
    page.goto(site.url + "/bureau/liste/travail/")
    page.get_by_role("link", name="2 réponses nouvelles ou modifiées à lire").press("Enter")
    expect(page.get_by_role("heading", name="Délai d’inscription")).to_be_visible()
    assert_accessible(page)
    look(page, "reading")
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme="dark")
    assert_accessible(page)
    assert_fits(page)
    look(page, "reading-320px-dark")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name="Délai d’inscription")).to_have_count(0)
    expect(page.get_by_role("heading", name="Pièce reçue")).to_be_visible()
    page.keyboard.press("v")
    expect(page.get_by_text("Tout est lu")).to_be_visible()
    assert_accessible(page)
