"""The desk in every state: axe finds nothing, nothing sticks out at 320 px or 400 %, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from centre_world import PASSWORD, World, build, mail
from playwright.sync_api import Browser, Page, expect

from a11y.axe import assert_accessible, assert_fits
from a11y.browser import Site
from portevoix.actions import contacts
from portevoix.store import db

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCREENS = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
    "400 %": {"viewport": {"width": 320, "height": 200}, "device_scale_factor": 4, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def world(site: Site, django_module_database: str) -> Iterator[World]:
    """The small centre with something in every list."""
    with db.connect(django_module_database) as conn:
        made = build(conn)
        made.receive(mail(subject="Absence", Auto_Submitted="auto-replied"))
        for number in range(3):
            made.receive(
                mail(
                    subject=f"Dossier en attente {number}", sender=f"Nom {number} <n{number}@client.example>"
                )
            )
        yield made


@pytest.fixture(scope="module")
def opened(world: World) -> int:
    """A conversation with all that one can hold."""
    files = (("relevé de notes.pdf", "application/pdf", b"x" * 5000),)
    text = "Bonjour,\n\nVoir https://exemple.fr/dossier\n\nLe lun. 3 nov. 2026 à 10:12, Centre <c@centre.example> a écrit :\n> Bonjour\n"
    taken = world.held_by(
        "alice", mail(text=text, html="<p>Bonjour</p>", files=files, message_id="<tout@client.example>")
    )
    world.receive(
        mail(
            sender="Autre <autre@client.example>", In_Reply_To="<tout@client.example>", text="Je suis sa mère"
        )
    )
    calendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Entretien\r\nDTSTART:20261202T130000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    meeting = (("invitation.ics", "text/calendar", calendar.encode()),)
    world.receive(
        mail(In_Reply_To="<tout@client.example>", text="Une date", files=meeting, Importance="high")
    )
    sealed = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
    world.receive(mail(In_Reply_To="<tout@client.example>", text=sealed))
    offered = world.receive(mail(subject="Proposée"))
    world.offer("alice", offered.contact_id)
    world.conn.execute("update seat set expires_at = now() + interval '1 hour' where state = 'offered'")
    return int(taken.conversation_id)


@pytest.fixture(scope="module", params=SCREENS, ids=list(SCREENS))
def signed_in(
    request: pytest.FixtureRequest, chromium: Browser, site: Site, world: World, opened: int
) -> Iterator[Page]:
    """Alice at her desk on such a screen."""
    context = chromium.new_context(locale="fr-FR", **SCREENS[request.param])
    page = context.new_page()
    site.sign_in(page, "alice@centre.example", PASSWORD)
    yield page
    context.close()


@pytest.mark.parametrize(
    "path", ["/bureau/liste/travail/", "/bureau/liste/attente/", "/bureau/liste/toutes/", "/bureau/liste/automatiques/",
             "/recherche/", "/recherche/?q=dossier&etat=ouvert", "/recherche/?q=zzzz"],
)  # fmt: skip
def test_pages(signed_in: Page, site: Site, path: str) -> None:
    signed_in.goto(site.url + path)
    assert_accessible(signed_in)
    assert_fits(signed_in)


def test_conversation_and_every_dialog(signed_in: Page, site: Site, opened: int) -> None:
    signed_in.goto(f"{site.url}/bureau/c/{opened}/")
    for summary in signed_in.locator("#thread details > summary").all():
        summary.click()
    assert_accessible(signed_in, exclude=("iframe",))
    assert_fits(signed_in)
    for name in (
        "subject",
        "transfer",
        "park",
        "close",
        "answers",
        "send-close",
        "merge",
        "split",
        "rename",
        "shortcuts",
    ):
        signed_in.evaluate("name => document.querySelector(`[data-dialog=${name}]`).click()", name)
        expect(signed_in.locator(f"#dialog-{name} :is(input, select, dt, .empty)").first).to_be_attached()
        assert_accessible(signed_in, exclude=("iframe",))
        assert_fits(signed_in)
        signed_in.evaluate("name => document.getElementById(`dialog-${name}`).close()", name)
    signed_in.evaluate("document.getElementById('tab-note').click()")
    assert_accessible(signed_in, exclude=("iframe",))


def test_print_and_person(signed_in: Page, site: Site, opened: int, world: World) -> None:
    signed_in.goto(f"{site.url}/bureau/c/{opened}/imprimer")
    assert_accessible(signed_in)
    assert_fits(signed_in)
    row = world.conn.execute("select person_id from conversation where id = %s", [opened]).fetchone()
    assert row
    signed_in.goto(f"{site.url}/bureau/p/{row['person_id']}/")
    assert_accessible(signed_in)
    assert_fits(signed_in)


@pytest.mark.parametrize(
    "act", ["transferer", "attendre", "motif", "clore", "fusionner", "scinder", "renommer"]
)
def test_each_act_as_a_page(signed_in: Page, site: Site, opened: int, act: str) -> None:
    signed_in.goto(f"{site.url}/bureau/c/{opened}/faire?quoi={act}")
    assert_accessible(signed_in)
    assert_fits(signed_in)


def test_concluding(signed_in: Page, site: Site, world: World) -> None:
    taken = world.held_by("alice", mail(subject="À conclure"))
    contacts.wrap_up(world.conn, taken.contact_id, world.accounts["alice"].pk, datetime.now(UTC))
    signed_in.goto(f"{site.url}/bureau/c/{taken.conversation_id}/")
    assert_accessible(signed_in)
    assert_fits(signed_in)
