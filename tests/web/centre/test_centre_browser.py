"""The settings in Chromium: axe finds nothing, nothing sticks out, the week is edited by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace

import pytest
from a11y.axe import assert_accessible, assert_fits
from a11y.browser import Site
from playwright.sync_api import Browser, Page, expect
from settings_world import build

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCREENS = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
}


@pytest.fixture(scope="module")
def centre(site: Site, django_module_database: str) -> SimpleNamespace:
    return build()


@pytest.fixture(params=SCREENS, ids=list(SCREENS))
def tab(
    request: pytest.FixtureRequest, chromium: Browser, site: Site, centre: SimpleNamespace
) -> Iterator[Page]:
    context = chromium.new_context(locale="fr-FR", **SCREENS[request.param])
    opened = context.new_page()
    site.sign_in(opened, "ada@example.org")
    yield opened
    context.close()


@pytest.mark.timeout(900)  # two dozen pages, on a machine that may be busy
def test_every_page_is_accessible_and_fits(tab: Page, site: Site, centre: SimpleNamespace) -> None:
    line = f"lignes/{centre.cpf.pk}"
    pages = [
        "", "lignes", "lignes/nouvelle", line, f"{line}/accuse", f"{line}/horaires", f"{line}/competences", f"{line}/acheminement",
        f"{line}/motifs", f"{line}/motifs/{centre.root.pk}", "portes", "portes/nouvelle", f"portes/{centre.door.pk}",
        "competences", "contrats", "contrats/nouveau", f"contrats/{centre.contract.pk}", f"competences/{centre.skill.pk}", "personnes", "personnes/nouvelle",
        f"personnes/{centre.adviser.pk}", "groupes", "groupes/sites/nouveau", "reponses",
        f"reponses/{centre.answer.pk}", "mis-de-cote/", "historique", "echange",
    ]  # fmt: skip
    for path in pages:
        tab.goto(f"{site.url}/reglages/{path}")
        expect(tab.get_by_role("heading", level=1)).to_be_visible()
        assert_accessible(tab)
        assert_fits(tab)


@pytest.mark.timeout(600)
def test_seasons_mailbox_and_import_are_accessible_and_fit(
    tab: Page, site: Site, centre: SimpleNamespace
) -> None:
    line = f"{site.url}/reglages/lignes/{centre.cpf.pk}"
    centre.cpf.seasons.get_or_create(
        name="Vacances de Noël", first_day=date(2030, 12, 21), last_day=date(2031, 1, 5)
    )

    def look(heading: str) -> None:
        expect(tab.get_by_role("heading", name=heading).first).to_be_visible()
        assert_accessible(tab)
        assert_fits(tab)

    tab.goto(f"{line}/horaires")
    look("Périodes")
    tab.goto(f"{line}/periodes/nouvelle")
    look("La semaine de cette période")
    tab.get_by_role("button", name="Enregistrer la période").click()
    look("Il y a un problème")
    tab.goto(f"{site.url}/reglages/portes/{centre.door.pk}")
    look("Boîte chez un hébergeur (IMAP)")
    wrong, right = (
        {"name": "centre.json", "mimeType": "application/json", "buffer": text.encode()}
        for text in (
            '{"portevoix": 1,\n"lines": [{"slug": "cpf", "time_zone": "Ici"}]}',
            '{"portevoix": 1, "sites": ["Brest"], "lines": [{"slug": "cpf", "sender_name": "Le centre"}]}',
        )
    )
    for given, heading in ((wrong, "rien n’est changé"), (right, "Ce que centre.json changerait")):
        tab.goto(f"{site.url}/reglages/echange")
        tab.get_by_label("Fichier de configuration (.json)").set_input_files(given)
        tab.get_by_role("button", name="Voir ce qui changerait").click()
        look(heading)


def test_a_refused_form_is_accessible_and_leads_to_the_field(
    tab: Page, site: Site, centre: SimpleNamespace
) -> None:
    tab.goto(f"{site.url}/reglages/lignes/nouvelle")
    tab.get_by_role("button", name="Enregistrer").click()
    expect(tab.get_by_role("heading", name="Il y a un problème")).to_be_visible()
    assert_accessible(tab)
    assert_fits(tab)
    tab.get_by_role("link", name="Nom : Remplissez ce champ.").click()
    expect(tab.get_by_label("Nom", exact=True)).to_be_focused()


def test_the_week_by_keyboard(page: Page, site: Site, centre: SimpleNamespace) -> None:
    site.sign_in(page, "ada@example.org")
    page.goto(f"{site.url}/reglages/lignes/{centre.school.pk}/horaires")
    opens = page.get_by_label("Lundi, plage 1, ouvre à")
    opens.focus()
    page.keyboard.type("0800AM")
    page.get_by_label("Lundi, plage 1, ferme à").focus()
    page.keyboard.type("0430PM")
    page.get_by_role("button", name="Copier lundi sur mardi à vendredi").press("Enter")
    expect(page.get_by_text("Les heures du lundi sont recopiées.")).to_be_visible()
    expect(page.get_by_label("Vendredi, plage 1, ferme à")).to_have_value("16:30")
    assert centre.school.hours.count() == 0
    page.get_by_role("button", name="Enregistrer les horaires").press("Enter")
    expect(page.get_by_text("Les horaires sont enregistrés.")).to_be_visible()
    assert centre.school.hours.count() == 5


def test_the_signature_is_previewed_while_typing(page: Page, site: Site, centre: SimpleNamespace) -> None:
    site.sign_in(page, "ada@example.org")
    page.goto(f"{site.url}/reglages/lignes/{centre.cpf.pk}")
    page.get_by_label("Signature").press_sequentially(" – {{ ligne }}")
    expect(page.locator("#reply-preview")).to_contain_text("– CPF")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Les réglages de la ligne sont enregistrés.")).to_be_visible()


def test_the_menu_leads_to_the_settings(page: Page, site: Site, centre: SimpleNamespace) -> None:
    site.sign_in(page, "bob@example.org")
    page.locator("#user-menu summary").click()
    expect(page.get_by_role("link", name="Réglages du centre")).to_have_count(0)
    page.context.clear_cookies()
    site.sign_in(page, "ada@example.org")
    page.locator("#user-menu summary").click()
    page.get_by_role("link", name="Réglages du centre").click()
    expect(page.get_by_role("heading", name="Réglages du centre")).to_be_visible()
