"""The floor in Chromium: looked at in light, dark and 320 px; a line is paused and somebody moved by keyboard alone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from a11y.axe import assert_accessible, assert_fits
from a11y.browser import Site
from centre_world import PASSWORD, World, build, mail
from playwright.sync_api import Browser, Page, expect

from portevoix.actions import access, floor, floor_acts, presence
from portevoix.store import db

sys.path.append(str(Path(__file__).resolve().parents[1] / "web" / "floor"))
from coherence_world import people, worked

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCREENS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
}


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    with db.connect(django_module_database) as conn:
        made = build(conn)
        people(made)
        worked(made, "alice", 60)
        for number in range(3):
            taken = made.receive(mail(sender=f"P{number} <p{number}@client.example>"))
        conn.execute(
            "update contact set due_at = now() - interval '1 hour' where id = %s", [taken.contact_id]
        )
        made.held_by("eve", mail(sender="Léa <lea@client.example>"))
        before = made.receive(mail(sender="Ancien <ancien@client.example>"))
        conn.execute(
            "update contact set received_at = now() - interval '9 days' where id = %s", [before.contact_id]
        )
        conn.execute("insert into skill (slug, name) values ('lsf', 'Langue des signes'), ('cpf', 'CPF')")
        who = access.actor(conn, made.accounts["sophie"].pk)
        until, now = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC)
        (lsf, _) = conn.execute("select id from skill order by slug desc").fetchall()
        floor_acts.lend_skill(conn, who, made.accounts["eve"].pk, lsf["id"], 3, until, now)
        floor_acts.say(
            conn, who, "Le dossier est en panne jusqu’à 15 h.", "tous", "Tout le monde", until, now
        )
        from portevoix.web.records.models import Contract

        Contract.objects.create(organisation=made.accounts["charlie"].organisation, share=40)
        presence.set_state(conn, made.accounts["bob"].pk, "paused", "déjeuner", datetime.now(UTC))
        floor.watch(conn, datetime.now(UTC))
        studied(conn, made)
        yield made


def studied(conn: Any, made: World) -> None:
    """A study that is done, and one that waits."""
    figures = {
        "before": 0.82, "before_half": 0.01, "after": 0.91, "after_half": 0.01, "difference": 0.09, "half": 0.018, "real": True,
    }  # fmt: skip
    wait = {**figures, "before": 95.0, "after": 41.0, "difference": -54.0}
    names = ("service_level", "abandonment", "wait_p95_s", "offered")
    row = {"name": "all", "figures": {**dict.fromkeys(names, figures), "wait_s": wait}}
    line = {**row, "name": "x", "line": "inscription", "channel": "phone", "target_s": 20}
    result = {"runs": 10, "rows": [row, line], "staff": {"occupancy": figures}}
    changes = [{"what": "people", "where": "inscription", "number": 2}]
    for state, told in (("done", json.dumps(result)), ("waiting", None)):
        conn.execute(
            "insert into whatif (account_id, at, since, until, changes, state, result) values (%s, now(), now() - interval '9 days',"
            " now() - interval '2 days', %s, %s, %s)",
            [made.accounts["sophie"].pk, json.dumps(changes), state, told],
        )


def look(page: Page, name: str) -> None:
    """A picture, where somebody wants to look (PORTEVOIX_LOOK names the folder)."""
    if folder := os.environ.get("PORTEVOIX_LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("screen", list(SCREENS))
def test_every_page_is_accessible_and_fits(chromium: Browser, site: Site, world: World, screen: str) -> None:
    context = chromium.new_context(locale="fr-FR", **SCREENS[screen])
    page = context.new_page()
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    for name, path in {"board": "", "wall": "mur", "alarms": "alarmes", "hours": "heures", "words": "messages", "whatif": "et-si/", "study": "et-si/1", "asks": "et-si/2",
                       "queue": f"lignes/{world.lines['inscription'].pk}/attente", "person": f"personnes/{world.accounts['eve'].pk}"}.items():  # fmt: skip
        page.goto(f"{site.url}/plateau/{path}")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert_accessible(page)
        assert_fits(page)
        look(page, f"floor-{name}-{screen.replace(' ', '')}")
    context.close()


def focused(page: Page, name: str, presses: int = 200) -> None:
    """Tab until something of that name has the focus."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''")
            .strip()
            .startswith(name)
        ):
            return
    pytest.fail(f"{name} cannot be reached")


def test_a_line_is_paused_and_taken_up_again_by_keyboard(page: Page, site: Site, world: World) -> None:
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.goto(f"{site.url}/plateau/")
    focused(page, "Mettre en pause")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("panne")
    focused(page, "Mettre en pause", 5)
    page.keyboard.press("Enter")
    expect(page.get_by_text("La ligne est en pause")).to_be_visible()
    expect(page.locator("#board")).to_contain_text("panne")
    focused(page, "Reprendre")
    page.keyboard.press("Enter")
    expect(page.get_by_text("La ligne est reprise")).to_be_visible()


def test_somebody_is_put_on_a_line(page: Page, site: Site, world: World) -> None:
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.goto(f"{site.url}/plateau/")
    page.get_by_role("link", name="Bob Petit").click()
    page.get_by_role("button", name="Mettre sur cette ligne : Inscription").click()
    expect(page.get_by_text("répond maintenant aussi à cette ligne")).to_be_visible()
    expect(page.get_by_role("button", name="Retirer : Inscription")).to_be_visible()


def test_the_board_is_painted_anew_when_something_happens(page: Page, site: Site, world: World) -> None:
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.goto(f"{site.url}/plateau/")
    expect(page.locator("#board")).not_to_contain_text("Alice Martin")
    presence.set_state(world.conn, world.accounts["alice"].pk, "available", "", datetime.now(UTC))
    page.evaluate("document.body.dispatchEvent(new CustomEvent('pv:presence-changed', {bubbles: true}))")
    expect(page.locator("#board")).to_contain_text("Alice Martin")


def test_a_word_is_written_read_and_its_reading_seen_by_keyboard(
    chromium: Browser, page: Page, site: Site, world: World
) -> None:
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.goto(f"{site.url}/plateau/messages")
    page.get_by_label("Message", exact=True).focus()
    page.keyboard.type("Réunion à 15 h")
    page.get_by_label("Pour", exact=True).select_option("tous")
    focused(page, "Envoyer", 5)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Vous voyez ici qui l’a lu")).to_be_visible()
    context = chromium.new_context(locale="fr-FR", viewport={"width": 320, "height": 640})
    desk = context.new_page()
    site.sign_in(desk, "bob@centre.example", PASSWORD)
    desk.goto(f"{site.url}/bureau/")
    word = desk.locator(".team-word").filter(has_text="Réunion à 15 h")
    expect(word).to_contain_text("Sophie Garnier")
    assert_accessible(desk)
    assert_fits(desk)
    look(desk, "floor-word-desk")
    word.get_by_role("button", name="J’ai lu").press("Enter")
    expect(word).to_have_count(0)
    context.close()
    page.reload()
    expect(page.get_by_text("Lu par 1 sur").first).to_be_visible()


def test_a_waiting_contact_is_given_to_somebody_by_keyboard(page: Page, site: Site, world: World) -> None:
    site.sign_in(page, "sophie@centre.example", PASSWORD)
    page.goto(f"{site.url}/plateau/")
    page.get_by_role("link", name="Inscription").first.press("Enter")
    page.get_by_role("checkbox").first.press("Space")
    page.get_by_label("Confier à").select_option(str(world.accounts["alice"].pk))
    focused(page, "Confier", 200)
    page.keyboard.press("Enter")
    expect(page.get_by_text("C’est confié")).to_be_visible()
