"""What a mail carries beside its text is told: meetings, seals, urgency; and where one's work begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from centre_world import World, mail

from portevoix.actions.intake import put_aside
from portevoix.web.desk import marks

CALENDAR = (
    "BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nSUMMARY:Entretien\r\nDTSTART;TZID=Europe/Paris:20261202T140000\r\n"
    "DTEND;TZID=Europe/Paris:20261202T153000\r\nLOCATION:Salle B12\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture(autouse=True)
def _french(world: World) -> Any:
    """The sentences in French; ``world`` has set Django up."""
    from django.utils import translation

    assert world
    with translation.override("fr"):
        yield


def shown(sign: Any, taken: Any) -> str:
    return str(sign("alice").get(f"/bureau/c/{taken.conversation_id}/").content.decode())


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("20261202T140000", "20261202T150000", "mercredi 2 décembre 2026, de 14:00 à 15:00"),
        ("20261202T130000Z", "20261202T140000Z", "mercredi 2 décembre 2026, de 14:00 à 15:00"),
        (
            "20261202T230000",
            "20261203T010000",
            "du mercredi 2 décembre 2026 à 23:00 au jeudi 3 décembre 2026 à 01:00",
        ),
        ("20261202", "20261203", "mercredi 2 décembre 2026"),
        ("20261202T140000", "", "mercredi 2 décembre 2026 à 14:00"),
        ("demain", "", "demain"),
        ("", "", ""),
    ],
)
def test_when_a_meeting_is(start: str, end: str, said: str) -> None:
    (found,) = marks.meetings({"meetings": [{"start": start, "end": end}]})
    assert found.when == said
    assert found.title == "(sans titre)"


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("REQUEST", "Invitation à un rendez-vous"),
        ("CANCEL", "Rendez-vous annulé"),
        ("REPLY", "Réponse à une invitation"),
    ],
)
def test_a_calendar_part_is_told(sign: Any, world: World, method: str, what: str) -> None:
    part = ("invite.ics", "text/calendar", CALENDAR.format(method=method).encode())
    page = shown(sign, world.held_by("alice", mail(files=(part,))))
    for words in (what, "Entretien", "mercredi 2 décembre 2026, de 14:00 à 15:30", "Salle B12", "invite.ics"):
        assert words in page, words


def test_a_seal_is_told(sign: Any, world: World) -> None:
    text = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
    page = shown(sign, world.held_by("alice", mail(text=text)))
    assert "Ce message est chiffré (PGP) : il n’est pas lisible ici." in page
    assert "original.eml" in page
    assert marks.seal({"signed": "smime"})[1].startswith(
        "Ce message porte une signature électronique (S/MIME)"
    )
    assert marks.seal({}) == ("", "")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("auto-submitted: auto-replied", "Réponse automatique"),
        ("x-autoreply", "Réponse automatique"),
        ("vacation-subject", "Réponse automatique"),
        ("precedence: auto_reply", "Réponse automatique"),
        ("precedence: bulk", "Liste ou envoi en nombre"),
        ("list-id", "Liste ou envoi en nombre"),
        ("auto-submitted: auto-generated", "Avis d’une machine"),
        ("null-return-path", "Avis d’une machine"),
        ("report: disposition-notification", "Avis de remise ou de lecture"),
        ("bounce", "Avis de non-remise"),
        ("loop", "Vient de nous-mêmes"),
    ],
)
def test_why_a_mail_is_a_machines(reason: str, said: str) -> None:
    assert marks.automatic(reason) == said


def test_the_list_of_machines_mails_says_why(sign: Any, world: World) -> None:
    world.receive(mail(subject="Je suis absente", Auto_Submitted="auto-replied"))
    page = sign("alice").get("/bureau/liste/automatiques/").content.decode()
    assert "Réponse automatique" in page
    assert "auto-submitted" not in page


def test_the_senders_urgency_is_told(sign: Any, world: World) -> None:
    assert "Urgent selon l’expéditeur" in shown(sign, world.held_by("alice", mail(Importance="high")))
    assert "Non urgent selon l’expéditeur" in shown(sign, world.held_by("alice", mail(Importance="low")))
    assert "selon l’expéditeur" not in shown(sign, world.held_by("alice"))


def test_a_mail_set_aside_is_tried_again_from_the_desk(sign: Any, world: World) -> None:
    door = world.conn.execute("select id from door where address = 'inscription@centre.example'").fetchone()
    assert door
    raw = mail(subject="Remise en route")
    aside = put_aside(
        world.conn, raw=raw, door_id=door["id"], sender="x@client.example", recipient="inscription@centre.example",
        reason="erreur passagère", at=datetime.now(UTC),
    ).set_aside_id  # fmt: skip
    there = f"/bureau/mis-de-cote/{aside}/reessayer"
    for who in ("alice", "charlie"):
        assert sign(who).post(there).status_code == 404
    assert there in sign("sophie").get("/bureau/liste/mis-de-cote/").content.decode()
    page = sign("sophie").post(there, follow=True).content.decode()
    assert "Le courriel est pris : il est dans la conversation PV-" in page
    assert there not in page
    assert "déjà été traité" in sign("sophie").post(there, follow=True).content.decode()


def test_each_begins_where_their_work_is(sign: Any, world: World) -> None:
    world.receive(mail(subject="Elle attend"))
    assert sign("admin").get("/bureau/")["Location"] == "/reglages/"
    page = sign("sophie").get("/bureau/").content.decode()
    assert "Ce qui attend, ligne par ligne" in page
    assert "Elle attend" in page
    mine = sign("alice").get("/bureau/").content.decode()
    assert "Ce qui attend, ligne par ligne" not in mine
    assert "Elle attend" not in mine
